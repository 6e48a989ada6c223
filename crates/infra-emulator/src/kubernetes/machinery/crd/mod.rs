//! CustomResourceDefinitions and the objects of their kinds.

mod decode;
mod definition;
mod definition_check;
mod formats;
mod rules;
mod schema_check;
mod structural;
#[cfg(test)]
mod tests;
mod validation;

pub use decode::decode;
pub(crate) use definition::stored_versions;
pub use definition::{CustomResource, ScalePaths, conditions, version_order};
pub use definition_check::validate_definition;
pub use validation::validate;
