//! Requests to a Kubernetes API: bounded, timed by the wall, repeated where that is safe, refreshed after a 401.
//!
//! World time does not jump while a request is in flight, and does while a repetition is waited for. Every request that is made here
//! may be repeated: reads, deletions, server-side applies, and creations of objects with a name.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::io::AsyncBufRead;
use http::{Method, Request};
use infra_provider::ProviderError;
use kube::client::Body;

use crate::{Cluster, FIELD_MANAGER, Failure, Json, ObjectRef};

/// Wall time that one request may take. Webhooks may take 30 seconds by their own limit.
const LIMIT: Duration = Duration::from_secs(35);
/// World time for which a request of a run is made again: an API server that is being upgraded is away for minutes.
const PATIENCE: Duration = Duration::from_secs(300);
/// The same while planning, when somebody waits and nothing is under way.
const SHORT_PATIENCE: Duration = Duration::from_secs(20);
/// The longest pause between two tries, in world time.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Entries of a page of a listing.
const PAGE: usize = 500;

/// How objects are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// The object goes at once, its dependents are collected afterwards.
    Background,
    /// Its dependents go first.
    Foreground,
}

/// A listing.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) items: Vec<Json>,
    pub(crate) resource_version: String,
}

pub(crate) struct Call<'call> {
    pub(crate) operation: &'call str,
    pub(crate) method: Method,
    pub(crate) path: &'call str,
    pub(crate) query: &'call [(&'call str, &'call str)],
    pub(crate) content_type: &'static str,
    pub(crate) body: Option<&'call Json>,
}

impl Cluster {
    /// The object; `None` if it, or its kind, is not there.
    ///
    /// # Errors
    /// Any other answer.
    pub async fn get(&self, object: &ObjectRef) -> Result<Option<Json>, Failure> {
        let found = match self.resource(object).await {
            Ok(resource) => self.get_path(&resource.path(object), &format!("read {object}")).await,
            Err(failure) => Err(failure),
        };
        match found {
            Ok(found) => Ok(Some(found)),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// What is at a path of the API.
    ///
    /// # Errors
    /// Any answer but success.
    pub async fn get_path(&self, path: &str, operation: &str) -> Result<Json, Failure> {
        let call =
            Call { operation, method: Method::GET, path, query: &[], content_type: "", body: None };
        self.call(&call).await
    }

    /// Applies an object; gives it as the server has it then (or, with `dry_run`, would have it).
    ///
    /// # Errors
    /// Any answer but success; conflicts of field ownership unless `force`.
    pub async fn apply(&self, object: &Json, force: bool, dry_run: bool) -> Result<Json, Failure> {
        let reference = ObjectRef::of(object)
            .ok_or_else(|| Failure::unreachable("apply an object", "it has no kind or name"))?;
        let path = self.resource(&reference).await?.path(&reference);
        let mut query = vec![
            ("fieldManager", FIELD_MANAGER),
            ("force", if force { "true" } else { "false" }),
            ("fieldValidation", "Strict"),
        ];
        if dry_run {
            query.push(("dryRun", "All"));
        }
        let call = Call {
            operation: &format!("{} {reference}", if dry_run { "compare" } else { "apply" }),
            method: Method::PATCH,
            path: &path,
            query: &query,
            content_type: "application/apply-patch+yaml",
            body: Some(object),
        };
        self.call(&call).await
    }

    /// Changes an object by a JSON merge patch.
    ///
    /// # Errors
    /// Any answer but success.
    pub async fn merge(&self, object: &ObjectRef, patch: &Json) -> Result<Json, Failure> {
        let path = self.resource(object).await?.path(object);
        let call = Call {
            operation: &format!("change {object}"),
            method: Method::PATCH,
            path: &path,
            query: &[("fieldManager", FIELD_MANAGER)],
            content_type: "application/merge-patch+json",
            body: Some(patch),
        };
        self.call(&call).await
    }

    /// Starts to delete an object; true if it was there. `uid` makes sure that it is that very object.
    ///
    /// # Errors
    /// Any answer but success and "not found".
    pub async fn delete_object(
        &self,
        object: &ObjectRef,
        propagation: Propagation,
    ) -> Result<bool, Failure> {
        let path = match self.resource(object).await {
            Ok(resource) => resource.path(object),
            Err(failure) if failure.is_not_found() => return Ok(false),
            Err(failure) => return Err(failure),
        };
        let policy = match propagation {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
        };
        let options = serde_json::json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": policy,
        });
        let call = Call {
            operation: &format!("delete {object}"),
            method: Method::DELETE,
            path: &path,
            query: &[],
            content_type: "application/json",
            body: Some(&options),
        };
        match self.call(&call).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.is_not_found() => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// All objects of the collection at a path, such as `/api/v1/nodes`.
    ///
    /// # Errors
    /// Any answer but success.
    pub async fn list_all(&self, path: &str) -> Result<Vec<Json>, Failure> {
        Ok(self.list(path).await?.items)
    }

    /// The objects of the collection at a path that a label selector selects.
    pub(crate) async fn list_selected(
        &self,
        path: &str,
        selector: &str,
    ) -> Result<Vec<Json>, Failure> {
        Ok(self.list_pages(path, Some(selector)).await?.items)
    }

    /// All objects of a collection, page by page; none if the kind is not there.
    pub(crate) async fn list(&self, path: &str) -> Result<Listing, Failure> {
        self.list_pages(path, None).await
    }

    async fn list_pages(&self, path: &str, selector: Option<&str>) -> Result<Listing, Failure> {
        let mut listing = Listing { items: Vec::new(), resource_version: String::new() };
        let mut next = String::new();
        let limit = PAGE.to_string();
        loop {
            let mut query = vec![("limit", limit.as_str())];
            query.extend(selector.map(|selector| ("labelSelector", selector)));
            if !next.is_empty() {
                query.push(("continue", next.as_str()));
            }
            let call = Call {
                operation: &format!("list {path}"),
                method: Method::GET,
                path,
                query: &query,
                content_type: "",
                body: None,
            };
            let mut page = match self.call(&call).await {
                Ok(page) => page,
                // The listing was cut by a compaction of the server's store: begin anew, from a newer state.
                Err(failure) if failure.code == 410 && !next.is_empty() => {
                    listing.items.clear();
                    next.clear();
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            let text = |page: &Json, pointer: &str| {
                page.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned()
            };
            listing.resource_version = text(&page, "/metadata/resourceVersion");
            let token = text(&page, "/metadata/continue");
            if let Some(Json::Array(items)) = page.get_mut("items").map(Json::take) {
                listing.items.extend(items);
            }
            if token.is_empty() {
                return Ok(listing);
            }
            next = token;
        }
    }

    /// Makes a request until there is an answer that another try would not change.
    pub(crate) async fn call(&self, call: &Call<'_>) -> Result<Json, Failure> {
        let mut tries = 1;
        let mut refreshed = false;
        let began = self.context.clock.now();
        let patience = if self.context.progress.is_heard() { PATIENCE } else { SHORT_PATIENCE };
        loop {
            let failure = match self.call_once(call).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if failure.code == 401 && !refreshed {
                refreshed = true;
                continue;
            }
            let pause = failure
                .retry_after
                .unwrap_or_else(|| Duration::from_secs(1 << (tries - 1).min(6)).min(LONGEST_PAUSE));
            let late = self.context.clock.now().since(began) + pause > patience;
            if !failure.is_passing() || late {
                return Err(failure);
            }
            tries += 1;
            self.context.progress.retrying(tries, &failure.message, pause);
            self.pause(pause, call.operation).await?;
        }
    }

    /// Waits in world time, unless the run is cancelled.
    pub(crate) async fn pause(
        &self,
        pause: Duration,
        operation: &str,
    ) -> Result<(), ProviderError> {
        tokio::select! {
            () = self.context.clock.sleep(pause) => Ok(()),
            () = self.context.cancel.cancelled() => Err(ProviderError::cancelled(operation)),
        }
    }

    async fn call_once(&self, call: &Call<'_>) -> Result<Json, Failure> {
        let connection = self.connection().await?;
        let permit = connection.in_flight.acquire().await;
        self.clients.requests.fetch_add(1, Ordering::Relaxed);
        let busy = self.context.clock.busy();
        let exchange = async {
            let answer = connection.client.send(request(call)?).await;
            let answer = answer.map_err(|error| unreachable(call.operation, &error))?;
            let (parts, body) = answer.into_parts();
            let bytes =
                body.collect_bytes().await.map_err(|error| unreachable(call.operation, &error))?;
            Ok::<_, Failure>((parts, bytes))
        };
        let answered = tokio::select! {
            answered = tokio::time::timeout(LIMIT, exchange) => answered,
            () = self.context.cancel.cancelled() => {
                return Err(ProviderError::cancelled(call.operation).into());
            }
        };
        drop((busy, permit));
        let (parts, bytes) = answered.map_err(|_| {
            Failure::unreachable(call.operation, format!("no answer within {} s", LIMIT.as_secs()))
        })??;
        if parts.status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|error| {
                Failure::unreachable(call.operation, format!("the answer is no JSON: {error}"))
            });
        }
        if parts.status == http::StatusCode::UNAUTHORIZED {
            self.refused(&connection).await;
        }
        let after = parts.headers.get(http::header::RETRY_AFTER);
        let after = after.and_then(|value| value.to_str().ok()?.parse().ok());
        Err(Failure::answer(call.operation, parts.status.as_u16(), after, &bytes))
    }

    /// Opens a stream of lines: a watch, or logs that are followed. World time may jump between the lines.
    pub(crate) async fn stream(
        &self,
        operation: &str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<impl AsyncBufRead + Unpin + Send + use<>, Failure> {
        use futures::TryStreamExt as _;
        let connection = self.connection().await?;
        self.clients.requests.fetch_add(1, Ordering::Relaxed);
        let call =
            Call { operation, method: Method::GET, path, query, content_type: "", body: None };
        let mut wanted = request(&call)?;
        // Some servers compress streams in a way that holds lines back.
        wanted
            .headers_mut()
            .insert(http::header::ACCEPT_ENCODING, http::HeaderValue::from_static("identity"));
        let busy = self.context.clock.busy();
        let answer = tokio::time::timeout(LIMIT, connection.client.send(wanted))
            .await
            .map_err(|_| Failure::unreachable(operation, "no answer"))?
            .map_err(|error| unreachable(operation, &error))?;
        drop(busy);
        let (parts, body) = answer.into_parts();
        if !parts.status.is_success() {
            let bytes = body.collect_bytes().await.unwrap_or_default();
            if parts.status == http::StatusCode::UNAUTHORIZED {
                self.refused(&connection).await;
            }
            return Err(Failure::answer(operation, parts.status.as_u16(), None, &bytes));
        }
        let stream = http_body_util::BodyExt::into_data_stream(body);
        Ok(Box::pin(stream.map_err(std::io::Error::other)).into_async_read())
    }
}

fn request(call: &Call<'_>) -> Result<Request<Body>, Failure> {
    let mut uri = call.path.to_owned();
    for (index, (key, value)) in call.query.iter().enumerate() {
        uri.push(if index == 0 { '?' } else { '&' });
        uri.push_str(key);
        uri.push('=');
        uri.push_str(&escaped(value));
    }
    let mut builder = Request::builder()
        .method(call.method.clone())
        .uri(uri)
        .header(http::header::ACCEPT, "application/json");
    if !call.content_type.is_empty() {
        builder = builder.header(http::header::CONTENT_TYPE, call.content_type);
    }
    let body = call.body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    builder.body(Body::from(body)).map_err(|error| {
        Failure::unreachable(call.operation, format!("the request is malformed: {error}"))
    })
}

/// Percent-encodes all but unreserved characters (RFC 3986, 2.3).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The innermost reason why no answer came: the outer ones only say that a request failed.
fn unreachable(operation: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    Failure::unreachable(operation, innermost.to_string())
}
