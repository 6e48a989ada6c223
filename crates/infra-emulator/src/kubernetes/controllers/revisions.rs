//! Controller revisions: the past templates of stateful sets and daemon sets.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::objects::{controlled, controller_reference, name, namespace, number, pair};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::Client;

const REVISIONS: &str = "apps/controllerrevisions";
/// The label with the hash of a revision.
pub(super) const HASH_LABEL: &str = "controller-revision-hash";
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The revisions of an owner, oldest first, the one of its present template last.
pub(super) async fn ensure(client: &Client, owner: &Value) -> Result<Vec<Arc<Value>>, Status> {
    let mut data = owner["spec"]["template"].clone();
    data["$patch"] = json!("replace");
    let data = json!({"spec": {"template": data}});
    let mut all = controlled(client, REVISIONS, owner);
    all.sort_by_key(|revision| number(revision, "/revision").unwrap_or(0));
    let highest = all.last().and_then(|last| number(last, "/revision")).unwrap_or(0);
    if let Some(position) = all.iter().position(|revision| revision["data"] == data) {
        let mut present = all.remove(position);
        if position < all.len() {
            // An old template is used again: it becomes the newest revision.
            let newest = client
                .modify(REVISIONS, "", pair(&present), |revision| {
                    revision["revision"] = json!(highest + 1);
                })
                .await?;
            present = newest.unwrap_or(present);
        }
        all.push(present);
        return Ok(all);
    }
    let digest = Sha256::digest(data.to_string().as_bytes());
    let hash: String = digest[..10]
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]))
        .collect();
    let mut labels = owner["spec"]["template"]["metadata"]["labels"].clone();
    if !labels.is_object() {
        labels = json!({});
    }
    labels[HASH_LABEL] = json!(hash);
    let object = json!({
        "metadata": {
            "name": format!("{}-{hash}", name(owner)),
            "namespace": namespace(owner),
            "labels": labels,
            "ownerReferences": [controller_reference(owner)],
        },
        "data": data,
        "revision": highest + 1,
    });
    all.push(client.create(REVISIONS, object).await?);
    Ok(all)
}

/// The hash in the labels of a revision.
pub(super) fn hash(revision: &Value) -> &str {
    revision["metadata"]["labels"][HASH_LABEL].as_str().unwrap_or_default()
}

/// Removes revisions beyond `revisionHistoryLimit` that no pod is of.
pub(super) async fn clean_up(
    client: &Client,
    owner: &Value,
    revisions: &[Arc<Value>],
    used: impl Fn(&Value) -> bool,
) -> Result<(), Status> {
    let limit = owner["spec"]["revisionHistoryLimit"].as_u64().unwrap_or(10);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (_, old) = revisions.split_last().map_or((None, &[][..]), |(last, old)| (Some(last), old));
    let idle: Vec<_> = old.iter().filter(|revision| !used(revision)).collect();
    for revision in &idle[..idle.len().saturating_sub(limit)] {
        client.delete(REVISIONS, pair(revision), &Default::default()).await?;
    }
    Ok(())
}
