//! `infra apply`: carries a saved plan out, if the world has not moved.

use infra_event::{Diagnostic, ExitCode};
use infra_plan::{Operation, Plan};

use super::run::give_back;
use crate::arguments::{ApplyArguments, Global};
use crate::output::{Outcome, Told, say};
use crate::run::{Deployment, Order, approved, execute, plan_again, read_plan};

/// Carries a saved plan out.
pub(crate) async fn run(global: &Global, arguments: &ApplyArguments) -> Outcome {
    let deployment = Deployment::open(global).await?;
    let saved = read_plan(&deployment, &arguments.plan).await?;
    let session = deployment.lock("infra apply").await?;
    let checked = match plan_again(&deployment, &saved).await {
        Ok(now) => still_true(&saved, &now)
            .and_then(|()| approved(&deployment, &saved, &arguments.execution)),
        Err(told) => Err(told),
    };
    let outcome = match checked {
        Ok(true) => {
            let order = Order { command: "apply", plan: &saved, execution: &arguments.execution };
            execute(&deployment, session, order).await
        }
        other => {
            give_back(session).await;
            other.map(|_| {
                say("Nothing was changed.");
                ExitCode::Cancelled
            })
        }
    };
    deployment.close().await;
    outcome
}

/// A plan is stale if the same wish would now lead to something else. What no difference was read from does not count.
fn still_true(saved: &Plan, now: &Plan) -> Result<(), Told> {
    let mut moved: Vec<String> = Vec::new();
    for operation in &saved.operations {
        match now.operations.iter().find(|other| same_step(operation, other)) {
            None => moved.push(format!(
                "{} is not to be {}d any more",
                operation.address,
                operation.action.word().trim_end_matches('e')
            )),
            Some(other) if other.changes != operation.changes => {
                moved.push(format!("{} differs in other fields", operation.address));
            }
            Some(_) => {}
        }
    }
    let new = now
        .operations
        .iter()
        .filter(|operation| !saved.operations.iter().any(|other| same_step(operation, other)));
    moved.extend(new.map(|operation| {
        format!(
            "{} would now be {}d",
            operation.address,
            operation.action.word().trim_end_matches('e')
        )
    }));
    if moved.is_empty() {
        return Ok(());
    }
    moved.truncate(10);
    let problem = Diagnostic::error(
        "stale-plan",
        "the world has moved since the plan was made; nothing was changed",
    )
    .detail(moved.join("; "))
    .run("infra plan --out FILE")
    .exit(ExitCode::Stale);
    Err(problem.into())
}

fn same_step(one: &Operation, two: &Operation) -> bool {
    one.address == two.address && one.action == two.action && one.prior_id == two.prior_id
}
