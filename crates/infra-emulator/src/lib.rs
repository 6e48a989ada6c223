//! Emulated clouds: DigitalOcean, a registry and the Kubernetes API, with faults and a clock.
//!
//! Everything here decodes the wire by itself and imports no client of the project, so that a misunderstanding of a client cannot
//! cancel itself out.

mod digitalocean;
pub mod kubernetes;
mod registry;
pub mod runtime;
pub mod surroundings;

pub use runtime::{
    CreateFault, Emulator, EmulatorError, EmulatorOptions, FaultAction, FaultMatch, FaultRule,
    FaultScript, ImageFault, ImageFaultAnswer, KubernetesFaults, Ports, Quotas, RequestRecord,
    ServeOnly, World, show,
};
