//! Helm charts rendered as Helm 4.2 renders them, without Helm.
//!
//! The crate is pure: files, time and randomness are handed in, and a [`Budget`] bounds what a hostile chart may spend.
//! [`render`] runs template files over a context.

mod engine;
mod exec;
mod format;
mod function;
mod json;
mod template;
mod value;
mod yaml;

pub use engine::{TemplateFile, render};
pub use exec::{Budget, RenderError};
pub use value::Data;

/// How many template functions exist.
pub fn function_count() -> usize {
    function::count()
}
