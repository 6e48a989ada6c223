//! Running parsed templates after Go's `text/template`: scopes, typed calls, nil rules and error texts.

mod call;
mod chain;
mod evaluate;
mod session;
mod walk;

pub(crate) use chain::warning;
pub use session::{Budget, RenderError};
pub(crate) use session::{Failure, Session, Template};
