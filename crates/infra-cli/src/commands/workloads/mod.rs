//! Commands that speak to what runs in a cluster.

mod exec;
mod forward;
mod logs;
mod ports;
mod target;
mod terminal;
mod test;

pub(crate) use exec::run as exec;
pub(crate) use forward::run as forward;
pub(crate) use logs::run as logs;
pub(crate) use ports::PortPair;
pub(crate) use test::run as test;
