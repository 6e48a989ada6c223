//! Listing: the present, or the state at a past revision that the history still reaches.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::kubernetes::server::api::Api;
use crate::kubernetes::server::store::{ChangeKind, Expired};

/// Objects and the revision that they are of.
#[derive(Debug)]
pub(crate) struct Listing {
    /// In order of namespace and name.
    pub(crate) objects: Vec<Arc<Value>>,
    /// The revision.
    pub(crate) revision: u64,
}

/// Lists a resource of a namespace (or of all), at a revision if one is given.
///
/// # Errors
/// [`Expired`] when the history does not reach back to the revision.
pub(crate) fn list_at(
    api: &Api,
    resource: &str,
    namespace: Option<&str>,
    revision: Option<u64>,
) -> Result<Listing, Expired> {
    let (objects, present) = api.store.list(resource, namespace);
    let Some(revision) = revision.filter(|revision| *revision < present) else {
        return Ok(Listing { objects, revision: present });
    };
    let changes = api.store.changes_after(revision, usize::MAX)?;
    let mut state: BTreeMap<(String, String), Arc<Value>> =
        objects.into_iter().map(|object| (place(&object), object)).collect();
    let of_interest = changes.iter().rev().filter(|change| {
        change.revision <= present
            && &*change.key.resource == resource
            && namespace.is_none_or(|namespace| change.key.namespace == namespace)
    });
    for change in of_interest {
        let at = (change.key.namespace.clone(), change.key.name.clone());
        match (&change.kind, &change.previous) {
            (ChangeKind::Added, _) | (_, None) => state.remove(&at),
            (_, Some(previous)) => state.insert(at, previous.clone()),
        };
    }
    Ok(Listing { objects: state.into_values().collect(), revision })
}

fn place(object: &Value) -> (String, String) {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
    (text("namespace"), text("name"))
}
