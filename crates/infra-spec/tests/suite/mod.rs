//! One module per subject, so that all tests are one binary.

mod decode;
mod overlays;
mod random;
mod schema;
mod secrets;
mod support;
mod valid;
mod wrong;
