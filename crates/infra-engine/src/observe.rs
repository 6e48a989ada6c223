//! [`survey_world`]: looks at everything that is desired or recorded, before planning. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt};
use infra_event::{Action, Diagnostic};
use infra_plan::{
    Address, Graph, IdentityClass, Observed, Ownership, Readiness, Record, Value, resolve,
};
use infra_provider::{Context, ErrorKind, ProviderError, Subject};

use crate::{Fleet, Knowledge, SharedKnowledge};

/// How many looks may be under way at a time.
const AT_ONCE: usize = 16;

/// What to look at, and how strict to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// For a plan that makes things: whatever cannot be looked at is an error.
    Strict,
    /// For a destruction: what is in a cluster that cannot be reached counts as gone with it, with a warning. What is in a cloud never
    /// does.
    Lenient,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct WorldView {
    /// What is there, by address.
    pub observed: BTreeMap<Address, Observed>,
    /// What could not be looked at.
    pub warnings: Vec<Diagnostic>,
}

/// Something to look at.
struct Item {
    address: Address,
    kind: String,
    provider: String,
    inputs: Value,
    needs: BTreeSet<Address>,
    id: Option<String>,
    prior: Option<Value>,
}

/// Looks at everything that is desired or recorded: level by level, as far as what it is in is there.
///
/// What is found without a record (somebody else's that is referred to, or ours of which the state was lost) is noted in the shared
/// knowledge for the rest of the command, so that what is inside it can be reached; the state itself is changed by operations alone.
///
/// # Errors
/// All failures of one level, each about its address.
pub async fn survey_world(
    fleet: &Fleet,
    context: &Context,
    graph: &Graph,
    shared: &SharedKnowledge,
    look: Look,
) -> Result<WorldView, Vec<Diagnostic>> {
    let knowledge = &shared.lock().clone();
    let mut view = WorldView::default();
    let mut left = items(graph, knowledge);
    let mut visited: BTreeSet<Address> = BTreeSet::new();
    while !left.is_empty() {
        let known: BTreeSet<_> = left.iter().map(|item| item.address.clone()).collect();
        let (mut level, rest): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|item| item.needs.is_disjoint(&known));
        left = rest;
        if level.is_empty() {
            // Recorded dependencies that form a circle cannot come from a plan; look at them without order.
            level = std::mem::take(&mut left);
        }
        visited.extend(level.iter().map(|item| item.address.clone()));
        let can_be_there: Vec<_> =
            level.into_iter().filter_map(|item| bind(item, &view, knowledge)).collect();
        let looks =
            can_be_there.into_iter().map(|(item, inputs)| look_at(fleet, context, item, inputs));
        let seen: Vec<_> = stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
        let seen =
            seen.into_iter().map(|(item, result)| (claimed(fleet, knowledge, &item, result), item));
        take(
            seen,
            |item| look == Look::Lenient && fleet.provider(&item.provider).is_none(),
            &mut view,
        )?;
        note_unrecorded(graph, shared, &view);
    }
    Ok(view)
}

fn items(graph: &Graph, knowledge: &Knowledge) -> Vec<Item> {
    let desired = graph.nodes().map(|node| {
        let record = knowledge.records.get(&node.address);
        Item {
            address: node.address.clone(),
            kind: node.kind.clone(),
            provider: node.provider.clone(),
            inputs: node.inputs.clone(),
            needs: node.dependencies(),
            id: record.map(|record| record.id.clone()),
            prior: record.map(|record| record.inputs.clone()),
        }
    });
    let recorded =
        knowledge.records.values().filter(|record| graph.get(&record.address).is_none()).map(
            |record| Item {
                address: record.address.clone(),
                kind: record.kind.clone(),
                provider: record.provider.clone(),
                inputs: record.inputs.clone(),
                needs: record.depends_on.iter().cloned().collect(),
                id: Some(record.id.clone()),
                prior: Some(record.inputs.clone()),
            },
        );
    desired.chain(recorded).collect()
}

/// The inputs as far as they are known; `None` if what it refers to is not there or not ready, so that it cannot be there either (or
/// cannot be reached: making it again finds it).
fn bind(item: Item, view: &WorldView, knowledge: &Knowledge) -> Option<(Item, Value)> {
    let usable = |address: &Address| {
        view.observed.get(address).is_some_and(|seen| matches!(seen.readiness, Readiness::Ready))
    };
    let referred: BTreeSet<_> =
        item.inputs.references().into_iter().map(|reference| &reference.address).collect();
    // A recorded resource has no references left; what it is in, it depends on.
    let recorded_container =
        item.inputs.text_at("cluster").and_then(|cluster| cluster.parse::<Address>().ok());
    let reachable = recorded_container.as_ref().is_none_or(usable);
    if !reachable || !referred.iter().all(|address| usable(address)) {
        return None;
    }
    let inputs = resolve(&item.inputs, &|reference| {
        let seen =
            view.observed.get(&reference.address).and_then(|seen| seen.outputs.at(&reference.path));
        seen.cloned().or_else(|| knowledge.output(reference))
    });
    Some((item, inputs))
}

async fn look_at(
    fleet: &Fleet,
    context: &Context,
    item: Item,
    inputs: Value,
) -> (Item, Result<Option<Observed>, ProviderError>) {
    let Some(resource) = fleet.resource(&item.provider, &item.kind) else {
        let message = format!("no provider `{}` knows the kind `{}`", item.provider, item.kind);
        let error = ProviderError::new(ErrorKind::Unsupported, "look", message)
            .set("keep the provider in the file until everything of it is taken down");
        return (item, Err(error));
    };
    let subject = Subject {
        address: item.address.clone(),
        id: item.id.clone(),
        inputs,
        prior: item.prior.clone(),
    };
    let seen = resource.observe(context, &subject).await;
    (item, seen)
}

/// What bears a name that is unique, and that we were about to make when a run died, is what that run made.
fn claimed(
    fleet: &Fleet,
    knowledge: &Knowledge,
    item: &Item,
    result: Result<Option<Observed>, ProviderError>,
) -> Result<Option<Observed>, ProviderError> {
    let unique = fleet
        .kind(&item.provider, &item.kind)
        .is_some_and(|kind| kind.identity == IdentityClass::UniqueName);
    let intended = knowledge
        .unsettled
        .get(&item.address)
        .is_some_and(|intent| intent.action == Action::Create);
    result.map(|seen| seen.map(|seen| Observed { ours: seen.ours || (unique && intended), ..seen }))
}

fn take(
    seen: impl Iterator<Item = (Result<Option<Observed>, ProviderError>, Item)>,
    may_be_gone: impl Fn(&Item) -> bool,
    view: &mut WorldView,
) -> Result<(), Vec<Diagnostic>> {
    let mut errors = Vec::new();
    for (result, item) in seen {
        match result {
            Ok(Some(seen)) => {
                view.observed.insert(item.address, seen);
            }
            Ok(None) => {}
            Err(error) => {
                let problem = error.to_diagnostic().about(&item.address);
                if may_be_gone(&item) {
                    let severity = infra_event::Severity::Warning;
                    view.warnings.push(Diagnostic { severity, ..problem });
                } else {
                    errors.push(problem);
                }
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn note_unrecorded(graph: &Graph, shared: &SharedKnowledge, view: &WorldView) {
    let mut knowledge = shared.lock();
    for node in graph.nodes() {
        let Some(seen) = view.observed.get(&node.address) else { continue };
        let referenced = node.ownership == Ownership::Referenced;
        // Somebody else's cluster may be another one meanwhile; what was in the old one is gone with it.
        let known = knowledge.records.get(&node.address).is_some_and(|record| {
            record.id == seen.id || !(referenced && record.ownership == Ownership::Referenced)
        });
        if known || !(seen.ours || referenced) {
            continue;
        }
        let record = Record {
            address: node.address.clone(),
            kind: node.kind.clone(),
            provider: node.provider.clone(),
            id: seen.id.clone(),
            inputs: seen.fields.clone(),
            outputs: seen.outputs.clone(),
            ownership: node.ownership,
            depends_on: node.dependencies().into_iter().collect(),
            protected: node.protected,
            objects: Vec::new(),
        };
        knowledge.records.insert(node.address.clone(), record);
    }
}
