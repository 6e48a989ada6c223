//! `infra drift`: a plan whose exit code tells whether the world still is as the file says.

use infra_event::ExitCode;

use crate::arguments::{Global, PlanArguments, Scope};
use crate::output::Outcome;

/// Tells whether the world still is as the file says.
pub(crate) async fn run(global: &Global) -> Outcome {
    let arguments =
        PlanArguments { scope: Scope::default(), destroy: false, out: None, exit_code: true };
    let made = super::plan::make(global, &arguments).await?;
    // What the plan refuses is a difference all the same.
    let same = made.is_empty() && made.refusals.is_empty();
    Ok(if same { ExitCode::Done } else { ExitCode::Changes })
}
