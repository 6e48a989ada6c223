//! The trials that every provider and every store must pass.
