//! The state store: lease, journal, snapshots and secrets.
