//! `infra graph`.

use infra_event::ExitCode;
use infra_plan::draw::{Picture, dot, mermaid, svg};

use crate::arguments::{Format, Global, GraphArguments, GraphFormat};
use crate::output::{Outcome, print, print_json};
use crate::run::{Deployment, desired};

/// Draws the resources and what they depend on.
pub(crate) async fn run(global: &Global, arguments: &GraphArguments) -> Outcome {
    let deployment = Deployment::open(global).await?;
    let described = desired(&deployment).await?;
    if global.output == Format::Json {
        let nodes: Vec<_> = described
            .graph
            .nodes()
            .map(|node| serde_json::json!({ "address": node.address, "kind": node.kind, "provider": node.provider, "needs": node.dependencies() }))
            .collect();
        print_json(&serde_json::json!({ "format_version": 1, "nodes": nodes }));
    } else {
        let picture = Picture::of_graph(&described.graph);
        print(&match arguments.format {
            GraphFormat::Dot => dot(&picture),
            GraphFormat::Mermaid => mermaid(&picture),
            GraphFormat::Svg => svg(&picture),
        });
    }
    deployment.close().await;
    Ok(ExitCode::Done)
}
