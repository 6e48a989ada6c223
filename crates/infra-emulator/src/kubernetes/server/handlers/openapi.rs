//! OpenAPI documents, made from what is served: clients read from them which kinds there are and that field validation is known.

use serde_json::{Map, Value, json};

use super::dispatch::Call;
use crate::kubernetes::machinery::scheme::{Resource, Scheme};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::http::{Answer, json_response, text_response};

/// Answers `/openapi/...`.
pub(super) fn answer(call: &Call, scheme: &Scheme, rest: &[&str]) -> Answer {
    match rest {
        ["v2"] => {
            let binary = call.accept().is_some_and(|accept| !accept.contains("json"));
            if binary && !call.accept().is_some_and(|accept| accept.contains("*/*")) {
                return Err(Status::not_acceptable("OpenAPI v2 is given as application/json"));
            }
            Ok(json_response(200, &version_two(call, scheme), &[]))
        }
        ["v3"] => Ok(json_response(200, &index(scheme), &[])),
        ["v3", "version"] => Ok(text_response(404, "404 page not found\n")),
        ["v3", "api", version] => document(call, scheme, "", version),
        ["v3", "apis", group, version] => document(call, scheme, group, version),
        _ => Ok(text_response(404, "404 page not found\n")),
    }
}

fn group_path(resource: &Resource) -> String {
    let kind = &resource.kind;
    if kind.group.is_empty() {
        format!("api/{}", kind.version)
    } else {
        format!("apis/{}/{}", kind.group, kind.version)
    }
}

fn index(scheme: &Scheme) -> Value {
    let mut paths = Map::new();
    for resource in scheme.resources() {
        let path = group_path(resource);
        let url = format!("/openapi/v3/{path}");
        paths.insert(path, json!({"serverRelativeURL": url}));
    }
    json!({"paths": paths})
}

fn info(call: &Call) -> Value {
    json!({"title": "Kubernetes", "version": format!("v{}", call.api.version)})
}

fn document(call: &Call, scheme: &Scheme, group: &str, version: &str) -> Answer {
    let resources: Vec<_> = scheme
        .resources()
        .filter(|own| own.kind.group == group && own.kind.version == version)
        .collect();
    if resources.is_empty() {
        return Ok(text_response(404, "404 page not found\n"));
    }
    let mut paths = Map::new();
    let prefix = "#/components/schemas/";
    let schemas = Scheme::open_api_schemas(resources.iter().map(|own| &***own), prefix);
    for resource in resources {
        let (collection, object) = resource_paths(resource);
        let reference = format!("{prefix}{}", Scheme::schema_name(resource));
        paths.insert(collection, json!({"post": operation(resource, "post", &reference)}));
        paths.insert(
            object,
            json!({
                "get": operation(resource, "get", &reference),
                "put": operation(resource, "put", &reference),
                "patch": operation(resource, "patch", &reference),
                "delete": operation(resource, "delete", &reference),
            }),
        );
    }
    let document = json!({
        "openapi": "3.0.0",
        "info": info(call),
        "paths": paths,
        "components": {"schemas": schemas},
    });
    Ok(json_response(200, &document, &[]))
}

fn resource_paths(resource: &Resource) -> (String, String) {
    let base = format!("/{}", group_path(resource));
    let collection = if resource.namespaced {
        format!("{base}/namespaces/{{namespace}}/{}", resource.plural)
    } else {
        format!("{base}/{}", resource.plural)
    };
    let object = format!("{collection}/{{name}}");
    (collection, object)
}

fn group_version_kind(resource: &Resource) -> Value {
    let kind = &resource.kind;
    json!({"group": kind.group, "version": kind.version, "kind": kind.kind})
}

fn operation(resource: &Resource, method: &str, reference: &str) -> Value {
    let action = match method {
        "post" => "post",
        "put" => "put",
        "patch" => "patch",
        "delete" => "delete",
        _ => "get",
    };
    let query = |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
    let mut operation = json!({
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": group_version_kind(resource),
        "responses": {
            "200": {
                "description": "OK",
                "content": {"application/json": {"schema": {"$ref": reference}}},
            },
        },
    });
    if matches!(method, "post" | "put" | "patch") {
        operation["parameters"] =
            json!([query("dryRun"), query("fieldManager"), query("fieldValidation")]);
    }
    operation
}

fn version_two(call: &Call, scheme: &Scheme) -> Value {
    let mut paths = Map::new();
    let prefix = "#/definitions/";
    let definitions = Scheme::open_api_schemas(scheme.resources().map(|own| &**own), prefix);
    for resource in scheme.resources() {
        let reference = format!("{prefix}{}", Scheme::schema_name(resource));
        let (_, object) = resource_paths(resource);
        let mut patch = operation(resource, "patch", &reference);
        patch["responses"] = json!({"200": {"description": "OK", "schema": {"$ref": reference}}});
        paths.insert(object, json!({"patch": patch}));
    }
    json!({"swagger": "2.0", "info": info(call), "paths": paths, "definitions": definitions})
}
