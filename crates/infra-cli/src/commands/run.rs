//! `infra up` and `infra down`: plan, ask, carry out.

use infra_event::ExitCode;
use infra_plan::Purpose;

use crate::arguments::{DownArguments, Execution, Global, Scope, UpArguments};
use crate::output::{Outcome, say};
use crate::run::{Deployment, Order, Wish, approved, execute, plan};

/// Makes everything as the file says.
pub(crate) async fn up(global: &Global, arguments: &UpArguments) -> Outcome {
    let wish = Wish { purpose: Purpose::Apply, scope: arguments.scope.clone() };
    run(global, "up", &wish, &arguments.execution).await
}

/// Takes everything down.
pub(crate) async fn down(global: &Global, arguments: &DownArguments) -> Outcome {
    let scope = Scope {
        targets: arguments.targets.clone(),
        include_adopted: arguments.include_adopted,
        ..Scope::default()
    };
    run(global, "down", &Wish { purpose: Purpose::Destroy, scope }, &arguments.execution).await
}

async fn run(global: &Global, command: &str, wish: &Wish, execution: &Execution) -> Outcome {
    let deployment = Deployment::open(global).await?;
    let session = deployment.lock(&format!("infra {command}")).await?;
    let planned = plan(&deployment, wish).await;
    let agreed = planned.and_then(|made| Ok((approved(&deployment, &made, execution)?, made)));
    let outcome = match agreed {
        Ok((true, made)) => {
            let order = Order { command, plan: &made, execution };
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

/// Gives the state back before anything was done; what was settled is kept in the journal.
pub(super) async fn give_back(session: std::sync::Arc<infra_engine::StateSession>) {
    if let Ok(session) = std::sync::Arc::try_unwrap(session) {
        // The lease runs out by itself if it cannot be given back.
        let _ = session.close().await;
    }
}
