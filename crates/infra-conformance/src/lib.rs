//! The trials that every provider and every store must pass.
//!
//! A provider's test describes a [`Suite`]: a file with one resource of each kind, and how to connect to the emulated cloud. [`run_all`] runs the
//! contract rules P-01 to P-12 as trials on copies of prepared worlds, through the real engine, and gives a [`Report`]. [`run_stores`]
//! does the same for the state's stores.

mod census;
mod failure;
mod harness;
mod prepare;
mod proxy;
mod report;
mod stores;
mod suite;
mod trials;
mod world;

pub use harness::run_all;
pub use report::Report;
pub use stores::run_stores;
pub use suite::{Case, Connect, Suite};
