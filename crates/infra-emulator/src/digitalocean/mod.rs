//! The DigitalOcean API, version 2, over plain HTTP on loopback.
//!
//! Decodes the wire by itself after the official API description; transitions follow world time and the seed of the world.
//! What is covered and what never will be is in the README of this folder.

mod account;
mod actions;
mod call;
mod catalogue;
mod certificates;
mod clusters;
mod context;
mod control_planes;
mod droplets;
mod effects;
mod events;
mod fields;
mod load_balancers;
mod paging;
mod projects;
mod pull_secrets;
mod rate_limit;
mod registries;
mod reply;
mod reserved_ips;
mod routes;
mod server;
mod service;
mod show;
mod snapshots;
mod spaces_keys;
mod state;
mod surroundings;
mod tags;
mod volumes;
mod vpcs;

pub(crate) use server::Server;
pub(crate) use service::{DigitalOcean, FILE};
pub(crate) use show::show;
