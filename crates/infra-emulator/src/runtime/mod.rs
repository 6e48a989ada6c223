//! What all emulators stand on: the world directory, seeded names, the request journal, scripted faults and the listener.
//!
//! One directory is one world. Everything that exists in it is in files there, so that a world can be stopped, looked at from
//! outside and taken up again.

mod dates;
mod emulator;
mod error;
mod fault_script;
mod faults;
mod front;
mod gate;
mod journal;
mod lone_cluster;
mod ports;
mod seed;
mod show;
mod world;

pub use emulator::{
    ApiEndpoint, ClusterEndpoint, Emulator, EmulatorOptions, Endpoints, Ports, RegistryEndpoint,
    ServeOnly,
};
pub use error::EmulatorError;
pub use fault_script::{
    CreateFault, FaultAction, FaultMatch, FaultRule, FaultScript, ImageFault, ImageFaultAnswer,
    KubernetesFaults, Quotas,
};
pub use journal::RequestRecord;
pub use show::show;
pub use world::World;

pub(crate) use dates::Dates;
pub(crate) use faults::Faults;
pub(crate) use front::{Front, Service, json_response};
pub(crate) use gate::{Face, Takes};
pub(crate) use seed::Seed;
pub(crate) use world::{read_json, write_json, write_private};
