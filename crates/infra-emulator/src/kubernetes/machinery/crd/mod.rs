//! CustomResourceDefinitions and the objects of their kinds.

mod definition;

pub use definition::{
    CustomResource, conditions, decode, validate, validate_definition, version_order,
};
