//! CustomResourceDefinitions and the objects of their kinds.

mod definition;

pub use definition::{CustomResource, conditions, decode, version_order};
