//! `pods/log`: what the emulated containers have written.

use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use super::dispatch::Call;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::http::{Answer, text_response};
use crate::kubernetes::server::registry::Target;

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
    if let Some(waiting) = state.get("waiting") {
        let reason = waiting["reason"].as_str().unwrap_or("ContainerCreating");
        let text = match reason {
            "ContainerCreating" | "PodInitializing" => {
                format!(
                    "container {container:?} in pod {:?} is waiting to start: {reason}",
                    target.name
                )
            }
            "CrashLoopBackOff" => return Ok(plain(call, &call.api.log_of(&pod, &container))),
            _ => format!(
                "container {container:?} in pod {:?} is waiting to start: {}",
                target.name,
                if reason.contains("Image") { "trying and failing to pull image" } else { reason }
            ),
        };
        return Err(Status::bad_request(text));
    }
    Ok(plain(call, &call.api.log_of(&pod, &container)))
}

fn plain(call: &Call, text: &str) -> http::Response<axum::body::Body> {
    let mut text = text.to_owned();
    if let Some(lines) = call.parameter("tailLines").and_then(|lines| lines.parse::<usize>().ok()) {
        let all: Vec<&str> = text.split_inclusive('\n').collect();
        text = all[all.len().saturating_sub(lines)..].concat();
    }
    if let Some(bytes) = call.parameter("limitBytes").and_then(|bytes| bytes.parse::<usize>().ok())
        && let Some(prefix) = text.get(..bytes)
    {
        text = prefix.to_owned();
    }
    let mut response = text_response(200, text);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

fn container_of(call: &Call, target: &Target, pod: &Value) -> Result<String, Status> {
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
