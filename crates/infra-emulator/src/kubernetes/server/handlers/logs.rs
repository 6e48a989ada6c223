//! `pods/log`: what the emulated containers have written.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use tokio::sync::watch::Receiver;

use super::dispatch::Call;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::api::Api;
use crate::kubernetes::server::http::{Answer, text_response};
use crate::kubernetes::server::registry::Target;
use crate::kubernetes::server::store::Key;

/// Answers with the log of a container.
pub(super) fn answer(call: &Call, target: &Target) -> Answer {
    let whole = target.sub("");
    let pod = call.api.store.get(&whole.key(&target.name)).ok_or_else(|| whole.not_found())?;
    let container = container_of(call, target, &pod)?;
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    if node.is_empty() {
        return Ok(text_response(200, ""));
    }
    if call.api.object("nodes", "", node).is_none() {
        return Err(Status::not_found("", "nodes", node));
    }
    let statuses = ["containerStatuses", "initContainerStatuses"];
    let status = statuses
        .iter()
        .filter_map(|key| pod["status"][key].as_array())
        .flatten()
        .find(|status| status["name"] == *container);
    let state = status.map(|status| &status["state"]).unwrap_or(&Value::Null);
    let on = |key: &str| call.flag(key);
    if on("previous") {
        let last = status.map(|status| &status["lastState"]["terminated"]);
        let Some(run) = last.filter(|last| last.is_object()) else {
            return Err(Status::bad_request(format!(
                "previous terminated container {container:?} in pod {:?} not found",
                target.name
            )));
        };
        return plain(call, &call.api.log_of(&pod, &container), run, None);
    }
    if let Some(waiting) = state.get("waiting") {
        let reason = waiting["reason"].as_str().unwrap_or("ContainerCreating");
        let text = match reason {
            "ContainerCreating" | "PodInitializing" => {
                format!(
                    "container {container:?} in pod {:?} is waiting to start: {reason}",
                    target.name
                )
            }
            "CrashLoopBackOff" => {
                let run = &status.unwrap_or(&Value::Null)["lastState"]["terminated"];
                return plain(call, &call.api.log_of(&pod, &container), run, None);
            }
            _ => format!(
                "container {container:?} in pod {:?} is waiting to start: {}",
                target.name,
                if reason.contains("Image") { "trying and failing to pull image" } else { reason }
            ),
        };
        return Err(Status::bad_request(text));
    }
    let running = state.get("running");
    let run = running.or_else(|| state.get("terminated")).unwrap_or(&Value::Null);
    let following = (on("follow") && running.is_some()).then(|| Following {
        latest: call.api.store.subscribe(),
        api: call.api.clone(),
        key: whole.key(&target.name),
        container: container.clone(),
        run: run_of(&pod, &container),
    });
    plain(call, &call.api.log_of(&pod, &container), run, following)
}

/// A log that is followed: it ends when the container's run does.
struct Following {
    api: Arc<Api>,
    latest: Receiver<u64>,
    key: Key,
    container: String,
    run: (String, u64),
}

/// The pod's identity and the number of the container's run, while it runs.
fn run_of(pod: &Value, container: &str) -> (String, u64) {
    let statuses = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
    let status = statuses.into_iter().find(|status| status["name"] == *container);
    let running = status.filter(|status| status["state"].get("running").is_some());
    let restarts = running.and_then(|status| status["restartCount"].as_u64());
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
    (uid.to_owned(), restarts.unwrap_or(u64::MAX))
}

impl Following {
    /// Waits until the run is over; nothing more is written meanwhile.
    async fn end(mut self) {
        while self
            .api
            .store
            .get(&self.key)
            .is_some_and(|pod| run_of(&pod, &self.container) == self.run)
        {
            if self.latest.changed().await.is_err() {
                return;
            }
        }
    }
}

/// When a run of a container has begun.
fn began(run: &Value) -> Option<jiff::Timestamp> {
    run["startedAt"].as_str()?.parse().ok()
}

/// Whether what was written then is younger than what the request asks for.
fn is_wanted(call: &Call, at: Option<jiff::Timestamp>) -> Result<bool, Status> {
    let seconds = match call.parameter("sinceSeconds").map(str::parse::<i64>) {
        None => None,
        Some(Ok(seconds)) if seconds > 0 => Some(seconds),
        Some(_) => {
            return Err(Status::new(
                422,
                "Invalid",
                "PodLogOptions \"\" is invalid: sinceSeconds: Invalid value: must be greater than 0",
            ));
        }
    };
    let now = jiff::Timestamp::try_from(infra_clock::wall_now()).unwrap_or_default();
    let from_age = seconds.map(|seconds| now - jiff::SignedDuration::from_secs(seconds));
    let from_time =
        call.parameter("sinceTime").and_then(|text| text.parse::<jiff::Timestamp>().ok());
    Ok(match (from_age.or(from_time), at) {
        (Some(from), Some(at)) => at >= from,
        _ => true,
    })
}

/// All that a container writes, it writes when it begins.
fn plain(call: &Call, text: &str, run: &Value, following: Option<Following>) -> Answer {
    let at = began(run);
    let mut text = if is_wanted(call, at)? { text.to_owned() } else { String::new() };
    let stamped = call.flag("timestamps");
    if let Some(at) = at.filter(|_| stamped) {
        text = text.split_inclusive('\n').map(|line| format!("{at:.9} {line}")).collect();
    }
    if let Some(lines) = call.parameter("tailLines").and_then(|lines| lines.parse::<usize>().ok()) {
        let all: Vec<&str> = text.split_inclusive('\n').collect();
        text = all[all.len().saturating_sub(lines)..].concat();
    }
    if let Some(bytes) = call.parameter("limitBytes").and_then(|bytes| bytes.parse::<usize>().ok())
        && let Some(prefix) = text.get(..bytes)
    {
        text = prefix.to_owned();
    }
    let mut response = match following {
        None => text_response(200, text),
        Some(following) => {
            let first = stream::once(async move { Ok::<_, Infallible>(Bytes::from(text)) });
            let rest = stream::once(following.end()).filter_map(|()| async { None });
            Response::new(Body::from_stream(first.chain(rest)))
        }
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    Ok(response)
}

pub(super) fn container_of(call: &Call, target: &Target, pod: &Value) -> Result<String, Status> {
    let names = |key: &str| -> Vec<String> {
        pod["spec"][key]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["name"].as_str().map(str::to_owned))
            .collect()
    };
    let (containers, init) = (names("containers"), names("initContainers"));
    match call.parameter("container").filter(|name| !name.is_empty()) {
        Some(name) if containers.iter().chain(&init).any(|own| own == name) => Ok(name.to_owned()),
        Some(name) => Err(Status::bad_request(format!(
            "container {name} is not valid for pod {}",
            target.name
        ))),
        None if containers.len() == 1 => Ok(containers[0].clone()),
        None => Err(Status::bad_request(format!(
            "a container name must be specified for pod {}, choose one of: [{}]",
            target.name,
            containers.join(" ")
        ))),
    }
}
