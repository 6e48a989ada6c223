//! [`delete`] and [`wait_gone`]: takes objects away in the reverse of the order in which they were applied, and explains what hangs.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::BoxFuture;
use infra_provider::{ErrorKind, ProviderError};

use crate::live::fetch;
use crate::parallel::in_parallel;
use crate::readiness::condition;
use crate::request::Propagation;
use crate::watch::{Told, Watches};
use crate::{Cluster, Failure, Json, ObjectRef};

/// After how much world time of waiting it is said what hangs.
const HANGING: Duration = Duration::from_secs(60);

/// Starts to delete the objects. What others stand on (definitions, namespaces) goes after those are gone.
///
/// # Errors
/// What the API refuses, and what does not go within `timeout` (world time) although something else waits for it.
pub async fn delete(
    cluster: &Cluster,
    objects: &[ObjectRef],
    timeout: Duration,
) -> Result<(), ProviderError> {
    let phases = phases(objects);
    let last = phases.len().saturating_sub(1);
    for (number, phase) in phases.iter().enumerate() {
        let mut deletions: Vec<BoxFuture<'_, _>> = Vec::with_capacity(phase.len());
        for object in phase {
            deletions.push(Box::pin(cluster.delete_object(object, propagation(object))));
        }
        if let Some(failure) = in_parallel(deletions).await.into_iter().find_map(Result::err) {
            return Err(failure.into());
        }
        if number < last {
            wait_gone(cluster, phase, timeout).await?;
        }
    }
    Ok(())
}

/// Custom resources and all else first, then definitions and namespaces; each in reverse.
fn phases(objects: &[ObjectRef]) -> Vec<Vec<ObjectRef>> {
    let mut phases = vec![Vec::new(), Vec::new(), Vec::new()];
    for object in objects.iter().rev() {
        let phase = match object.kind.as_str() {
            "Namespace" => 2,
            "CustomResourceDefinition" | "PersistentVolume" | "StorageClass" => 1,
            _ => 0,
        };
        phases[phase].push(object.clone());
    }
    phases.retain(|phase| !phase.is_empty());
    phases
}

/// Workloads wait for their pods, so that claims and load balancers are released when they are gone.
fn propagation(object: &ObjectRef) -> Propagation {
    match object.kind.as_str() {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" | "CronJob" => {
            Propagation::Foreground
        }
        _ => Propagation::Background,
    }
}

/// Waits by watch until the objects are gone, and with claims their volumes.
///
/// # Errors
/// What is still there after `timeout` (world time), with the finalizer or the content that holds it; when the run is cancelled.
pub async fn wait_gone(
    cluster: &Cluster,
    objects: &[ObjectRef],
    timeout: Duration,
) -> Result<(), ProviderError> {
    let began = cluster.context().clock.now();
    let mut wanted = objects.to_vec();
    let first = fetch(cluster, &wanted).await?;
    wanted.extend(volumes(cluster, first.values()).await?);
    let mut watches = Watches::new();
    let mut collections: Vec<BTreeMap<ObjectRef, Json>> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for object in wanted
        .iter()
        .filter(|object| first.contains_key(object) || object.kind == "PersistentVolume")
    {
        let Ok(resource) = cluster.resource(object).await else { continue };
        let path = resource.collection(object.namespace.as_deref());
        let number = *places.entry(path.clone()).or_insert_with(|| {
            watches.add(cluster, collections.len(), path);
            collections.push(BTreeMap::new());
            collections.len() - 1
        });
        let live = first.get(object).cloned().unwrap_or_default();
        collections[number].insert(object.clone(), live);
    }
    while collections.iter().any(|left| !left.is_empty()) {
        let elapsed = cluster.context().clock.now().since(began);
        say(cluster, &collections, elapsed);
        let Some(left) = timeout.checked_sub(elapsed).filter(|left| !left.is_zero()) else {
            let mut error = still_there(&collections, timeout);
            for (object, live) in collections.iter().flatten() {
                let held = holders(cluster, object, live).await;
                if !held.is_empty() {
                    error.message = format!("{}; it holds {}", error.message, held.join(", "));
                }
            }
            return Err(error);
        };
        let pause = left.min(if elapsed < HANGING { HANGING - elapsed } else { left });
        tokio::select! {
            news = watches.next() => {
                if let Some((number, told)) = news {
                    take(&mut collections[number], told)?;
                }
            }
            () = cluster.context().clock.sleep(pause) => {}
            () = cluster.context().cancel.cancelled() => {
                return Err(ProviderError::cancelled("wait until it is gone"));
            }
        }
    }
    Ok(())
}

/// Volumes that go with their claims.
async fn volumes(
    cluster: &Cluster,
    live: impl Iterator<Item = &Json>,
) -> Result<Vec<ObjectRef>, Failure> {
    let mut volumes = Vec::new();
    for claim in live {
        if claim.get("kind").and_then(Json::as_str) != Some("PersistentVolumeClaim") {
            continue;
        }
        let Some(name) = claim.pointer("/spec/volumeName").and_then(Json::as_str) else { continue };
        let volume = ObjectRef::new("v1", "PersistentVolume", None, name);
        let found = cluster.get(&volume).await?.unwrap_or_default();
        let policy = found.pointer("/spec/persistentVolumeReclaimPolicy").and_then(Json::as_str);
        if policy == Some("Delete") {
            volumes.push(volume);
        }
    }
    Ok(volumes)
}

fn take(collection: &mut BTreeMap<ObjectRef, Json>, told: Told) -> Result<(), ProviderError> {
    match told {
        Told::All(all) => {
            let by_name: BTreeMap<String, Json> =
                all.into_iter().map(|object| (crate::wait::name_of(&object), object)).collect();
            collection.retain(|object, live| match by_name.get(&object.name) {
                Some(found) if same_life(live, found) => {
                    live.clone_from(found);
                    true
                }
                _ => false,
            });
        }
        Told::Changed(found) => {
            let name = crate::wait::name_of(&found);
            if let Some((_, live)) = collection.iter_mut().find(|(object, _)| object.name == name) {
                *live = found;
            }
        }
        Told::Gone(found) => {
            let name = crate::wait::name_of(&found);
            collection.retain(|object, _| object.name != name);
        }
        // The kind itself is gone, and all of its objects with it.
        Told::Failed(failure) if failure.is_not_found() => collection.clear(),
        Told::Failed(failure) => return Err(failure.into()),
    }
    Ok(())
}

/// Whether it is the same object, not a new one of the same name.
fn same_life(before: &Json, now: &Json) -> bool {
    let uid = |object: &Json| object.pointer("/metadata/uid").cloned();
    uid(before).is_none() || uid(before) == uid(now)
}

fn say(cluster: &Cluster, collections: &[BTreeMap<ObjectRef, Json>], elapsed: Duration) {
    let left: Vec<_> = collections.iter().flatten().collect();
    let names: Vec<String> = left.iter().take(3).map(|(object, _)| object.to_string()).collect();
    let more = if left.len() > 3 { format!(" and {} more", left.len() - 3) } else { String::new() };
    let blocked = left.iter().find_map(|(object, live)| why(object, live));
    let blocked = blocked.filter(|_| elapsed >= HANGING);
    let reason = format!("still there: {}{more}", names.join(", "));
    cluster.context().progress.waiting(reason, blocked);
}

fn still_there(collections: &[BTreeMap<ObjectRef, Json>], timeout: Duration) -> ProviderError {
    let left: Vec<_> = collections.iter().flatten().collect();
    let told: Vec<String> = left
        .iter()
        .take(3)
        .map(|(object, live)| {
            why(object, live).unwrap_or_else(|| format!("{object} is still there"))
        })
        .collect();
    let message = format!("not gone after {} s: {}", timeout.as_secs(), told.join("; "));
    ProviderError::new(ErrorKind::TimedOut, "wait until it is gone", message).set(
        "see why the controller that owns the finalizer does not finish; without it, the finalizer must be taken away by hand",
    )
}

/// What holds an object that is being deleted.
fn why(object: &ObjectRef, live: &Json) -> Option<String> {
    live.pointer("/metadata/deletionTimestamp")?;
    let told: Vec<&str> = [
        "NamespaceContentRemaining",
        "NamespaceFinalizersRemaining",
        "NamespaceDeletionContentFailure",
        "NamespaceDeletionDiscoveryFailure",
    ]
    .into_iter()
    .filter_map(|name| match condition(live, name) {
        Some(("True", _, message)) => Some(message),
        _ => None,
    })
    .collect();
    if !told.is_empty() {
        return Some(format!("{object}: {}", told.join("; ")));
    }
    let of_metadata = live.pointer("/metadata/finalizers").and_then(Json::as_array);
    let finalizers =
        of_metadata.or_else(|| live.pointer("/spec/finalizers").and_then(Json::as_array))?;
    let names: Vec<&str> = finalizers.iter().filter_map(Json::as_str).collect();
    (!names.is_empty()).then(|| format!("{object} is held by the finalizer {}", names.join(", ")))
}

/// The most objects that are named of a namespace that hangs.
const NAMED: usize = 5;

/// The objects that hold a namespace that is being deleted, with their finalizers: its condition only counts them.
async fn holders(cluster: &Cluster, object: &ObjectRef, live: &Json) -> Vec<String> {
    let remaining = condition(live, "NamespaceContentRemaining");
    let (true, Some(("True", _, message))) = (object.kind == "Namespace", remaining) else {
        return Vec::new();
    };
    // "Some resources are remaining: configmaps has 1 resource instances, things.example.org has 2 resource instances"
    let listed = message.rsplit(": ").next().unwrap_or_default().split(", ");
    let resources = listed.filter_map(|part| part.split_once(" has ").map(|(name, _)| name.trim()));
    let mut found = Vec::new();
    for resource in resources {
        let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
        let root = match group {
            "" => Some("/api/v1".to_owned()),
            group => preferred(cluster, group).await,
        };
        let Some(root) = root else { continue };
        let path = format!("{root}/namespaces/{}/{plural}", object.name);
        // Whoever may not list them is told what the condition says.
        for item in cluster.list(&path).await.map(|listing| listing.items).unwrap_or_default() {
            let finalizers = item.pointer("/metadata/finalizers").and_then(Json::as_array);
            let names: Vec<&str> =
                finalizers.into_iter().flatten().filter_map(Json::as_str).collect();
            let name = crate::wait::name_of(&item);
            found.push(match names.as_slice() {
                [] => format!("{resource}/{name}"),
                names => format!("{resource}/{name} (finalizer {})", names.join(", ")),
            });
        }
    }
    found.truncate(NAMED);
    found
}

/// Where the preferred version of a group is.
async fn preferred(cluster: &Cluster, group: &str) -> Option<String> {
    let found = cluster.get_path(&format!("/apis/{group}"), "read an API group").await.ok()?;
    let version = found.pointer("/preferredVersion/groupVersion")?.as_str()?;
    Some(format!("/apis/{version}"))
}
