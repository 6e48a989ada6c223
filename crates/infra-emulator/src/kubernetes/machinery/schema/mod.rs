//! The shape of objects: structural schemas of built-in kinds and of CustomResourceDefinitions, and decoding by them.

mod builtin;
mod facts;
mod model;
mod normalise;
mod open_api;
mod quantity;

pub(crate) use builtin::Builder;
pub use model::{Field, ListType, MapType, PatchStrategy, Presence, Scalar, Schema, Shape};
pub(crate) use normalise::time_text;
pub use normalise::{Decoded, decode, normalise};
pub(crate) use open_api::with_extensions;
pub use quantity::Quantity;
