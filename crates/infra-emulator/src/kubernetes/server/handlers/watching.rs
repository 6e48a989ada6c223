//! Watches: past and coming changes as a stream of JSON lines.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use super::dispatch::Call;
use super::encode;
use super::listing::reached;
use super::query::{Selection, invalid_options, number};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::api::{Api, storage_name};
use crate::kubernetes::server::http::{Answer, Representation, negotiate};
use crate::kubernetes::server::registry::Target;
use crate::kubernetes::server::store::{Change, ChangeKind};

/// How long a watch lives that does not say (wall time).
const LIFETIME: Duration = Duration::from_secs(3600);
/// How often a bookmark is sent (wall time).
const BOOKMARKS: Duration = Duration::from_secs(60);
/// The most changes that are read at once.
const BATCH: usize = 256;

/// A watch in progress.
struct Watch {
    api: Arc<Api>,
    target: Target,
    resource: String,
    selection: Selection,
    how: Representation,
    latest: Receiver<u64>,
    /// Everything up to here has been looked at.
    revision: u64,
    waiting: VecDeque<Bytes>,
    /// Whether a table has been sent, which alone carries the columns.
    columns_sent: bool,
    bookmarks: bool,
    next_bookmark: Instant,
    ends: Instant,
    broken: bool,
}

/// Answers a watch.
pub(super) async fn watch(call: &Call, target: &Target) -> Answer {
    if !target.resource.has_verb("watch") {
        return Err(Status::no_such_method());
    }
    let how = negotiate(call.accept(), &call.query)?;
    let selection = Selection::of(call, &target.resource, &target.name)?;
    let seconds = number(call, "timeoutSeconds")?;
    let on = |name: &str| call.flag(name);
    let initial = check_options(call, on("sendInitialEvents"))?;
    let version = call.parameter("resourceVersion").filter(|text| !text.is_empty());
    let from = match version {
        None | Some("0") => None,
        Some(text) => Some(text.parse::<u64>().map_err(|_| {
            Status::unclassified(format!("strconv.ParseUint: parsing {text:?}: invalid syntax"))
        })?),
    };
    if let Some(from) = from {
        reached(call, from).await?;
    }
    let api = call.api.clone();
    let latest = api.store.subscribe();
    let lifetime = seconds.filter(|seconds| *seconds > 0).map_or(LIFETIME, Duration::from_secs);
    let lifetime = api.faults.watch_lifetime().map_or(lifetime, |most| lifetime.min(most));
    let now = Instant::now();
    let mut state = Watch {
        resource: storage_name(&target.resource),
        target: Target { name: String::new(), ..target.clone() },
        selection,
        how,
        latest,
        revision: from.unwrap_or_default(),
        waiting: VecDeque::new(),
        columns_sent: false,
        bookmarks: on("allowWatchBookmarks"),
        next_bookmark: now + BOOKMARKS,
        ends: now + lifetime,
        broken: false,
        api,
    };
    if initial || from.is_none() && call.parameter("sendInitialEvents") != Some("false") {
        state.send_present(initial);
    } else if from.is_none() {
        state.revision = state.api.store.revision();
    }
    let mut response = Response::new(Body::from_stream(stream::unfold(state, Watch::next)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Whether initial events end with a bookmark; refuses options that do not go together.
fn check_options(call: &Call, initial: bool) -> Result<bool, Status> {
    let matching = call.parameter("resourceVersionMatch").filter(|text| !text.is_empty());
    let said = call.parameter("sendInitialEvents").is_some();
    if said && matching != Some("NotOlderThan") {
        return Err(invalid_options(
            "resourceVersionMatch",
            "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ));
    }
    if !said && matching.is_some() {
        return Err(invalid_options(
            "resourceVersionMatch",
            "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ));
    }
    Ok(initial)
}

impl Watch {
    fn namespace(&self) -> Option<&str> {
        let namespace = self.target.namespace.as_str();
        (!namespace.is_empty()).then_some(namespace)
    }

    /// The present objects as additions.
    fn send_present(&mut self, mark_end: bool) {
        let (objects, revision) = self.api.store.list(&self.resource, self.namespace());
        for object in objects {
            if self.selection.selects(&object) {
                let line = self.line("ADDED", &object);
                self.waiting.push_back(line);
            }
        }
        self.revision = revision;
        if mark_end {
            let line = self.bookmark(true);
            self.waiting.push_back(line);
        }
    }

    async fn next(mut self) -> Option<(Result<Bytes, std::io::Error>, Self)> {
        loop {
            if let Some(line) = self.waiting.pop_front() {
                return Some((Ok(line), self));
            }
            if self.broken || Instant::now() >= self.ends {
                return None;
            }
            self.read();
            if !self.waiting.is_empty() {
                continue;
            }
            let mut latest = self.latest.clone();
            let revision = self.revision;
            tokio::select! {
                more = latest.wait_for(|now| *now > revision) => {
                    if more.is_err() {
                        return None;
                    }
                }
                () = tokio::time::sleep_until(self.ends) => return None,
                () = tokio::time::sleep_until(self.next_bookmark) => {
                    self.next_bookmark += BOOKMARKS;
                    if self.bookmarks {
                        let line = self.bookmark(false);
                        self.waiting.push_back(line);
                    }
                }
            }
        }
    }

    /// Reads what has happened since.
    fn read(&mut self) {
        loop {
            let Ok(changes) = self.api.store.changes_after(self.revision, BATCH) else {
                let oldest = self.api.store.oldest_revision();
                let text = format!("too old resource version: {} ({oldest})", self.revision);
                let status = Status::expired(text).to_value();
                self.waiting.push_back(line_of("ERROR", &status));
                self.broken = true;
                return;
            };
            let Some(last) = changes.last() else { return };
            self.revision = last.revision;
            for change in &changes {
                if let Some(line) = self.event(change) {
                    self.waiting.push_back(line);
                }
            }
            if !self.waiting.is_empty() {
                return;
            }
        }
    }

    /// A change as this watch sees it: by its selector an object may come or go while it is only changed.
    fn event(&mut self, change: &Change) -> Option<Bytes> {
        let elsewhere = self.namespace().is_some_and(|own| change.key.namespace != own);
        if &*change.key.resource != self.resource.as_str() || elsewhere {
            return None;
        }
        let before = change.previous.as_ref().is_some_and(|object| self.selection.selects(object));
        let after = change.kind != ChangeKind::Deleted && self.selection.selects(&change.object);
        match (before, after) {
            (false, false) => None,
            (false, true) => Some(self.line("ADDED", &change.object)),
            (true, true) => Some(self.line("MODIFIED", &change.object)),
            (true, false) if change.kind == ChangeKind::Deleted => {
                Some(self.line("DELETED", &change.object))
            }
            (true, false) => {
                let mut last = Value::clone(change.previous.as_ref()?);
                last["metadata"]["resourceVersion"] = json!(change.revision.to_string());
                Some(self.line("DELETED", &last))
            }
        }
    }

    fn line(&mut self, kind: &str, object: &Value) -> Bytes {
        let mut seen = encode::object(&self.target.resource, object, self.how);
        if matches!(self.how, Representation::Table(_)) {
            if self.columns_sent {
                seen["columnDefinitions"] = Value::Null;
            }
            self.columns_sent = true;
        }
        line_of(kind, &seen)
    }

    fn bookmark(&self, ends_initial: bool) -> Bytes {
        let kind = &self.target.resource.kind;
        let mut metadata = json!({"resourceVersion": self.revision.to_string()});
        if ends_initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object =
            json!({"kind": kind.kind, "apiVersion": kind.api_version(), "metadata": metadata});
        line_of("BOOKMARK", &object)
    }
}

fn line_of(kind: &str, object: &Value) -> Bytes {
    #[derive(serde::Serialize)]
    struct Event<'a> {
        r#type: &'a str,
        object: &'a Value,
    }
    let mut text = serde_json::to_vec(&Event { r#type: kind, object }).unwrap_or_default();
    text.push(b'\n');
    Bytes::from(text)
}
