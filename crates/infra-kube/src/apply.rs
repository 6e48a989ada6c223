//! [`apply`]: puts a set of objects into the cluster: definitions first and waited for, then namespaces, then all others together.

use std::time::Duration;

use futures::future::BoxFuture;
use infra_provider::{ErrorKind, ProviderError};

use crate::parallel::in_parallel;
use crate::readiness::{Readiness, readiness};
use crate::request::Propagation;
use crate::{Cluster, Failure, Json, ObjectRef};

/// How a set is applied.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplyOptions {
    /// Whether fields that others own are taken from them.
    pub force: bool,
}

/// World time within which a definition must be established, and a webhook must answer.
const SOON: Duration = Duration::from_secs(120);
/// World time between two looks at something that takes a moment.
const LOOK: Duration = Duration::from_secs(1);

/// Applies the objects. Objects in `replace` are deleted before.
///
/// # Errors
/// What the API refuses, all objects of a phase at once; the phases after it are not begun.
pub async fn apply(
    cluster: &Cluster,
    objects: &[Json],
    replace: &[ObjectRef],
    options: ApplyOptions,
) -> Result<(), ProviderError> {
    for phase in phases(objects) {
        let mut applies: Vec<BoxFuture<'_, _>> = Vec::with_capacity(phase.len());
        for object in &phase {
            applies.push(Box::pin(apply_one(cluster, object, replace, options)));
        }
        let failures: Vec<_> =
            in_parallel(applies).await.into_iter().filter_map(Result::err).collect();
        together(failures, phase.len())?;
        for object in &phase {
            establish(cluster, object).await?;
        }
    }
    Ok(())
}

/// Definitions, then namespaces and classes that others name, then the rest. Custom resources come after webhooks of the same set, which
/// would otherwise see some of them and others not.
fn phases(objects: &[Json]) -> Vec<Vec<&Json>> {
    let kind =
        |object: &Json| object.get("kind").and_then(Json::as_str).unwrap_or_default().to_owned();
    let hooked = objects.iter().any(|object| kind(object).ends_with("WebhookConfiguration"));
    let mut phases = vec![Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for object in objects {
        let phase = match kind(object).as_str() {
            "CustomResourceDefinition" => 0,
            "Namespace" | "PriorityClass" | "RuntimeClass" => 1,
            _ if hooked && is_custom(object) => 3,
            _ => 2,
        };
        phases[phase].push(object);
    }
    phases.retain(|phase| !phase.is_empty());
    phases
}

async fn apply_one(
    cluster: &Cluster,
    object: &Json,
    replace: &[ObjectRef],
    options: ApplyOptions,
) -> Result<(), Failure> {
    if let Some(object) = ObjectRef::of(object).filter(|object| replace.contains(object)) {
        cluster.delete_object(&object, Propagation::Background).await?;
        while cluster.get(&object).await?.is_some() {
            cluster.pause(LOOK, "replace an object").await?;
        }
    }
    let began = cluster.context().clock.now();
    loop {
        match cluster.apply(object, options.force, false).await {
            Ok(_) => return Ok(()),
            // The API serves a new kind, and a webhook answers, a moment after it says so.
            Err(failure)
                if (failure.is_unknown_kind() || failure.is_webhook_down())
                    && cluster.context().clock.now().since(began) < SOON
                    && (failure.is_webhook_down() || is_custom(object)) =>
            {
                cluster.pause(LOOK, &failure.operation).await?;
            }
            Err(failure) => return Err(failure),
        }
    }
}

fn is_custom(object: &Json) -> bool {
    ObjectRef::of(object).is_some_and(|object| crate::kinds::builtin(&object).is_none())
}

/// Waits until a definition is served.
async fn establish(cluster: &Cluster, object: &Json) -> Result<(), ProviderError> {
    let Some(reference) =
        ObjectRef::of(object).filter(|object| object.kind == "CustomResourceDefinition")
    else {
        return Ok(());
    };
    let began = cluster.context().clock.now();
    loop {
        let live = cluster.get(&reference).await?.unwrap_or_default();
        match readiness(&live) {
            Readiness::Ready => return Ok(()),
            Readiness::Failed(reason) => {
                let operation = format!("establish {reference}");
                return Err(ProviderError::new(ErrorKind::Failed, operation, reason)
                    .set("correct the definition: another one has these names"));
            }
            Readiness::Pending(reason) => {
                if cluster.context().clock.now().since(began) >= SOON {
                    let operation = format!("establish {reference}");
                    let message =
                        format!("not served after {} s; last seen: {reason}", SOON.as_secs());
                    return Err(ProviderError::new(ErrorKind::TimedOut, operation, message));
                }
                cluster.context().progress.waiting(format!("{reference}: {reason}"), None);
            }
        }
        cluster.pause(LOOK, "establish a definition").await?;
    }
}

/// One error of several: the first of the most telling kind, and how many there are.
fn together(mut failures: Vec<Failure>, of: usize) -> Result<(), ProviderError> {
    // What was cancelled, or could not be reached, tells less than what was refused.
    failures.sort_by_key(|failure| failure.provider.is_some() || failure.is_passing());
    let count = failures.len();
    let others: Vec<String> = failures
        .iter()
        .skip(1)
        .take(4)
        .map(|failure| format!("{}: {}", failure.operation, failure.message))
        .collect();
    let Some(first) = failures.into_iter().next() else { return Ok(()) };
    let mut error = ProviderError::from(first);
    if count > 1 && error.kind != ErrorKind::Cancelled {
        error.message =
            format!("{} ({count} of {of} objects; also: {})", error.message, others.join("; "));
    }
    Err(error)
}
