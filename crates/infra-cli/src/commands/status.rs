//! `infra status`: what exists, and whether it is ready.

use infra_engine::{Look, survey_world};
use infra_event::ExitCode;
use infra_plan::{Graph, Readiness};
use serde_json::json;

use crate::arguments::Global;
use crate::output::{Outcome, answer, print_problems};
use crate::run::Deployment;

/// Shows what exists and whether it is ready. Changes nothing.
pub(crate) async fn run(global: &Global) -> Outcome {
    let deployment = Deployment::open(global).await?;
    deployment.settle().await?;
    let knowledge = deployment.knowledge.lock().clone();
    let view = survey_world(
        &deployment.fleet,
        &deployment.context,
        &Graph::default(),
        &deployment.knowledge,
        Look::Lenient,
    )
    .await?;
    print_problems(&view.warnings);
    let holder = deployment.state.holder().await?;
    let rows: Vec<_> = knowledge
        .records
        .values()
        .map(|record| {
            let seen = view.observed.get(&record.address);
            let state = seen.map_or(("gone".to_owned(), None), |seen| told(&seen.readiness));
            (record, state)
        })
        .collect();
    let text = || {
        if rows.is_empty() {
            return format!(
                "{}: nothing exists. `infra up` makes it.",
                deployment.project.spec().name
            );
        }
        let width = rows.iter().map(|(record, _)| record.address.as_str().len()).max().unwrap_or(0);
        let mut lines: Vec<_> = rows
            .iter()
            .map(|(record, (state, reason))| {
                let reason =
                    reason.as_ref().map(|reason| format!("  {reason}")).unwrap_or_default();
                format!("{:width$}  {state:8}  {}{reason}", record.address.as_str(), record.id)
            })
            .collect();
        lines.extend(
            holder.as_ref().map(|lease| format!("\nA run holds the state: {}", lease.holder)),
        );
        lines.join("\n")
    };
    let document = || {
        json!({
            "format_version": 1,
            "name": deployment.project.spec().name,
            "deployment": deployment.context.deployment.deployment,
            "rehearsed": deployment.rehearsed(),
            "state": deployment.place().display().to_string(),
            "locked_by": holder.as_ref().map(|lease| lease.holder.to_string()),
            "resources": rows.iter().map(|(record, (state, reason))| json!({
                "address": record.address, "kind": record.kind, "provider": record.provider, "id": record.id,
                "state": state, "reason": reason, "ownership": record.ownership,
            })).collect::<Vec<_>>(),
        })
    };
    answer(global.output, text, document);
    deployment.close().await;
    Ok(ExitCode::Done)
}

fn told(readiness: &Readiness) -> (String, Option<String>) {
    match readiness {
        Readiness::Ready => ("ready".to_owned(), None),
        Readiness::Pending { reason, blocked } => {
            ("pending".to_owned(), blocked.clone().or_else(|| Some(reason.clone())))
        }
        Readiness::Failed { reason } => ("failed".to_owned(), Some(reason.clone())),
        Readiness::Deleting => ("deleting".to_owned(), None),
    }
}
