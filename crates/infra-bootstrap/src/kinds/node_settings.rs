//! `node_settings`: labels and taints of nodes that no pool of the file describes.
//!
//! Only the labels and taints that the file names are looked at and changed; all others are other people's. The list of taints is one value
//! for the API, which controllers write to as well, so that it is read, changed and written back under its resource version.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use infra_kube::{Clients, Cluster, Json, ObjectRef};
use infra_plan::{Change, Field, IdentityClass, Kind, Observed, Value};
use infra_provider::{Context, Created, ErrorKind, Goal, ProviderError, Resource, Subject};
use serde_json::json;

use super::place::{CALL, cluster, find_cluster, untold};

/// What the planner must know.
pub static KIND: Kind = Kind {
    name: "node_settings",
    fields: &[
        Field::at_create("cluster"),
        Field::replace("cluster_id"),
        Field::replace("select"),
        Field::update("labels"),
        Field::update("taints"),
    ],
    identity: IdentityClass::PutById,
    protected: false,
    waits: false,
    exclusive_within: Some("cluster"),
    dies_with: Some("cluster_id"),
    expected_seconds: 0.5,
};

/// How often a node is written that others keep changing meanwhile.
const TRIES: usize = 5;

/// Labels and taints of nodes.
pub struct NodeSettings {
    clients: Arc<Clients>,
}

/// `labels` or `taints` of the inputs: keys to values.
type Entries = BTreeMap<String, String>;

impl NodeSettings {
    /// With these connections.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }

    /// Makes all chosen nodes have what is wanted, and not what was wanted before and is no more.
    async fn put(
        &self,
        context: &Context,
        subject: &Subject,
        wanted: &Value,
    ) -> Result<(), ProviderError> {
        let cluster = cluster(&self.clients, context, subject).await?;
        let nodes = chosen(&cluster, subject).await?;
        let wanted = Settings::of(wanted);
        let mut gone = Settings::of(subject.prior.as_ref().unwrap_or(&Value::Null));
        gone.labels.retain(|key, _| !wanted.labels.contains_key(key));
        gone.taints.retain(|key, _| !wanted.taints.contains_key(key));
        for node in &nodes {
            write(&cluster, node, &wanted, &gone).await?;
        }
        let count = nodes.len();
        context.progress.message(format!("{count} nodes have these labels and taints"));
        Ok(())
    }

    async fn look(
        &self,
        context: &Context,
        subject: &Subject,
    ) -> Result<Option<Observed>, ProviderError> {
        let Some(cluster) = find_cluster(&self.clients, context, subject).await? else {
            return Ok(None);
        };
        let nodes = match chosen(&cluster, subject).await {
            Ok(nodes) => nodes,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let wanted = Settings::of(&subject.inputs);
        let before = Settings::of(subject.prior.as_ref().unwrap_or(&Value::Null));
        let of_labels = common(&nodes, &wanted.labels, &before.labels, labels_of);
        let of_taints = common(&nodes, &wanted.taints, &before.taints, taints_of);
        // Nothing on a node says whose a label is: what has never been recorded counts as there only if it is as wanted.
        let complete = of_labels == wanted.labels && of_taints == wanted.taints;
        if subject.id.is_none() && !complete {
            return Ok(None);
        }
        let mut observed = Observed::ready(id(subject));
        observed.fields = Value::map([
            ("cluster_id", untold(subject, "cluster_id")),
            ("select", untold(subject, "select")),
            ("labels", shown(of_labels)),
            ("taints", shown(of_taints)),
        ]);
        Ok(Some(observed))
    }
}

struct Settings {
    labels: Entries,
    taints: Entries,
}

impl Settings {
    fn of(inputs: &Value) -> Self {
        let entries = |key: &str| match inputs.get(key) {
            Some(Value::Map(map)) => map
                .iter()
                .map(|(key, value)| (key.clone(), value.text().unwrap_or_default().to_owned()))
                .collect(),
            _ => Entries::new(),
        };
        Self { labels: entries("labels"), taints: entries("taints") }
    }
}

fn shown(entries: Entries) -> Value {
    Value::map(entries.into_iter().map(|(key, value)| (key, Value::from(value))))
}

fn id(subject: &Subject) -> String {
    subject.address.as_str().rsplit('/').next().unwrap_or_default().to_owned()
}

/// The nodes that the file chooses; an error that names the nodes if there is none.
async fn chosen(cluster: &Cluster, subject: &Subject) -> Result<Vec<Json>, ProviderError> {
    let nodes = cluster.list_all("/api/v1/nodes").await?;
    let select = subject.inputs.get("select").unwrap_or(&Value::Null);
    let names: Vec<String> = match select.get("names") {
        Some(Value::List(list)) => list.iter().filter_map(Value::text).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let labels = match select.get("labels") {
        Some(Value::Map(map)) => map.clone(),
        _ => indexmap::IndexMap::new(),
    };
    let fits = |node: &Json| {
        let known = labels_of(node);
        (names.is_empty() || names.iter().any(|name| name == name_of(node)))
            && labels.iter().all(|(key, value)| known.get(key).map(String::as_str) == value.text())
    };
    let all: Vec<&str> = nodes.iter().map(name_of).collect();
    let missing: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !all.contains(name)).collect();
    let operation = format!("choose the nodes of {}", subject.address);
    let next = format!("correct `select`; the nodes are {}", all.join(", "));
    if let Some(name) = missing.first() {
        let message = format!("there is no node `{name}`");
        return Err(ProviderError::new(ErrorKind::NotFound, operation, message).set(next));
    }
    let found: Vec<Json> = nodes.iter().filter(|node| fits(node)).cloned().collect();
    if found.is_empty() {
        let message = "no node has these labels";
        return Err(ProviderError::new(ErrorKind::NotFound, operation, message).set(next));
    }
    Ok(found)
}

fn name_of(node: &Json) -> &str {
    node.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default()
}

fn labels_of(node: &Json) -> Entries {
    let labels = node.pointer("/metadata/labels").and_then(Json::as_object);
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    labels.into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
}

/// Taints by key and effect, as the API tells them apart.
fn taints_of(node: &Json) -> Entries {
    let taints = node.pointer("/spec/taints").and_then(Json::as_array);
    let text = |taint: &Json, key: &str| {
        taint.get(key).and_then(Json::as_str).unwrap_or_default().to_owned()
    };
    let entry =
        |taint| (format!("{}:{}", text(taint, "key"), text(taint, "effect")), text(taint, "value"));
    taints.into_iter().flatten().map(entry).collect()
}

/// What all nodes have of what is wanted or was; where they differ, what one has that is not as wanted, or nothing if one lacks it.
fn common(
    nodes: &[Json],
    wanted: &Entries,
    before: &Entries,
    entries_of: fn(&Json) -> Entries,
) -> Entries {
    let live: Vec<Entries> = nodes.iter().map(entries_of).collect();
    let mut found = Entries::new();
    for key in wanted.keys().chain(before.keys()) {
        let values: Vec<Option<&String>> = live.iter().map(|entries| entries.get(key)).collect();
        let value = match wanted.get(key) {
            Some(wanted) => {
                values.iter().find(|value| **value != Some(wanted)).copied().unwrap_or(Some(wanted))
            }
            // No longer wanted: it is there as long as one node has it.
            None => values.into_iter().flatten().next(),
        };
        if let Some(value) = value {
            found.insert(key.clone(), value.clone());
        }
    }
    found
}

/// Changes one node, if it differs.
async fn write(
    cluster: &Cluster,
    node: &Json,
    wanted: &Settings,
    gone: &Settings,
) -> Result<(), ProviderError> {
    let object = ObjectRef::new("v1", "Node", None, name_of(node));
    let mut node = node.clone();
    for _ in 0..TRIES {
        let Some(patch) = patch(&node, wanted, gone) else { return Ok(()) };
        match cluster.merge(&object, &patch).await {
            Ok(_) => return Ok(()),
            // A controller was faster: begin from what it has made.
            Err(failure) if failure.code == 409 => match cluster.get(&object).await? {
                Some(newer) => node = newer,
                None => return Ok(()),
            },
            Err(failure) => return Err(failure.into()),
        }
    }
    let message = format!("{object} is changed by others all the time");
    Err(ProviderError::new(ErrorKind::Conflict, "set labels and taints", message).set("try again"))
}

fn patch(node: &Json, wanted: &Settings, gone: &Settings) -> Option<Json> {
    let (labels, taints) = (labels_of(node), taints_of(node));
    let mut changed = serde_json::Map::new();
    for (key, value) in wanted.labels.iter().filter(|(key, value)| labels.get(*key) != Some(value))
    {
        changed.insert(key.clone(), value.clone().into());
    }
    for (key, _) in gone.labels.iter().filter(|(key, value)| labels.get(*key) == Some(value)) {
        changed.insert(key.clone(), Json::Null);
    }
    let same = wanted.taints.iter().all(|(key, value)| taints.get(key) == Some(value))
        && gone.taints.iter().all(|(key, value)| taints.get(key) != Some(value));
    if changed.is_empty() && same {
        return None;
    }
    let mut patch =
        json!({ "metadata": { "resourceVersion": node.pointer("/metadata/resourceVersion") } });
    if !changed.is_empty() {
        patch["metadata"]["labels"] = changed.into();
    }
    if !same {
        patch["spec"] = json!({ "taints": merged(node, wanted, gone) });
    }
    Some(patch)
}

/// The taints of others as they stand, then ours.
fn merged(node: &Json, wanted: &Settings, gone: &Settings) -> Vec<Json> {
    let text = |taint: &Json, key: &str| {
        taint.get(key).and_then(Json::as_str).unwrap_or_default().to_owned()
    };
    let live = node.pointer("/spec/taints").and_then(Json::as_array).cloned().unwrap_or_default();
    let mut taints: Vec<Json> = live
        .into_iter()
        .filter(|taint| {
            let key = format!("{}:{}", text(taint, "key"), text(taint, "effect"));
            let going = gone.taints.get(&key).is_some_and(|value| *value == text(taint, "value"));
            !wanted.taints.contains_key(&key) && !going
        })
        .collect();
    for (key, value) in &wanted.taints {
        let (key, effect) = key.rsplit_once(':').unwrap_or((key, ""));
        let mut taint = json!({ "key": key, "effect": effect });
        if !value.is_empty() {
            taint["value"] = value.clone().into();
        }
        taints.push(taint);
    }
    taints
}

impl Resource for NodeSettings {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn call_limit(&self) -> Duration {
        CALL
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        Box::pin(self.look(context, subject))
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        Box::pin(async move {
            self.put(context, subject, &subject.inputs).await?;
            Ok(Created { id: id(subject), outputs: Value::Null })
        })
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        _changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        Box::pin(async move {
            self.put(context, subject, &subject.inputs).await?;
            Ok(Value::Null)
        })
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        Box::pin(async move {
            if find_cluster(&self.clients, context, subject).await?.is_none() {
                return Ok(());
            }
            // What was set is what is taken away.
            let prior = subject.prior.clone().unwrap_or_else(|| subject.inputs.clone());
            let subject = Subject { prior: Some(prior), ..subject.clone() };
            match self.put(context, &subject, &Value::Null).await {
                Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
                other => other,
            }
        })
    }

    fn wait<'call>(
        &'call self,
        _context: &'call Context,
        _subject: &'call Subject,
        _goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        // Labels and taints are there, or gone, when the API has taken them.
        Box::pin(async { Ok(Value::Null) })
    }
}
