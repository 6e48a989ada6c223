//! Emulated clouds: DigitalOcean, a registry and the Kubernetes API, with faults and a clock.
//!
//! Everything here decodes the wire by itself and imports no client of the project, so that a misunderstanding of a client cannot
//! cancel itself out.

pub mod kubernetes;
pub mod surroundings;
