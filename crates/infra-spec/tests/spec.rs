//! The whole crate from outside: wrong files with their errors, valid files, overlays, secrets, schema, random input.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail by panicking, like tests")]

mod suite;
