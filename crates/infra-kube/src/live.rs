//! [`live_diff`]: what differs between the objects of an item and the cluster.
//!
//! Listings decide: one per kind and namespace. Only an object that differs, or that the listing cannot decide, costs a request
//! of its own: a dry run of the apply, whose result is what the object would be. Server defaults are thereby no changes.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::BoxFuture;
use infra_event::Action;
use infra_plan::{Address, Change, Effect, Row, Value};
use infra_provider::ProviderError;

use crate::compare::{changes_between, hide, owned_fields, surely_unchanged};
use crate::parallel::in_parallel;
use crate::{Cluster, Failure, Inventory, Json, ObjectRef, PREFIX};

/// A desired object.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Which.
    pub object: ObjectRef,
    /// All of it for display: what is not known yet, and what is secret, is marked.
    pub preview: Value,
    /// All of it in clear, once everything is known.
    pub known: Option<Json>,
}

/// What became of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// It is not there.
    Absent,
    /// It is as desired.
    Unchanged,
    /// It differs, and can be changed.
    Changed(Vec<Change>),
    /// It differs in what cannot be changed: it must be deleted and made anew.
    Replace(Vec<Change>),
}

impl Finding {
    fn of(changes: Vec<Change>) -> Self {
        if changes.is_empty() { Self::Unchanged } else { Self::Changed(changes) }
    }
}

/// What differs between the objects of an item and the cluster.
#[derive(Debug, Default)]
pub struct LiveDiff {
    /// What was found of each desired object, in their order.
    pub findings: Vec<(ObjectRef, Finding)>,
    /// The live state of the desired objects that are there.
    pub live: BTreeMap<ObjectRef, Json>,
    /// What the item applied earlier and no longer wants.
    pub orphans: Vec<ObjectRef>,
    /// What it no longer wants and leaves, with the reason.
    pub left: Vec<(ObjectRef, String)>,
    /// Why the API would refuse a change, by object: fields that others own.
    pub conflicts: Vec<(ObjectRef, ProviderError)>,
}

/// Compares. With `force`, fields that others own are taken from them, and are no conflicts.
///
/// # Errors
/// When the API does not answer. What it refuses to apply is an error as well: a plan that cannot be applied is none.
pub async fn live_diff(
    cluster: &Cluster,
    desired: &[Desired],
    inventory: &Inventory,
    force: bool,
) -> Result<LiveDiff, Failure> {
    let wanted: Vec<ObjectRef> = desired.iter().map(|desired| desired.object.clone()).collect();
    let mut diff = LiveDiff { live: fetch(cluster, &wanted).await?, ..LiveDiff::default() };
    let mut comparisons: Vec<BoxFuture<'_, _>> = Vec::with_capacity(desired.len());
    for desired in desired {
        let live = diff.live.get(&desired.object);
        comparisons.push(Box::pin(compare(cluster, desired, live, force)));
    }
    for (finding, object) in in_parallel(comparisons).await.into_iter().zip(wanted.iter()) {
        let (finding, conflict) = finding?;
        diff.findings.push((object.clone(), finding));
        diff.conflicts.extend(conflict.map(|conflict| (object.clone(), conflict)));
    }
    let orphans: Vec<ObjectRef> = inventory.orphans(&wanted).into_iter().cloned().collect();
    (diff.orphans, diff.left) = removable(cluster, &orphans).await?;
    Ok(diff)
}

/// Of objects that an item applied and no longer wants: those that are there and may go, and those that are left, with the reason.
///
/// # Errors
/// When the API does not answer.
pub async fn removable(
    cluster: &Cluster,
    objects: &[ObjectRef],
) -> Result<(Vec<ObjectRef>, Vec<(ObjectRef, String)>), Failure> {
    let live = fetch(cluster, objects).await?;
    let (mut going, mut left) = (Vec::new(), Vec::new());
    for object in objects {
        match live.get(object).map(why_left) {
            None => {}
            Some(None) => going.push(object.clone()),
            Some(Some(reason)) => left.push((object.clone(), reason)),
        }
    }
    Ok((going, left))
}

/// The live state of objects, by listings; one that is alone in its collection is read by itself.
///
/// # Errors
/// When the API does not answer.
pub async fn fetch(
    cluster: &Cluster,
    wanted: &[ObjectRef],
) -> Result<BTreeMap<ObjectRef, Json>, Failure> {
    let mut collections: BTreeMap<String, Vec<&ObjectRef>> = BTreeMap::new();
    for object in wanted {
        match cluster.resource(object).await {
            Ok(resource) => {
                let path = resource.collection(object.namespace.as_deref());
                collections.entry(path).or_default().push(object);
            }
            // A kind that nobody has defined yet has no objects.
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => return Err(failure),
        }
    }
    let mut fetches: Vec<BoxFuture<'_, _>> = Vec::with_capacity(collections.len());
    for (path, objects) in collections {
        fetches.push(Box::pin(fetch_collection(cluster, path, objects)));
    }
    let mut live = BTreeMap::new();
    for found in in_parallel(fetches).await {
        live.extend(found?);
    }
    Ok(live)
}

async fn fetch_collection(
    cluster: &Cluster,
    path: String,
    objects: Vec<&ObjectRef>,
) -> Result<Vec<(ObjectRef, Json)>, Failure> {
    if let [object] = objects.as_slice() {
        let found = cluster.get(object).await?;
        return Ok(found.map(|found| ((*object).clone(), found)).into_iter().collect());
    }
    let listing = match cluster.list(&path).await {
        Ok(listing) => listing.items,
        Err(failure) if failure.is_not_found() => Vec::new(),
        Err(failure) => return Err(failure),
    };
    let mut by_name: BTreeMap<String, Json> = listing
        .into_iter()
        .filter_map(|item| {
            let name = item.pointer("/metadata/name")?.as_str()?.to_owned();
            Some((name, item))
        })
        .collect();
    let taken = objects.into_iter().filter_map(|object| {
        let mut found = by_name.remove(&object.name)?;
        // Items of a listing do not repeat the kind of the list.
        found["apiVersion"] = object.api_version.clone().into();
        found["kind"] = object.kind.clone().into();
        Some((object.clone(), found))
    });
    Ok(taken.collect())
}

async fn compare(
    cluster: &Cluster,
    desired: &Desired,
    live: Option<&Json>,
    force: bool,
) -> Result<(Finding, Option<ProviderError>), Failure> {
    let alone = |finding| Ok((finding, None));
    let Some(live) = live else { return alone(Finding::Absent) };
    let Some(known) = &desired.known else {
        let changes = preview_changes(&desired.preview, live);
        return alone(Finding::of(changes));
    };
    if surely_unchanged(known, live) {
        return alone(Finding::Unchanged);
    }
    match dry_run(cluster, desired, known, live, force).await {
        // What it would change is worth seeing all the same.
        Err(failure) if failure.is_field_conflict() => {
            let (live, result) = dry_run(cluster, desired, known, live, true).await?;
            let changes = all_changes(desired, &live, &result);
            Ok((Finding::of(changes), Some(failure.into())))
        }
        Ok((live, result)) => alone(Finding::of(all_changes(desired, &live, &result))),
        Err(failure) if failure.is_immutable() => {
            let changes = preview_changes(&desired.preview, live);
            alone(Finding::Replace(mark_immutable(changes, &failure)))
        }
        // The namespace is being made by this very item.
        Err(failure) if failure.is_not_found() => alone(Finding::Absent),
        Err(failure) => Err(failure),
    }
}

/// What an apply would change of an object, fields and their owners.
fn all_changes(desired: &Desired, live: &Json, result: &Json) -> Vec<Change> {
    let mut changes = changes_between(live, result);
    let version = &desired.object.api_version;
    if changes.is_empty() && owned_fields(live, version) != owned_fields(result, version) {
        changes.push(Change {
            path: "metadata.managedFields".into(),
            before: Value::Null,
            after: "ownership of fields by `infra`".into(),
            effect: Effect::Update,
        });
    }
    mark_secrets(&mut changes, &desired.preview);
    changes
}

/// Marks the fields that the API refuses to change; the first one if it names none.
fn mark_immutable(mut changes: Vec<Change>, failure: &Failure) -> Vec<Change> {
    let fields: BTreeSet<&str> =
        failure.causes.iter().map(|(_, field, _)| field.as_str()).collect();
    let mut marked = false;
    for change in &mut changes {
        if fields.iter().any(|field| change.path.starts_with(field)) {
            change.effect = Effect::Replace;
            marked = true;
        }
    }
    if let Some(first) = changes.first_mut().filter(|_| !marked) {
        first.effect = Effect::Replace;
    }
    changes
}

/// How often an object is compared that others keep changing meanwhile.
const TRIES: usize = 3;

/// The live object and what the apply would make of just that one. Who changes it between the listing and the dry run would
/// otherwise appear among our changes.
async fn dry_run(
    cluster: &Cluster,
    desired: &Desired,
    known: &Json,
    live: &Json,
    force: bool,
) -> Result<(Json, Json), Failure> {
    let version = |object: &Json| object.pointer("/metadata/resourceVersion").cloned();
    let mut live = live.clone();
    let mut result = cluster.apply(known, force, true).await?;
    for _ in 1..TRIES {
        if version(&live) == version(&result) {
            break;
        }
        let Some(newer) = cluster.get(&desired.object).await? else { break };
        live = newer;
        result = cluster.apply(known, force, true).await?;
    }
    Ok((live, result))
}

/// What of a preview differs from the live object; fields that the preview does not name are not ours.
fn preview_changes(preview: &Value, live: &Json) -> Vec<Change> {
    let mut changes = Vec::new();
    collect_preview(preview, live, &mut Vec::new(), &mut changes);
    changes
}

fn collect_preview(
    preview: &Value,
    live: &Json,
    path: &mut Vec<String>,
    changes: &mut Vec<Change>,
) {
    match (preview, live) {
        (Value::Map(wanted), Json::Object(live)) => {
            for (key, wanted) in wanted {
                path.push(key.clone());
                collect_preview(wanted, live.get(key).unwrap_or(&Json::Null), path, changes);
                path.pop();
            }
        }
        (Value::List(wanted), Json::Array(live)) if wanted.len() == live.len() => {
            for (index, (wanted, live)) in wanted.iter().zip(live).enumerate() {
                let name = wanted.text_at("name").map_or(index.to_string(), str::to_owned);
                let last = path.pop().unwrap_or_default();
                path.push(format!("{last}[{name}]"));
                collect_preview(wanted, live, path, changes);
                path.pop();
                path.push(last);
            }
        }
        _ => {
            let keys: Vec<&str> = path.iter().map(String::as_str).collect();
            let same = preview
                .to_clear_json()
                .is_some_and(|wanted| crate::same_value(&wanted, live, &keys));
            if !same {
                let mut before = Value::from_plain_json(live.clone());
                if has_secret(preview) {
                    hide(&mut before);
                }
                changes.push(Change {
                    path: path.join("."),
                    before,
                    after: preview.clone(),
                    effect: Effect::Update,
                });
            }
        }
    }
}

fn has_secret(value: &Value) -> bool {
    match value {
        Value::Secret(_) => true,
        Value::List(list) | Value::Joined(list) => list.iter().any(has_secret),
        Value::Map(map) => map.values().any(has_secret),
        _ => false,
    }
}

/// Hides the values of changes where the preview has a secret, or holds one.
fn mark_secrets(changes: &mut [Change], preview: &Value) {
    for change in changes {
        let mut at = Some(preview);
        for key in change.path.split('.') {
            let (key, name) = match key.split_once('[') {
                Some((key, name)) => (key, Some(name.trim_end_matches(']'))),
                None => (key, None),
            };
            at = at.and_then(|value| value.get(key));
            if let (Some(name), Some(Value::List(list))) = (name, at) {
                at = list.iter().find(|item| item.text_at("name") == Some(name));
            }
            // A key with a dot in it leads nowhere: what is above it decides.
            let Some(found) = at else { break };
            if matches!(found, Value::Secret(_)) {
                break;
            }
        }
        if at.is_some_and(has_secret) || (at.is_none() && has_secret(preview)) {
            hide(&mut change.before);
            hide(&mut change.after);
        }
    }
}

/// Why an object that the item applied is left although the item no longer wants it.
fn why_left(live: &Json) -> Option<String> {
    let annotation =
        |key: &str| live.pointer("/metadata/annotations")?.get(key)?.as_str().map(str::to_owned);
    if annotation(&format!("{PREFIX}/prune")).as_deref() == Some("keep")
        || annotation("helm.sh/resource-policy").as_deref() == Some("keep")
    {
        return Some("it is marked to be kept".into());
    }
    let entries = live.pointer("/metadata/managedFields").and_then(Json::as_array);
    let manager = |entry: &Json| entry.get("manager").and_then(Json::as_str).map(str::to_owned);
    let managers: Vec<String> = entries.into_iter().flatten().filter_map(manager).collect();
    // An object of which nothing but the identity was applied has no managers at all.
    if managers.is_empty() || managers.iter().any(|manager| manager == crate::FIELD_MANAGER) {
        return None;
    }
    Some(format!("it was taken over by {}", managers.join(", ")))
}

impl LiveDiff {
    /// The rows of the plan. Orphans that are `kept` have none.
    pub fn rows(&self, item: &Address, desired: &[Desired], kept: &[ObjectRef]) -> Vec<Row> {
        let mut rows = Vec::new();
        for (desired, (object, finding)) in desired.iter().zip(&self.findings) {
            let (action, changes) = match finding {
                Finding::Absent => (Some(Action::Create), created(&desired.preview)),
                Finding::Unchanged => (None, Vec::new()),
                Finding::Changed(changes) => (Some(Action::Update), changes.clone()),
                Finding::Replace(changes) => (Some(Action::Replace), changes.clone()),
            };
            rows.push(Row { address: object.address(item), action, changes });
        }
        for object in self.orphans.iter().filter(|object| !kept.contains(object)) {
            let action = Some(Action::Delete);
            rows.push(Row { address: object.address(item), action, changes: Vec::new() });
        }
        rows
    }

    /// Whether everything is as desired.
    pub fn is_empty(&self) -> bool {
        self.orphans.is_empty()
            && self.findings.iter().all(|(_, finding)| *finding == Finding::Unchanged)
    }
}

/// All fields of an object that is made, as changes.
pub fn created(preview: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    flatten(preview, &mut Vec::new(), &mut changes);
    changes.retain(|change| !matches!(change.path.as_str(), "apiVersion" | "kind"));
    changes
}

fn flatten(value: &Value, path: &mut Vec<String>, changes: &mut Vec<Change>) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            for (key, value) in map {
                path.push(key.clone());
                flatten(value, path, changes);
                path.pop();
            }
        }
        Value::List(list) if list.iter().any(|item| matches!(item, Value::Map(_))) => {
            let last = path.pop().unwrap_or_default();
            for (index, item) in list.iter().enumerate() {
                let name = item.text_at("name").map_or(index.to_string(), str::to_owned);
                path.push(format!("{last}[{name}]"));
                flatten(item, path, changes);
                path.pop();
            }
            path.push(last);
        }
        _ => changes.push(Change {
            path: path.join("."),
            before: Value::Null,
            after: value.clone(),
            effect: Effect::Update,
        }),
    }
}
