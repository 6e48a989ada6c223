//! [`Proxy`]: stands between a provider and its emulated cloud, and changes what goes through.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderName, StatusCode, Uri, header};
use serde_json::Value as Json;
use tokio::net::TcpListener;

use crate::failure::{Failure, Result};

/// The largest body that goes through.
const LARGEST: usize = 16 << 20;
/// Headers that go through.
const HEADERS: [HeaderName; 4] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::RETRY_AFTER,
    HeaderName::from_static("x-request-id"),
];

/// What the proxy does.
#[derive(Clone, Copy, Default)]
pub(crate) struct Interference {
    /// Changes good answers.
    pub(crate) answers: Option<fn(&mut Json)>,
    /// Adds fields that nobody knows to every object of good answers, but those below these keys.
    pub(crate) unknown_fields_but: Option<&'static [&'static str]>,
    /// The query parameter that is set to 1, so that each page has one entry.
    pub(crate) pages_of_one: Option<&'static str>,
}

/// A proxy that runs as long as the runtime.
pub(crate) struct Proxy {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    interference: Interference,
    target: String,
    client: reqwest::Client,
    swallows: AtomicBool,
    further_pages: AtomicUsize,
}

impl Proxy {
    pub(crate) async fn start(target: String, interference: Interference) -> Result<Self> {
        let failed = |error: std::io::Error| Failure::of("start the proxy", error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .map_err(|error| Failure::of("start the proxy", error))?;
        let shared = Arc::new(Shared {
            interference,
            target,
            client,
            swallows: AtomicBool::new(false),
            further_pages: AtomicUsize::new(0),
        });
        let router = axum::Router::new().fallback(handle).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url: format!("http://{address}"), shared })
    }

    /// From now on, what would change something is accepted and not handed on.
    pub(crate) fn swallow(&self) {
        self.shared.swallows.store(true, Ordering::SeqCst);
    }

    /// How many pages beyond the first were asked for.
    pub(crate) fn further_pages(&self) -> usize {
        self.shared.further_pages.load(Ordering::SeqCst)
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    shared.answer(request).await.unwrap_or_else(|error| {
        let mut response = Response::new(Body::from(error.to_string()));
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    })
}

impl Shared {
    async fn answer(&self, request: Request) -> std::result::Result<Response, axum::Error> {
        let (parts, body) = request.into_parts();
        let mut response = Response::default();
        if self.swallows.load(Ordering::SeqCst) && !parts.method.is_safe() {
            *response.status_mut() = StatusCode::NO_CONTENT;
            return Ok(response);
        }
        let url = format!("{}{}", self.target, self.path(&parts.uri));
        let mut onward = self.client.request(parts.method, url);
        for name in &HEADERS {
            if let Some(value) = parts.headers.get(name) {
                onward = onward.header(name, value);
            }
        }
        let bytes = axum::body::to_bytes(body, LARGEST).await?;
        let reply = onward.body(bytes).send().await.map_err(axum::Error::new)?;
        *response.status_mut() = reply.status();
        for name in &HEADERS {
            if let Some(value) = reply.headers().get(name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        let good = reply.status().is_success();
        let mut bytes = reply.bytes().await.map_err(axum::Error::new)?;
        if good && let Ok(mut json) = serde_json::from_slice::<Json>(&bytes) {
            if let Some(change) = self.interference.answers {
                change(&mut json);
            }
            if let Some(own_words) = self.interference.unknown_fields_but {
                add_unknown_fields(&mut json, own_words);
            }
            bytes = json.to_string().into();
        }
        *response.body_mut() = Body::from(bytes);
        Ok(response)
    }

    fn path(&self, uri: &Uri) -> String {
        let whole = uri.path_and_query().map_or("/", |whole| whole.as_str()).to_owned();
        let (Some(name), Some(query)) = (self.interference.pages_of_one, uri.query()) else {
            return whole;
        };
        let mut further = false;
        let parameters: Vec<String> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((key, _)) if key == name => format!("{name}=1"),
                Some(("page", number)) => {
                    further |= number != "1";
                    pair.to_owned()
                }
                _ => pair.to_owned(),
            })
            .collect();
        self.further_pages.fetch_add(usize::from(further), Ordering::SeqCst);
        format!("{}?{}", uri.path(), parameters.join("&"))
    }
}

/// Adds fields that nobody knows to every object, but those below one of these keys.
fn add_unknown_fields(json: &mut Json, own_words: &[&str]) {
    match json {
        Json::Object(map) => {
            let others = map.iter_mut().filter(|(key, _)| !own_words.contains(&key.as_str()));
            others.for_each(|(_, value)| add_unknown_fields(value, own_words));
            map.insert("x_conformance".into(), serde_json::json!({ "new": [1, null] }));
        }
        Json::Array(list) => list.iter_mut().for_each(|value| add_unknown_fields(value, own_words)),
        _ => {}
    }
}
