//! `infra drift`: a plan whose exit code tells whether the world still is as the file says.

use crate::arguments::{Global, PlanArguments, Scope};
use crate::output::Outcome;

/// Tells whether the world still is as the file says.
pub(crate) async fn run(global: &Global) -> Outcome {
    let arguments =
        PlanArguments { scope: Scope::default(), destroy: false, out: None, exit_code: true };
    super::plan::run(global, &arguments).await
}
