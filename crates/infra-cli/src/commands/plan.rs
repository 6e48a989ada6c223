//! `infra plan`.

use infra_event::ExitCode;
use infra_plan::show::{ShowOptions, json, text};
use infra_plan::{Plan, Purpose};
use infra_report::Appearance;

use crate::arguments::{Global, PlanArguments};
use crate::output::{Outcome, Told, answer, say};
use crate::run::{Deployment, Wish, plan, save_plan};

/// Shows what would be done.
pub(crate) async fn run(global: &Global, arguments: &PlanArguments) -> Outcome {
    let made = make(global, arguments).await?;
    if !made.refusals.is_empty() {
        return Err(Told(made.refusals));
    }
    Ok(if arguments.exit_code && !made.is_empty() { ExitCode::Changes } else { ExitCode::Done })
}

/// Makes a plan, shows it, and saves it if asked to.
pub(super) async fn make(global: &Global, arguments: &PlanArguments) -> Outcome<Plan> {
    let deployment = Deployment::open(global).await?;
    deployment.settle().await?;
    let purpose = if arguments.destroy { Purpose::Destroy } else { Purpose::Apply };
    let made = plan(&deployment, &Wish { purpose, scope: arguments.scope.clone() }).await?;
    let options = ShowOptions {
        color: Appearance::of_stdout().colour,
        verbose: global.verbose,
        ..ShowOptions::default()
    };
    answer(global.output, || text(&made, &options), || json(&made));
    if let Some(path) = &arguments.out {
        save_plan(&deployment, &made, path).await?;
        say(format_args!("Saved. Apply it with: infra apply {}", path.display()));
    }
    deployment.close().await;
    Ok(made)
}
