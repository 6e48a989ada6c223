//! `infra explain`: what the file means on its providers.

use infra_event::ExitCode;
use serde_json::json;

use crate::arguments::Global;
use crate::output::{Outcome, answer};
use crate::run::{Deployment, desired};

/// Says what the file means: sizes chosen, costs, versions, quotas.
pub(crate) async fn run(global: &Global) -> Outcome {
    let deployment = Deployment::open(global).await?;
    let described = desired(&deployment).await?;
    let cost: f64 = described.graph.nodes().filter_map(|node| node.monthly_cost).sum();
    let text = || {
        let mut lines = Vec::new();
        for node in described.graph.nodes() {
            let price = node
                .monthly_cost
                .map(|cost| format!("  {cost:.2} USD a month"))
                .unwrap_or_default();
            let note = node.note.as_ref().map(|note| format!("  {note}")).unwrap_or_default();
            if !price.is_empty() || !note.is_empty() {
                lines.push(format!("{}{note}{price}", node.address));
            }
        }
        lines.push(format!("Together about {cost:.2} USD a month, as far as prices are known."));
        for (instance, survey) in &described.surveys {
            for (quota, (used, limit)) in &survey.quotas {
                lines.push(format!(
                    "{instance}: {used} of {limit} {} in use",
                    quota.replace('_', " ")
                ));
            }
            lines.push(format!("{instance}: Kubernetes {}", survey.versions.join(", ")));
            let sizes: Vec<_> = survey.sizes.iter().map(|size| size.name.as_str()).collect();
            lines.push(format!("{instance}: sizes {}", sizes.join(", ")));
        }
        lines.join("\n")
    };
    let document = || {
        let resources: Vec<_> = described
            .graph
            .nodes()
            .map(|node| json!({ "address": node.address, "note": node.note, "monthly_cost": node.monthly_cost }))
            .collect();
        json!({ "format_version": 1, "resources": resources, "monthly_cost": cost, "providers": described.surveys })
    };
    answer(global.output, text, document);
    deployment.close().await;
    Ok(ExitCode::Done)
}
