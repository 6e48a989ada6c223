//! Semantic versions and their constraints after Masterminds' library, which is looser than the standard.

mod constraint;
mod semantic;

pub(crate) use constraint::{Constraints, is_compatible};
pub(crate) use semantic::Version;
