//! The shape of objects: structural schemas of built-in kinds and of CustomResourceDefinitions.

mod model;

pub use model::{ListType, MapType, Scalar, Schema, Shape};
