//! Showing a plan and asking.

use std::io::{BufRead, IsTerminal, Write};

use infra_event::{Diagnostic, ExitCode};
use infra_plan::show::{ShowOptions, text};
use infra_plan::{Ownership, Plan};
use infra_report::Appearance;

use super::Deployment;
use crate::arguments::Execution;
use crate::output::{Outcome, Told};

/// Shows the plan on stderr, and finds out whether it may be carried out.
///
/// # Errors
/// Everything that stands in the plan's way; without a terminal and without `--yes`, that nobody can be asked.
pub(crate) fn approved(
    deployment: &Deployment,
    plan: &Plan,
    execution: &Execution,
) -> Outcome<bool> {
    let appearance = Appearance::of_stderr();
    let options = ShowOptions {
        color: appearance.colour,
        verbose: deployment.global.verbose,
        ..ShowOptions::default()
    };
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "{}", text(plan, &options));
    if !plan.refusals.is_empty() {
        return Err(Told(plan.refusals.clone()));
    }
    if plan.is_empty() || execution.yes || deployment.rehearsed() {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        let problem =
            Diagnostic::error("not-approved", "nobody can be asked, as there is no terminal")
                .set("add --yes, or save the plan (`infra plan --out FILE`) and apply it")
                .exit(ExitCode::Invalid);
        return Err(problem.into());
    }
    let question = question(plan);
    let _ = write!(stderr, "{question} [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// The question names what is protected and would go.
fn question(plan: &Plan) -> String {
    let protected: Vec<_> = plan
        .operations
        .iter()
        .filter(|operation| operation.action == infra_event::Action::Delete)
        .filter(|operation| operation.protected && operation.ownership == Ownership::Owned)
        .map(|operation| operation.address.as_str())
        .collect();
    if protected.is_empty() {
        return "Carry this out?".to_owned();
    }
    format!("This deletes {}, with all data in it. Carry this out?", protected.join(", "))
}
