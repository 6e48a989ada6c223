//! Values: documents, `--set` and its kin, their merge with a chart's defaults, schemas.

mod coalesce;
mod document;
mod fault;
mod literal;
mod merge;
mod schema;
mod set;
mod source;

pub(crate) use coalesce::{coalesce_values, merge_values, tables};
pub(crate) use document::read;
pub use merge::merge_maps;
pub(crate) use schema::validate;
pub use source::{ValueSource, merge_sources, read_values};
