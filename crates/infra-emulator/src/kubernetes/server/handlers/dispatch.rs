//! The way of every request: faults, authentication, impersonation, authorization, and the handler of its path.

use std::sync::Arc;

use axum::body::Body;
use http::header::{ACCEPT, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use serde_json::Value;

use super::query::query_of;
use super::{bind, discovery, evict, listing, logs, objects, scale, streams, watching};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::machinery::write::FieldValidation;
use crate::kubernetes::server::access::{
    Attributes, TokenGrant, authenticate, impersonated, review,
};
use crate::kubernetes::server::api::Api;
use crate::kubernetes::server::http::{
    Answer, Peer, RequestInfo, add_warning, json_response, parameter, text_response,
};
use crate::kubernetes::server::protobuf;
use crate::kubernetes::server::registry::{Caller, Target};
use crate::kubernetes::server::security::Identity;

/// The largest body that is read, as of a real API server.
const LARGEST_BODY: usize = 3 << 20;
/// Paths that may be read without any credential.
const PUBLIC: [&str; 4] = ["/healthz", "/livez", "/readyz", "/version"];

/// A request on its way.
pub(super) struct Call {
    /// The server.
    pub(super) api: Arc<Api>,
    /// What it asks for.
    pub(super) info: RequestInfo,
    /// Query parameters.
    pub(super) query: Vec<(String, String)>,
    /// Headers.
    pub(super) headers: HeaderMap,
    /// Who sends it, after impersonation.
    pub(super) identity: Identity,
}

impl Call {
    /// A query parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.query, name)
    }

    /// Whether a query parameter is set: as the API reads it, any text but `false` and `0` sets it.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.parameter(name).is_some_and(|on| !on.eq_ignore_ascii_case("false") && on != "0")
    }

    /// The `Accept` header.
    pub(super) fn accept(&self) -> Option<&str> {
        self.headers.get(ACCEPT).and_then(|value| value.to_str().ok())
    }

    /// The media type of the body, without parameters.
    pub(super) fn content_type(&self) -> &str {
        let header = self.headers.get(http::header::CONTENT_TYPE);
        let text = header.and_then(|value| value.to_str().ok()).unwrap_or_default();
        text.split(';').next().unwrap_or_default().trim()
    }

    /// Who asks, and how, from the query and the user agent.
    pub(super) fn caller(&self) -> Result<Caller, Status> {
        let agent = self.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let agent = agent.unwrap_or("unknown").split('/').next().unwrap_or_default();
        let manager = self.parameter("fieldManager").filter(|name| !name.is_empty());
        let field_validation = match self.parameter("fieldValidation") {
            Some("Ignore") => FieldValidation::Ignore,
            Some("Strict") => FieldValidation::Strict,
            _ => FieldValidation::Warn,
        };
        Ok(Caller {
            identity: self.identity.clone(),
            manager: manager.unwrap_or(agent).to_owned(),
            dry_run: self.query.iter().any(|(key, value)| key == "dryRun" && value == "All"),
            field_validation,
            force: self.flag("force"),
        })
    }

    /// 404 as the router gives it.
    pub(super) fn unknown_resource(&self) -> Status {
        Status::unknown_path()
    }
}

/// Answers a request.
pub(in crate::kubernetes::server) async fn handle(
    api: Arc<Api>,
    request: Request<Body>,
    peer: Peer,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    match answer(api, parts, body, &peer).await {
        Ok(response) => response,
        Err(status) => Response::from(&status),
    }
}

async fn answer(api: Arc<Api>, parts: Parts, body: Body, peer: &Peer) -> Answer {
    let query = query_of(parts.uri.query().unwrap_or_default());
    let info = RequestInfo::parse(&parts.method, parts.uri.path(), &query);
    // A rehearsal's clock stands still while a request is worked on, but not while a watch is open.
    let _busy = (!info.is_long_running()).then(|| api.clock.busy());
    if let Some(fault) = api.faults.of_request(&info.verb, &info.path) {
        return Err(failure(&fault));
    }
    let public = PUBLIC.iter().any(|path| {
        info.path == *path || info.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    });
    let identity = match authenticate(&api, &parts.headers, peer)? {
        Some(identity) => impersonated(&api, &parts.headers, identity)?,
        None if public => Identity::anonymous(),
        None => return Err(Status::unauthorized()),
    };
    if !public {
        api.authorize(&identity, &Attributes::of(&info))?;
    }
    let headers = parts.headers.clone();
    let mut call = Call { api, info, query, headers, identity };
    if !call.info.is_resource {
        return discovery::answer(&call, &parts.method);
    }
    let Some(target) = target(&call) else { return unserved(&call) };
    match call.info.subresource.as_str() {
        "exec" | "attach" | "portforward" => return streams::answer(&call, &target, parts).await,
        "proxy" => {
            let text = "no endpoints available: emulated containers serve nothing";
            return Err(Status::new(503, "ServiceUnavailable", text));
        }
        _ => {}
    }
    let body = axum::body::to_bytes(body, LARGEST_BODY)
        .await
        .map_err(|_| Status::new(413, "RequestEntityTooLarge", "limit is 3145728"))?;
    let body = as_json(&mut call, body)?;
    let mut response = match route(&call, &target, &body).await {
        Ok(response) => response,
        Err(status) => Response::from(&status),
    };
    if let Some(warning) = target.resource.deprecation() {
        add_warning(&mut response, &warning);
    }
    Ok(response)
}

/// A protobuf body as the JSON that it stands for; the call's content type says so from then on.
fn as_json(call: &mut Call, body: bytes::Bytes) -> Result<bytes::Bytes, Status> {
    if call.content_type() != protobuf::MEDIA_TYPE || body.is_empty() {
        return Ok(body);
    }
    let object = protobuf::to_json(&body)
        .ok_or_else(|| Status::bad_request("the body is no protobuf object of a known kind"))?;
    let json = http::HeaderValue::from_static("application/json");
    call.headers.insert(http::header::CONTENT_TYPE, json);
    Ok(object.to_string().into())
}

fn failure(fault: &crate::kubernetes::server::faults::RequestFault) -> Status {
    match fault.code {
        429 => Status::too_many_requests(
            "too many requests, please try again later",
            fault.retry_after_seconds.unwrap_or(1),
        ),
        503 => Status::new(
            503,
            "ServiceUnavailable",
            "the server is currently unable to handle the request",
        ),
        code => {
            let mut status = Status::internal("scripted fault");
            status.code = code;
            status
        }
    }
}

/// What a path is answered with that names no served resource: groups of custom kinds know nothing but what they serve.
fn unserved(call: &Call) -> Answer {
    let scheme = call.api.scheme();
    let group = &call.info.group;
    // A resource that is served knows its subresources.
    let known = scheme.resource(group, &call.info.version, &call.info.resource).is_some();
    if known && !call.info.subresource.is_empty() {
        return Err(call.unknown_resource());
    }
    let built_in = scheme.resources().any(|own| own.custom.is_none() && own.kind.group == *group);
    if built_in {
        Err(call.unknown_resource())
    } else {
        Ok(text_response(404, "404 page not found\n"))
    }
}

/// The resource that the path names, in the version that it names.
fn target(call: &Call) -> Option<Target> {
    let info = &call.info;
    let scheme = call.api.scheme();
    let resource = scheme.resource(&info.group, &info.version, &info.resource)?.clone();
    let is_namespace = resource.kind.group.is_empty() && resource.plural == "namespaces";
    if !resource.namespaced && !info.namespace.is_empty() && !is_namespace {
        return None;
    }
    let named =
        !info.name.is_empty() || matches!(info.verb.as_str(), "create" | "update" | "patch");
    if resource.namespaced && info.namespace.is_empty() && named {
        return None;
    }
    if !info.subresource.is_empty() && resource.subresource(&info.subresource).is_none() {
        return None;
    }
    let mut target = Target::object(resource, &info.namespace, &info.name);
    target.subresource.clone_from(&info.subresource);
    Some(target)
}

async fn route(call: &Call, target: &Target, body: &[u8]) -> Answer {
    match (target.subresource.as_str(), call.info.verb.as_str()) {
        ("", "list") => listing::list(call, target).await,
        ("", "watch") => watching::watch(call, target).await,
        ("", "create") if !target.name.is_empty() => Err(Status::no_such_method()),
        ("", "update" | "patch") if target.name.is_empty() => Err(Status::no_such_method()),
        ("", "create") if is_review(target) => create_review(call, target, body),
        ("", "deletecollection") => objects::delete_collection(call, target, body).await,
        ("scale", verb) => scale::answer(call, target, verb, body).await,
        ("log", "get") => logs::answer(call, target),
        ("binding", "create") => bind::answer(call, target, body).await,
        ("eviction", "create") => evict::answer(call, target, body).await,
        ("token", "create") => create_token(call, target, body),
        ("", verb) => objects::answer(call, target, verb, body).await,
        (sub, verb) => {
            let served = target.resource.subresource(sub);
            if served.is_some_and(|sub| sub.verbs.iter().any(|own| own == verb)) {
                objects::answer(call, target, verb, body).await
            } else {
                Err(Status::no_such_method())
            }
        }
    }
}

fn is_review(target: &Target) -> bool {
    matches!(target.resource.kind.group.as_str(), "authentication.k8s.io" | "authorization.k8s.io")
}

fn decoded(call: &Call, target: &Target, body: &[u8]) -> Result<Value, Status> {
    let _ = target;
    if call.content_type().ends_with("yaml") {
        return serde_saphyr::from_slice(body)
            .map_err(|error| Status::bad_request(error.to_string()));
    }
    serde_json::from_slice(body).map_err(|error| Status::bad_request(error.to_string()))
}

fn create_review(call: &Call, target: &Target, body: &[u8]) -> Answer {
    let object = decoded(call, target, body)?;
    let answer = review(&call.api, &target.resource, &target.namespace, &call.identity, object);
    match answer {
        Some(answer) => Ok(json_response(201, &answer, &[])),
        None => Err(call.unknown_resource()),
    }
}

fn create_token(call: &Call, target: &Target, body: &[u8]) -> Answer {
    let account =
        call.api.store.get(&target.key(&target.name)).ok_or_else(|| target.not_found())?;
    let request = decoded(call, target, body)?;
    let answer = TokenGrant { account: &account, request }.issue(&call.api)?;
    Ok(json_response(201, &answer, &[]))
}
