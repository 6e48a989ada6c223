//! What all kinds in clusters share: which cluster they are in, and whose an object is.

use std::sync::Arc;
use std::time::Duration;

use infra_kube::{Clients, Cluster, Json, PREFIX};
use infra_plan::{Address, Value};
use infra_provider::{Context, ErrorKind, ProviderError, Subject};

/// World time within which an object must be gone after its deletion.
pub(super) const GONE: Duration = Duration::from_secs(600);

/// Wall time that the lease must outlive when a call begins: one request and a little. A call of many requests may be cut off
/// between any two, as all of them can be repeated.
pub(super) const CALL: Duration = Duration::from_secs(40);

/// The annotation that holds the owner marker.
pub(super) fn owner_annotation() -> String {
    format!("{PREFIX}/owner")
}

/// The cluster that a resource is in; `None` if there is none (yet).
pub(super) async fn find_cluster(
    clients: &Arc<Clients>,
    context: &Context,
    subject: &Subject,
) -> Result<Option<Cluster>, ProviderError> {
    clients.cluster(context, &cluster_address(subject)?).await
}

/// The cluster that a resource is in.
pub(super) async fn cluster(
    clients: &Arc<Clients>,
    context: &Context,
    subject: &Subject,
) -> Result<Cluster, ProviderError> {
    find_cluster(clients, context, subject).await?.ok_or_else(|| {
        let operation = format!("make {}", subject.address);
        ProviderError::new(ErrorKind::NotFound, operation, "its cluster does not exist")
    })
}

fn cluster_address(subject: &Subject) -> Result<Address, ProviderError> {
    text(&subject.inputs, "cluster")?.parse().map_err(|error| {
        ProviderError::new(ErrorKind::Unexpected, "read the inputs", format!("{error}"))
    })
}

/// A text of the inputs.
pub(super) fn text<'value>(inputs: &'value Value, key: &str) -> Result<&'value str, ProviderError> {
    inputs.text_at(key).ok_or_else(|| {
        let message = format!("`{key}` is not known");
        ProviderError::new(ErrorKind::Unexpected, "read the inputs", message)
    })
}

/// Whose a live object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// It bears our marker for this address.
    Us,
    /// It bears no marker.
    Nobody,
    /// It bears another marker.
    Other,
}

pub(super) fn owner(context: &Context, address: &Address, live: &Json) -> Owner {
    let marker = live
        .pointer("/metadata/annotations")
        .and_then(|annotations| annotations.get(owner_annotation()))
        .and_then(Json::as_str);
    match marker {
        Some(marker) if marker == context.deployment.of(address) => Owner::Us,
        Some(_) => Owner::Other,
        None => Owner::Nobody,
    }
}

/// An input that no API tells: as it was, or (when nothing is known of that) as it is wanted.
pub(super) fn untold(subject: &Subject, key: &str) -> Value {
    let prior = subject.prior.as_ref().and_then(|prior| prior.get(key));
    prior.or_else(|| subject.inputs.get(key)).cloned().unwrap_or_default()
}

/// The entries of a live map that the file names now, or named before; others are not ours.
pub(super) fn named_entries(subject: &Subject, key: &str, live: Option<&Json>) -> Value {
    let names = |value: Option<&Value>| match value.and_then(|value| value.get(key)) {
        Some(Value::Map(map)) => map.keys().cloned().collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let mut wanted = names(Some(&subject.inputs));
    wanted.extend(names(subject.prior.as_ref()));
    let found = live.and_then(Json::as_object).into_iter().flatten();
    Value::map(
        found
            .filter(|(name, _)| wanted.contains(name))
            .map(|(name, value)| (name.clone(), Value::from_plain_json(value.clone()))),
    )
}
