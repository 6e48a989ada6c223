//! The file as a tree in which every key and value knows its place.
//!
//! Order of work: [`parse`] one tree per file, [`merge`] overlays, [`interpolate`] `${...}`; then typed readers walk the
//! tree, and provider crates [`decode`](Node::decode) their own blocks.

mod decode;
mod hidden;
pub(crate) mod interpolate;
pub(crate) mod merge;
pub(crate) mod parse;
mod tree;

pub(crate) use tree::cut;
pub use tree::{Entry, Map, Node, NodeValue};
