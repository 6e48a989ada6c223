//! Graphs and plans as pictures: [`dot`] for Graphviz, [`mermaid`] for Markdown, [`svg`] laid out here, without any tool.
//!
//! All three draw a [`Picture`]: boxes with what happens to them, and edges from what is needed to what needs it. Edges that follow
//! from others are left out. The same input always gives the same text.

mod dot;
mod layout;
mod mermaid;
mod order;
mod picture;
mod svg;

pub use dot::dot;
pub use mermaid::mermaid;
pub use picture::{Picture, Shape};
pub use svg::svg;
