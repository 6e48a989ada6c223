//! Paths that name no resource: discovery, version, health, OpenAPI.

use http::Method;
use serde_json::{Value, json};

use super::dispatch::Call;
use super::openapi;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::http::{Answer, json_response, text_response};

/// Answers a path that names no resource.
pub(super) fn answer(call: &Call, method: &Method) -> Answer {
    if method != Method::GET && method != Method::HEAD {
        return Err(Status::no_such_method());
    }
    let parts: Vec<&str> = call.info.path.split('/').filter(|part| !part.is_empty()).collect();
    let scheme = call.api.scheme();
    match parts.as_slice() {
        [] => Ok(json_response(200, &json!({"paths": paths(call)}), &[])),
        ["version"] => Ok(json_response(200, &version(&call.api.version), &[])),
        ["healthz" | "livez" | "readyz", ..] => Ok(text_response(200, "ok")),
        ["api"] if wants_aggregated(call) => Ok(aggregated(&scheme.aggregated(true))),
        ["apis"] if wants_aggregated(call) => Ok(aggregated(&scheme.aggregated(false))),
        ["api"] => {
            let address = host(call);
            Ok(json_response(200, &scheme.api_versions(&address), &[]))
        }
        ["apis"] => Ok(json_response(200, &scheme.group_list(), &[])),
        ["api", version] => match scheme.resource_list("", version) {
            Some(list) => Ok(json_response(200, &list, &[])),
            None => Err(Status::unknown_path()),
        },
        ["apis", group] => match scheme.group(group) {
            Some(group) => Ok(json_response(200, &group, &[])),
            None => Ok(not_found()),
        },
        ["apis", group, version] => match scheme.resource_list(group, version) {
            Some(list) => Ok(json_response(200, &list, &[])),
            None if scheme.group(group).is_some() => Err(Status::unknown_path()),
            None => Ok(not_found()),
        },
        ["openapi", rest @ ..] => openapi::answer(call, &scheme, rest),
        ["metrics"] => Ok(text_response(200, metrics(call))),
        _ => Ok(not_found()),
    }
}

fn not_found() -> http::Response<axum::body::Body> {
    text_response(404, "404 page not found\n")
}

fn paths(call: &Call) -> Vec<String> {
    let scheme = call.api.scheme();
    let mut paths = vec!["/api".to_owned(), "/api/v1".to_owned(), "/apis".to_owned()];
    for resource in scheme.resources().filter(|resource| !resource.kind.group.is_empty()) {
        let group = format!("/apis/{}", resource.kind.group);
        let version = format!("{group}/{}", resource.kind.version);
        for path in [group, version] {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths.extend(
        ["/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]
            .map(str::to_owned),
    );
    paths
}

fn metrics(call: &Call) -> String {
    let mut text = String::from("# TYPE apiserver_resource_objects gauge\n");
    for (resource, count) in call.api.store.resources() {
        text.push_str(&format!("apiserver_resource_objects{{resource={resource:?}}} {count}\n"));
    }
    text
}

fn host(call: &Call) -> String {
    let header = call.headers.get(http::header::HOST).and_then(|value| value.to_str().ok());
    header.unwrap_or("127.0.0.1").to_owned()
}

fn wants_aggregated(call: &Call) -> bool {
    call.accept().is_some_and(|accept| {
        accept.split(',').any(|clause| {
            clause.contains("as=APIGroupDiscoveryList")
                && clause.contains("v=v2")
                && !clause.contains("v=v2beta1")
                && clause.trim().starts_with("application/json")
        })
    })
}

fn aggregated(document: &Value) -> http::Response<axum::body::Body> {
    let mut response = json_response(200, document, &[]);
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static(
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        ),
    );
    response
}

/// The version document; `version` is such as `1.36.2`.
fn version(version: &str) -> Value {
    let mut numbers = version.split('.');
    json!({
        "major": numbers.next().unwrap_or("1"),
        "minor": numbers.next().unwrap_or("36"),
        "emulationMajor": version.split('.').next(),
        "emulationMinor": version.split('.').nth(1),
        "gitVersion": format!("v{version}"),
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}
