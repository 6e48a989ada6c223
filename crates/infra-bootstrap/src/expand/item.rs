//! The nodes of one item: passwords, pull secrets, the set of manifests, the smoke test.

use indexmap::IndexMap;
use infra_event::{Action, Diagnostic};
use infra_kube::{Desired, created};
use infra_plan::{Address, Node, Row, Value, resolve};
use infra_spec::Spec;
use infra_spec::model::{
    Alphabet, EndpointScheme, ItemSource, Pool, PullSecret, PullSecretSource, SmokeTest, StackItem,
};

use super::content::objects;
use super::kustomize::read_kustomization;
use super::scope::{ScopeError, bound_paths, password_address, scope, shown};
use super::sources::read_sources;
use super::{ExpandRequest, cluster_inputs, problem};
use crate::kinds::{Item, is_node};
use crate::render::{RenderError, Source};
use crate::{INFRA, KUBERNETES};

/// An item before it is known which namespaces are nodes of their own.
pub(super) struct Draft<'file> {
    pub(super) item: &'file StackItem,
    pub(super) namespace: String,
    pub(super) desired: Vec<Desired>,
    address: Address,
    inputs: IndexMap<String, Value>,
}

pub(super) fn draft<'file>(
    request: &ExpandRequest<'file>,
    item: &'file StackItem,
) -> Result<Draft<'file>, Vec<Diagnostic>> {
    let sources = match &item.source {
        ItemSource::Manifests(paths) => read_sources(request, paths)?,
        ItemSource::Kustomize(path) => vec![read_kustomization(request, path)?],
        other => return Err(vec![unsupported(item, other)]),
    };
    let namespace = item.namespace.clone().unwrap_or_else(|| item.name.clone());
    let at = |error: RenderError| vec![located(item, &error)];
    let scope = scope(request, item, &namespace, &sources).map_err(|error| match error {
        ScopeError::Template(error) => at(error),
        ScopeError::File(problem) => vec![problem],
    })?;
    let address = Address::inside(item.cluster.as_str(), &item.name);
    let mut inputs = inputs(request.spec, item, &namespace, &sources, scope);
    let extra = objects(request, item, &namespace)?;
    if !extra.is_empty() {
        inputs.insert("objects".to_owned(), Value::List(extra));
    }
    let read = Item::read(&address, &unbound(&inputs)).map(|read| read.desired());
    let desired = match read {
        Ok(desired) => desired.map_err(at)?,
        Err(error) => return Err(vec![error.to_diagnostic().about(&address)]),
    };
    Ok(Draft { item, namespace, desired, address, inputs })
}

/// The inputs with every output unknown, as before anything exists.
fn unbound(inputs: &IndexMap<String, Value>) -> Value {
    resolve(&Value::Map(inputs.clone()), &|_| None)
}

fn inputs(
    spec: &Spec,
    item: &StackItem,
    namespace: &str,
    sources: &[Source],
    scope: Value,
) -> IndexMap<String, Value> {
    let cluster = item.cluster.as_str();
    let source = |source: &Source| {
        Value::map([
            ("file", Value::from(source.file.as_str())),
            ("text", source.text.as_str().into()),
        ])
    };
    let path = |path: Vec<String>| Value::from(path);
    let later = bound_paths(&scope).into_iter().map(path).collect();
    let mut inputs: IndexMap<String, Value> =
        cluster_inputs(cluster).into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut put = |key: &str, value: Value| inputs.insert(key.to_owned(), value);
    put("namespace", namespace.into());
    put("sources", Value::List(sources.iter().map(source).collect()));
    put("scope", scope);
    put("later", Value::List(later));
    put("secrets", projections(item));
    put("endpoints", Value::List(item.endpoints.iter().map(endpoint).collect()));
    if let Some(address) = &item.address
        && spec.address(address.as_str()).is_some()
    {
        let address = Address::of("address", address.as_str());
        put("node_address", Value::reference(&address, "ip"));
    }
    for (key, set) in
        [("adopt", item.adopt), ("force_conflicts", item.force_conflicts), ("keep", item.keep)]
    {
        if set {
            put(key, true.into());
        }
    }
    if let Some(timeout) = item.timeout {
        put("timeout", timeout.as_secs().into());
    }
    inputs
}

/// The Secrets that passwords are put into: name to keys to values.
fn projections(item: &StackItem) -> Value {
    let mut secrets: IndexMap<String, IndexMap<String, Value>> = IndexMap::new();
    for password in &item.passwords {
        let value = Value::reference(&password_address(item, &password.name), "password");
        secrets.entry(password.secret.clone()).or_default().insert(password.key.clone(), value);
    }
    Value::map(secrets.into_iter().map(|(name, keys)| (name, Value::Map(keys))))
}

fn endpoint(endpoint: &infra_spec::model::Endpoint) -> Value {
    let scheme = match endpoint.scheme {
        EndpointScheme::Http => "http",
        EndpointScheme::Https => "https",
        EndpointScheme::Tcp => "tcp",
    };
    Value::map([
        ("name", Value::from(endpoint.name.as_str())),
        ("service", endpoint.service.as_str().into()),
        ("namespace", endpoint.namespace.as_deref().into()),
        ("port", endpoint.port.map(u32::from).into()),
        ("scheme", scheme.into()),
        ("path", endpoint.path.as_str().into()),
    ])
}

/// The nodes of an item. `namespaces` are nodes of their own, `classes` the storage classes of its cluster.
pub(super) fn finish(
    request: &ExpandRequest<'_>,
    mut draft: Draft<'_>,
    namespaces: &[String],
    classes: &[Node],
) -> Vec<Node> {
    let cluster = draft.item.cluster.as_str().to_owned();
    let mut nodes: Vec<Node> =
        draft.item.passwords.iter().map(|it| password(draft.item, it)).collect();
    let namespace_node = |name: &str| {
        let known = namespaces.iter().any(|known| known == name);
        known.then(|| Address::inside(&cluster, format!("namespace.{name}")))
    };
    let mut after: Vec<Address> = namespace_node(&draft.namespace).into_iter().collect();
    let home = after.clone();
    for secret in &draft.item.pull_secrets {
        if let Some(node) = pull_secret(request.spec, &draft, secret, &home) {
            after.push(node.address.clone());
            nodes.push(node);
        }
    }
    let left: Vec<Value> = namespaces.iter().map(|name| name.as_str().into()).collect();
    draft.inputs.insert("namespaces".to_owned(), Value::List(left));
    for object in &draft.desired {
        let name = match object.object.kind.as_str() {
            "Namespace" => Some(object.object.name.as_str()),
            _ => object.object.namespace.as_deref(),
        };
        after.extend(name.and_then(namespace_node));
    }
    if draft.desired.iter().any(claims) {
        after.extend(classes.iter().map(|class| class.address.clone()));
    }
    after.extend(pools(request, &cluster, &draft.desired));
    after.extend(integrations(request, &cluster, &draft));
    after.extend(draft.item.after.iter().map(|item| Address::inside(&item.cluster, &item.item)));
    after.sort();
    after.dedup();
    let made = draft.desired.iter().filter(|desired| !is_node(namespaces, desired));
    let rows = made
        .map(|desired| Row {
            address: desired.object.address(&draft.address),
            action: Some(Action::Create),
            changes: created(&desired.preview),
        })
        .collect();
    let smoke_test = draft.item.smoke_test.as_ref().map(|test| smoke_test(&draft, test));
    let mut node = Node::new(draft.address, "manifests", KUBERNETES, Value::Map(draft.inputs));
    node.after = after;
    node.rows = rows;
    nodes.push(node);
    nodes.extend(smoke_test);
    nodes
}

/// Whether an object claims storage.
fn claims(desired: &Desired) -> bool {
    match desired.object.kind.as_str() {
        "PersistentVolumeClaim" => {
            let spec = desired.preview.get("spec");
            // Without a class by name, only a claim that asks for none needs none.
            spec.and_then(|spec| spec.text_at("storageClassName")) != Some("")
        }
        "StatefulSet" => desired
            .preview
            .get("spec")
            .and_then(|spec| spec.get("volumeClaimTemplates"))
            .is_some_and(|templates| !templates.is_null()),
        _ => false,
    }
}

/// The node pools that an item's pods run on: those that their selectors name, else all without taints.
fn pools(request: &ExpandRequest<'_>, cluster: &str, desired: &[Desired]) -> Vec<Address> {
    let Some(described) = request.spec.clusters.get(cluster) else { return Vec::new() };
    let mut wanted: Vec<&Pool> = Vec::new();
    for object in desired {
        let Some(template) = pod_template(&object.preview) else { continue };
        let selector = template.get("nodeSelector").and_then(Value::to_clear_json);
        let selector = selector.and_then(|selector| selector.as_object().cloned());
        let fits = |pool: &&Pool| match &selector {
            Some(selector) if !selector.is_empty() => selector
                .iter()
                .all(|(key, value)| pool.labels.get(key).map(String::as_str) == value.as_str()),
            _ => pool.taints.is_empty(),
        };
        wanted.extend(described.pools.iter().filter(fits));
    }
    let address = |pool: &Pool| Address::of("node_pool", format!("{cluster}/{}", pool.name));
    let wanted: Vec<Address> = wanted.into_iter().map(address).collect();
    let there = request.cloud_nodes.iter().map(|node| &node.address);
    there.filter(|address| wanted.contains(address)).cloned().collect()
}

/// What lets the cluster pull the images that an item names from the registries that they were pushed to.
fn integrations(request: &ExpandRequest<'_>, cluster: &str, draft: &Draft<'_>) -> Vec<Address> {
    let scope = draft.inputs.get("scope").unwrap_or(&Value::Null);
    let pushed = scope.get("images").map(Value::references).unwrap_or_default();
    let named = scope.get("registries").map(Value::references).unwrap_or_default();
    let registry = |address: &Address| {
        let text = address.as_str();
        let name = text.strip_prefix("registry.").or_else(|| text.rsplit('/').next())?;
        Some(Address::of("registry_integration", format!("{cluster}/{name}")))
    };
    let wanted: Vec<Address> = pushed
        .into_iter()
        .chain(named)
        .filter_map(|reference| registry(&reference.address))
        .collect();
    let there = request.cloud_nodes.iter().map(|node| &node.address);
    there.filter(|address| wanted.contains(address)).cloned().collect()
}

/// The template of the pods that an object makes, or its own.
fn pod_template(object: &Value) -> Option<&Value> {
    let at = |path: &[&str]| path.iter().try_fold(object, |value, key| value.get(key));
    match object.text_at("kind")? {
        "Pod" => at(&["spec"]),
        "CronJob" => at(&["spec", "jobTemplate", "spec", "template", "spec"]),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => {
            at(&["spec", "template", "spec"])
        }
        _ => None,
    }
}

fn password(item: &StackItem, password: &infra_spec::model::Password) -> Node {
    let alphabet = match password.alphabet {
        Alphabet::Alphanumeric => "alphanumeric",
        Alphabet::Hexadecimal => "hexadecimal",
        Alphabet::Symbols => "symbols",
    };
    let inputs =
        Value::map([("length", Value::from(password.length)), ("alphabet", alphabet.into())]);
    Node::new(password_address(item, &password.name), "password", INFRA, inputs)
}

/// The node of a pull secret; none if the cluster pulls from the registry without one.
fn pull_secret(
    spec: &Spec,
    draft: &Draft<'_>,
    secret: &PullSecret,
    home: &[Address],
) -> Option<Node> {
    let cluster = draft.item.cluster.as_str();
    let mut inputs = cluster_inputs(cluster);
    inputs.push(("namespace", draft.namespace.as_str().into()));
    inputs.push(("name", secret.name.as_str().into()));
    match &secret.source {
        PullSecretSource::Registry(registry) => {
            let described = spec.registry(registry.as_str())?;
            if described.integrate.iter().any(|integrated| integrated.as_str() == cluster) {
                return None;
            }
            let address = Address::of("registry", registry.as_str());
            inputs.push(("registry", address.as_str().into()));
            inputs.push(("host", Value::reference(&address, "host")));
        }
        PullSecretSource::Credentials { server, username, password } => {
            inputs.push(("host", server.as_str().into()));
            inputs.push(("username", shown(username)));
            inputs.push(("password", Value::secret(password.expose())));
        }
    }
    inputs.push(("login", "valid".into()));
    let place = format!("pull_secret.{}/{}", draft.namespace, secret.name);
    let mut node =
        Node::new(Address::inside(cluster, place), "pull_secret", KUBERNETES, Value::map(inputs));
    node.after = home.to_vec();
    Some(node)
}

fn smoke_test(draft: &Draft<'_>, test: &SmokeTest) -> Node {
    let mut inputs = cluster_inputs(draft.item.cluster.as_str());
    let environment = test.environment.iter().map(|(key, value)| (key.clone(), shown(value)));
    let secrets: Vec<&str> =
        draft.item.pull_secrets.iter().map(|secret| secret.name.as_str()).collect();
    inputs.extend([
        ("namespace", Value::from(draft.namespace.as_str())),
        ("image", test.image.as_str().into()),
        ("command", Value::List(test.command.iter().map(shown).collect())),
        ("environment", Value::map(environment)),
        ("pull_secrets", secrets.into()),
        ("timeout", test.timeout.map(|timeout| timeout.as_secs()).into()),
        ("revision", Value::reference(&draft.address, "revision")),
    ]);
    let mut node =
        Node::new(draft.address.part("smoke_test"), "smoke_test", KUBERNETES, Value::map(inputs));
    node.after = vec![draft.address.clone()];
    node
}

fn unsupported(item: &StackItem, source: &ItemSource) -> Diagnostic {
    let (what, next) = match source {
        ItemSource::Use(name) => (
            format!("there is no item `{name}` in the catalogue of this version"),
            "describe it by `manifests`; examples/arl shows how",
        ),
        ItemSource::Chart(_) => (
            "this version installs no Helm charts".to_owned(),
            "render the chart and give the result as `manifests`",
        ),
        ItemSource::Manifests(_) | ItemSource::Kustomize(_) => (String::new(), ""),
    };
    let summary = format!("the item `{}`: {what}", item.name);
    problem(&item.location, "unsupported", summary).set(next)
}

/// An error in a file of the item, with the path from where the user is.
fn located(item: &StackItem, error: &RenderError) -> Diagnostic {
    let mut diagnostic = error.to_diagnostic();
    if let Some(location) = &mut diagnostic.location {
        let whole = item.location.base_dir().join(&location.file);
        location.file = whole.display().to_string();
    }
    diagnostic.about(Address::inside(item.cluster.as_str(), &item.name))
}
