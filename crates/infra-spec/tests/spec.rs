//! The whole crate from outside: wrong files with their errors, valid files, overlays, secrets, schema, random input.

mod suite;
