//! `pull_secret`: a Secret with which a namespace pulls images from a registry that is not integrated with its cluster.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use futures::future::BoxFuture;
use infra_clock::wall_now;
use infra_kube::{Clients, Json, ObjectRef, PREFIX, Propagation, wait_gone};
use infra_plan::{Address, Change, Field, IdentityClass, Kind, Observed, Value};
use infra_provider::{
    AccessError, Context, Created, ErrorKind, Goal, ProviderError, Resource, Subject,
};
use serde_json::json;

use super::place::{
    CALL, GONE, Owner, cluster, find_cluster, owner, owner_annotation, text, untold,
};

/// What the planner must know.
pub static KIND: Kind = Kind {
    name: "pull_secret",
    fields: &[
        Field::at_create("cluster"),
        Field::replace("cluster_id"),
        Field::replace("namespace"),
        Field::replace("name"),
        Field::at_create("registry"),
        Field::update("host"),
        Field::update("username"),
        Field::update("password").secret(),
        Field::update("login"),
    ],
    identity: IdentityClass::UniqueName,
    protected: false,
    waits: false,
    exclusive_within: None,
    dies_with: Some("cluster_id"),
    expected_seconds: 0.3,
};

/// How long before its expiry a login is replaced.
const MARGIN: Duration = Duration::from_secs(3600);

/// Pull secrets.
pub struct PullSecret {
    clients: Arc<Clients>,
}

/// Who one is at a registry.
struct Login {
    host: String,
    username: String,
    password: String,
    expires: Option<SystemTime>,
}

impl PullSecret {
    /// With these connections.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }

    async fn apply(&self, context: &Context, subject: &Subject) -> Result<(), ProviderError> {
        let cluster = cluster(&self.clients, context, subject).await?;
        let object = reference(subject)?;
        let login = login(context, subject).await?;
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let auth = encode(&format!("{}:{}", login.username, login.password));
        let entry = json!({ "username": login.username, "password": login.password, "auth": auth });
        let document = json!({ "auths": { login.host: entry } });
        let mut annotations =
            json!({ owner_annotation(): context.deployment.of(&subject.address) });
        if let Some(expires) = login.expires.and_then(|time| time.duration_since(UNIX_EPOCH).ok()) {
            annotations[format!("{PREFIX}/expires")] = expires.as_secs().to_string().into();
        }
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": object.name,
                "namespace": object.namespace,
                "annotations": annotations,
                "labels": { "app.kubernetes.io/managed-by": "infra" },
            },
            "type": "kubernetes.io/dockerconfigjson",
            "data": { ".dockerconfigjson": encode(&document.to_string()) },
        });
        cluster.apply(&secret, false, false).await?;
        Ok(())
    }
}

fn reference(subject: &Subject) -> Result<ObjectRef, ProviderError> {
    let namespace = text(&subject.inputs, "namespace")?;
    Ok(ObjectRef::new("v1", "Secret", Some(namespace), text(&subject.inputs, "name")?))
}

async fn login(context: &Context, subject: &Subject) -> Result<Login, ProviderError> {
    let Some(registry) = subject.inputs.text_at("registry") else {
        let given = |key: &str| text(&subject.inputs, key).map(str::to_owned);
        return Ok(Login {
            host: given("host")?,
            username: given("username")?,
            password: given("password")?,
            expires: None,
        });
    };
    let operation = || format!("log in to {registry}");
    let address: Address = registry.parse().map_err(|error| {
        ProviderError::new(ErrorKind::Unexpected, operation(), format!("{error}"))
    })?;
    match context.access.registry(&address, false).await {
        Ok(login) => Ok(Login {
            host: login.host,
            username: login.username,
            password: login.password.expose().unwrap_or_default().to_owned(),
            expires: login.expires,
        }),
        Err(AccessError::Absent) => {
            Err(ProviderError::new(ErrorKind::NotFound, operation(), "the registry does not exist"))
        }
        Err(AccessError::Provider(error)) => Err(error),
    }
}

/// The live login: host, user, password.
fn read(live: &Json) -> Option<(String, String, String)> {
    let encoded = live.pointer("/data/.dockerconfigjson")?.as_str()?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let document: Json = serde_json::from_slice(&bytes).ok()?;
    let (host, entry) = document.get("auths")?.as_object()?.iter().next()?;
    let text = |key: &str| entry.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    Some((host.clone(), text("username"), text("password")))
}

/// `valid`, or what is wrong with the live login.
fn state(live: &Json, readable: bool) -> &'static str {
    let annotation = live
        .pointer("/metadata/annotations")
        .and_then(|all| all.get(format!("{PREFIX}/expires")))
        .and_then(|value| value.as_str()?.parse().ok());
    let expires = annotation.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
    match expires {
        _ if !readable => "unreadable",
        Some(expires) if expires < wall_now() => "expired",
        Some(expires) if expires < wall_now() + MARGIN => "about to expire",
        _ => "valid",
    }
}

impl Resource for PullSecret {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn call_limit(&self) -> Duration {
        CALL
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        Box::pin(async move {
            let Some(cluster) = find_cluster(&self.clients, context, subject).await? else {
                return Ok(None);
            };
            let object = reference(subject)?;
            let Some(live) = cluster.get(&object).await? else { return Ok(None) };
            let mut observed = Observed::ready(object.to_string());
            observed.ours = owner(context, &subject.address, &live) == Owner::Us;
            let login = read(&live);
            let mut fields = vec![("login", Value::from(state(&live, login.is_some())))];
            for key in ["cluster_id", "namespace", "name"] {
                fields.push((key, untold(subject, key)));
            }
            let (host, username, password) = login.unwrap_or_default();
            fields.push(("host", host.into()));
            if subject.inputs.text_at("registry").is_none() {
                fields.push(("username", Value::secret(username)));
                fields.push(("password", Value::secret(password)));
            }
            observed.fields = Value::map(fields);
            observed.outputs = outputs(&object);
            Ok(Some(observed))
        })
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        Box::pin(async move {
            self.apply(context, subject).await?;
            let object = reference(subject)?;
            Ok(Created { id: object.to_string(), outputs: outputs(&object) })
        })
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        _changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        Box::pin(async move {
            self.apply(context, subject).await?;
            Ok(outputs(&reference(subject)?))
        })
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        Box::pin(async move {
            if let Some(cluster) = find_cluster(&self.clients, context, subject).await? {
                cluster.delete_object(&reference(subject)?, Propagation::Background).await?;
            }
            Ok(())
        })
    }

    fn wait<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        Box::pin(async move {
            let object = reference(subject)?;
            if goal == Goal::Gone
                && let Some(cluster) = find_cluster(&self.clients, context, subject).await?
            {
                wait_gone(&cluster, std::slice::from_ref(&object), GONE).await?;
            }
            Ok(outputs(&object))
        })
    }
}

fn outputs(object: &ObjectRef) -> Value {
    Value::map([("name", Value::from(object.name.as_str()))])
}
