//! From the file to a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;

use infra_engine::{Knowledge, Look, survey_world};
use infra_event::{Action, Diagnostic, Envelope, ExitCode};
use infra_plan::{Address, Approvals, Graph, Node, Plan, Planner, Purpose};
use infra_provider::{ExpandRequest, Survey};
use infra_report::ExpectedDurations;

use super::Deployment;
use crate::arguments::Scope;
use crate::output::{Outcome, Told};
use infra_bootstrap::DiskFiles;

use crate::project::DiskReader;

/// How many earlier runs tell how long things take.
const EARLIER_RUNS: usize = 5;

/// What is to be planned.
pub(crate) struct Wish {
    pub(crate) purpose: Purpose,
    pub(crate) scope: Scope,
}

/// What the file describes, and what the providers told.
pub(crate) struct Desired {
    pub(crate) graph: Graph,
    pub(crate) surveys: BTreeMap<String, Survey>,
}

/// Asks the providers and expands the file.
pub(crate) async fn desired(deployment: &Deployment) -> Outcome<Desired> {
    let asked = deployment.fleet.providers().map(|(name, provider)| async move {
        (name.to_owned(), provider.survey(&deployment.context).await)
    });
    let mut surveys = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, survey) in futures::future::join_all(asked).await {
        match survey {
            Ok(survey) => {
                surveys.insert(name, survey);
            }
            Err(error) => {
                problems.push(error.to_diagnostic().about(format_args!("providers.{name}")))
            }
        }
    }
    if !problems.is_empty() {
        return Err(Told(problems));
    }
    let graph = expand(deployment, &surveys)?;
    Ok(Desired { graph, surveys })
}

fn expand(deployment: &Deployment, surveys: &BTreeMap<String, Survey>) -> Outcome<Graph> {
    let spec = deployment.project.spec();
    let mut nodes: Vec<Node> = Vec::new();
    let mut problems = Vec::new();
    for (instance, provider) in deployment.fleet.providers() {
        let Some(survey) = surveys.get(instance) else { continue };
        match provider.expand(&ExpandRequest { spec, instance, survey }) {
            Ok(more) => nodes.extend(more),
            Err(found) => problems.extend(found),
        }
    }
    match infra_oci::expand(spec, &DiskReader) {
        Ok(more) => nodes.extend(more),
        Err(found) => problems.extend(found),
    }
    if problems.is_empty() {
        let request =
            infra_bootstrap::ExpandRequest { spec, files: &DiskFiles, cloud_nodes: &nodes };
        match infra_bootstrap::expand(&request) {
            Ok(more) => nodes.extend(more),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(Told(problems));
    }
    Graph::new(nodes).map_err(|error| {
        let problem = Diagnostic::error("graph", error.to_string());
        problem.set("correct `after` or the names in the file").exit(ExitCode::Invalid).into()
    })
}

/// Makes a plan: looks at everything, compares, checks.
pub(crate) async fn plan(deployment: &Deployment, wish: &Wish) -> Outcome<Plan> {
    let knowledge = deployment.knowledge.lock().clone();
    let (desired, look) = match wish.purpose {
        Purpose::Apply => (desired(deployment).await?, Look::Strict),
        Purpose::Destroy => {
            (Desired { graph: Graph::default(), surveys: BTreeMap::new() }, Look::Lenient)
        }
    };
    plan_graph(deployment, wish, &desired, &knowledge, look).await
}

/// Makes the plan anew that a saved one would be now: from its own graph, as the file may have changed.
pub(crate) async fn plan_again(deployment: &Deployment, saved: &Plan) -> Outcome<Plan> {
    let knowledge = deployment.knowledge.lock().clone();
    let (purpose, look) = if saved.destroy {
        (Purpose::Destroy, Look::Lenient)
    } else {
        (Purpose::Apply, Look::Strict)
    };
    let desired = Desired { graph: saved.graph.clone(), surveys: BTreeMap::new() };
    // What was approved and targeted when it was made is not kept in the plan; what it does not do any more is told by comparison.
    let wish = Wish {
        purpose,
        scope: Scope {
            targets: saved.targets.clone(),
            replace: saved.replace.clone(),
            ..Scope::default()
        },
    };
    plan_graph(deployment, &wish, &desired, &knowledge, look).await
}

async fn plan_graph(
    deployment: &Deployment,
    wish: &Wish,
    desired: &Desired,
    knowledge: &Knowledge,
    look: Look,
) -> Outcome<Plan> {
    let view = survey_world(
        &deployment.fleet,
        &deployment.context,
        &desired.graph,
        &deployment.knowledge,
        look,
    )
    .await?;
    let approvals = Approvals {
        delete: wish.scope.allow_delete.iter().cloned().collect(),
        replace: wish.scope.allow_replace.iter().cloned().collect(),
        include_adopted: wish.scope.include_adopted,
    };
    let targets: BTreeSet<Address> = wish.scope.targets.iter().cloned().collect();
    let replace: BTreeSet<Address> = wish.scope.replace.iter().cloned().collect();
    let earlier = earlier_durations(deployment).await;
    let places: BTreeMap<&Address, (&str, &str)> = desired
        .graph
        .nodes()
        .map(|node| (&node.address, (node.provider.as_str(), node.kind.as_str())))
        .chain(
            knowledge
                .records
                .values()
                .map(|record| (&record.address, (record.provider.as_str(), record.kind.as_str()))),
        )
        .collect();
    let expected = |address: &Address, action: Action| {
        let (provider, kind) = places.get(address)?;
        earlier.seconds(address.as_str(), provider, kind, action)
    };
    let fleet = &deployment.fleet;
    let kinds = |instance: &str, kind: &str| fleet.kind(instance, kind);
    let planner = Planner {
        graph: &desired.graph,
        records: &knowledge.records,
        observed: &view.observed,
        kinds: &kinds,
        purpose: wish.purpose,
        approvals: &approvals,
        targets: &targets,
        replace: &replace,
        expected: &expected,
        deployment: deployment.context.deployment.clone(),
        inputs_digest: deployment.project.loaded.digest(),
        notes: view.warnings,
    };
    let mut plan = planner.plan().map_err(|error| {
        Told::from(
            Diagnostic::error("planning", error.to_string())
                .set("see `infra status` for the addresses")
                .exit(ExitCode::Invalid),
        )
    })?;
    for (instance, provider) in deployment.fleet.providers() {
        if let Some(survey) = desired.surveys.get(instance) {
            plan.refusals.extend(provider.preflight(&plan, survey));
        }
    }
    let faults = infra_plan::check(&plan);
    plan.refusals.extend(faults.into_iter().map(|fault| {
        Diagnostic::error("plan-check", fault)
            .set("this is a fault of the program; nothing was changed")
    }));
    Ok(plan)
}

/// How long operations took in the last runs; nothing if that cannot be read.
async fn earlier_durations(deployment: &Deployment) -> ExpectedDurations {
    let store = deployment.state.store();
    let runs = infra_state::list_runs(store.as_ref(), EARLIER_RUNS).await.unwrap_or_default();
    let mut recorded: Vec<Vec<Envelope>> = Vec::new();
    for run in runs {
        let lines = infra_state::read_events(store.as_ref(), &run.id).await.unwrap_or_default();
        let text = lines.join("\n");
        recorded.extend(infra_report::read_events(BufReader::new(text.as_bytes())));
    }
    ExpectedDurations::of(recorded.iter().map(Vec::as_slice))
}
