//! Lists: selectors, pages and past revisions.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::dispatch::Call;
use super::encode;
use super::query::{Selection, invalid_options, number};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::api::storage_name;
use crate::kubernetes::server::http::{Answer, negotiate};
use crate::kubernetes::server::registry::{Target, list_at};

/// Where a list goes on.
struct Page {
    revision: u64,
    after: (String, String),
}

impl Page {
    fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let value: Value = serde_json::from_slice(&bytes).ok()?;
        let (namespace, name) = value["start"].as_str()?.split_once('/')?;
        let revision = value["rv"].as_u64()?;
        Some(Self { revision, after: (namespace.to_owned(), name.to_owned()) })
    }

    fn text(revision: u64, last: &Value) -> String {
        let (namespace, name) = place(last);
        let token =
            json!({"v": "meta.k8s.io/v1", "rv": revision, "start": format!("{namespace}/{name}")});
        URL_SAFE_NO_PAD.encode(token.to_string())
    }
}

fn place(object: &Value) -> (&str, &str) {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    (text("namespace"), text("name"))
}

/// Answers a list.
pub(super) async fn list(call: &Call, target: &Target) -> Answer {
    if !target.resource.has_verb("list") {
        return Err(Status::no_such_method());
    }
    let how = negotiate(call.accept(), &call.query)?;
    let selection = Selection::of(call, &target.resource, "")?;
    let page = match call.parameter("continue").filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(Page::parse(text).ok_or_else(|| {
            Status::bad_request("continue key is not valid: illegal base64 data at input byte 0")
        })?),
    };
    let limit = number(call, "limit")?.filter(|limit| *limit > 0);
    let revision = asked_revision(call, page.as_ref()).await?;
    let namespace = target.resource.namespaced.then_some(target.namespace.as_str());
    let namespace = namespace.filter(|namespace| !namespace.is_empty());
    let listing = list_at(&call.api, &storage_name(&target.resource), namespace, revision)
        .map_err(|_| expired(page.is_some()))?;
    let mut objects = listing.objects;
    if let Some(page) = &page {
        let after = (page.after.0.as_str(), page.after.1.as_str());
        objects.retain(|object| place(object) > after);
    }
    if !selection.is_everything() {
        objects.retain(|object| selection.selects(object));
    }
    let mut metadata = json!({"resourceVersion": listing.revision.to_string()});
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    if let Some(limit) = limit.filter(|limit| objects.len() > *limit) {
        let rest = objects.len() - limit;
        objects.truncate(limit);
        if let Some(last) = objects.last() {
            metadata["continue"] = json!(Page::text(listing.revision, last));
        }
        if selection.is_everything() {
            metadata["remainingItemCount"] = json!(rest);
        }
    }
    Ok(encode::list(&target.resource, &objects, &metadata, how))
}

/// The past revision that a list is to be of, if it is to be of one.
async fn asked_revision(call: &Call, page: Option<&Page>) -> Result<Option<u64>, Status> {
    let matching = call.parameter("resourceVersionMatch").filter(|text| !text.is_empty());
    let version = call.parameter("resourceVersion").filter(|text| !text.is_empty());
    if matching.is_some() && version.is_none() {
        return Err(invalid_options(
            "resourceVersionMatch",
            "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
        ));
    }
    if let Some(page) = page {
        return Ok(Some(page.revision));
    }
    let Some(version) = version else { return Ok(None) };
    let asked: u64 = version.parse().map_err(|_| invalid_version(version))?;
    reached(call, asked).await?;
    Ok((matching == Some("Exact")).then_some(asked))
}

/// Waits a little for a revision that is still to come.
pub(super) async fn reached(call: &Call, revision: u64) -> Result<(), Status> {
    let mut latest = call.api.store.subscribe();
    let wait = std::time::Duration::from_secs(match number(call, "timeoutSeconds")? {
        Some(seconds) => seconds.clamp(1, 3),
        None => 3,
    });
    let reached = tokio::time::timeout(wait, latest.wait_for(|now| *now >= revision)).await;
    if matches!(reached, Ok(Ok(_))) {
        return Ok(());
    }
    let present = call.api.store.revision();
    let message = format!("Too large resource version: {revision}, current: {present}");
    let mut status = Status::new(504, "Timeout", format!("Timeout: {message}"));
    status.details = Some(json!({
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }));
    Err(status)
}

/// What a version that is no number is answered with.
pub(super) fn invalid_version(version: &str) -> Status {
    Status::bad_request(format!(
        "resourceVersion: Invalid value: {version:?}: strconv.ParseUint: parsing {version:?}: invalid syntax"
    ))
}

fn expired(paging: bool) -> Status {
    Status::expired(if paging {
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter."
    } else {
        "The resourceVersion for the provided list is too old."
    })
}
