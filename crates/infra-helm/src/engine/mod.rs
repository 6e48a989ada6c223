//! Rendering a set of template files over one set of values, in Helm's parse order.

mod render;

pub use render::{TemplateFile, render};
