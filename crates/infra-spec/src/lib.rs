//! The user's file: types, source spans, overlays, validation and schema.
//!
//! [`load`] turns the `-f` files into a checked [`Spec`] or into all the [`SpecErrors`] they hold, each with file, line,
//! column and a next step. The crate reads no file and no variable by itself: [`FileReader`] and [`Environment`] are
//! handed in. [`json_schema`] describes the same file for editors, [`starter`] writes a first one.

mod error;
mod inputs;
mod load;
pub mod model;
mod node;
mod quantity;
mod read;
mod schema;
mod secret;
mod source;
mod starter;
mod suggest;
mod text;

pub use error::{Code, Severity, SpecError, SpecErrors};
pub use inputs::{Environment, FileReader};
pub use load::{InputDigest, LoadOptions, Loaded, load};
pub use model::Spec;
pub use node::{Entry, Map, Node, NodeValue};
pub use quantity::{Bytes, Cpus, format_duration, parse_duration};
pub use schema::json_schema;
pub use secret::{Provenance, Secret};
pub use source::{Location, Sources};
pub use starter::starter;
pub use text::Text;
