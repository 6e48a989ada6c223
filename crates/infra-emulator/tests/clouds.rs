//! The emulated clouds as clients meet them: over HTTP, in a world whose clock jumps.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on shall panic")]

#[path = "clouds/account.rs"]
mod account;
#[path = "clouds/clusters.rs"]
mod clusters;
#[path = "clouds/faults.rs"]
mod faults;
#[path = "clouds/kubernetes.rs"]
mod kubernetes;
#[path = "clouds/network.rs"]
mod network;
#[path = "clouds/official_client.rs"]
mod official_client;
#[path = "clouds/random.rs"]
mod random;
#[path = "clouds/registries.rs"]
mod registries;
#[path = "clouds/registry.rs"]
mod registry;
#[path = "clouds/storage.rs"]
mod storage;
#[path = "clouds/world.rs"]
mod world;

#[path = "clouds/client.rs"]
mod client;
