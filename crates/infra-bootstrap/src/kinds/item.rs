//! [`Item`]: the inputs of a set of manifests, read back, and the objects that they make.

use std::time::Duration;

use base64::Engine as _;
use infra_kube::{Cluster, Desired, Json, ObjectRef, kinds, prepare};
use infra_plan::{Address, Value};
use infra_provider::{ErrorKind, ProviderError};
use sha2::{Digest as _, Sha256};

use crate::render::{Preview, RenderError, Source, preview, prove};

/// The longest time until an item is ready, unless it says otherwise.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(600);

/// The inputs of a set of manifests.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its address.
    pub address: Address,
    /// The namespace of objects that name none.
    pub namespace: String,
    /// The files.
    pub sources: Vec<Source>,
    /// What templates may use.
    pub scope: Value,
    /// Paths in the scope that were not known when the plan was made.
    pub later: Vec<Vec<String>>,
    /// Namespaces that are nodes of their own, so that their objects are left out here.
    pub namespaces: Vec<String>,
    /// Secrets that project generated passwords: name to a map of keys to values.
    pub secrets: Value,
    /// Whole objects that no manifest describes.
    pub objects: Vec<Value>,
    /// Endpoints that the file asks for; all Services that are reached from outside if there is none.
    pub endpoints: Vec<WantedEndpoint>,
    /// A lasting address at which node ports are reached.
    pub node_address: Option<String>,
    /// Whether objects that others made are taken over.
    pub adopt: bool,
    /// Whether fields that others own are taken over.
    pub force: bool,
    /// Whether the objects stay when the item goes.
    pub keep: bool,
    /// World time within which all must be ready.
    pub timeout: Duration,
}

/// An endpoint that the file asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct WantedEndpoint {
    /// Its name.
    pub name: String,
    /// Name of the Service.
    pub service: String,
    /// Namespace of the Service.
    pub namespace: String,
    /// Port of the Service; the first one if absent.
    pub port: Option<u64>,
    /// `http`, `https` or `tcp`.
    pub scheme: String,
    /// Path of the URL.
    pub path: String,
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::List(list)) => list.iter().filter_map(Value::text).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::List(list)) => list,
        _ => &[],
    }
}

fn number(value: Option<&Value>) -> Option<u64> {
    match value {
        Some(Value::Number(number)) => number.as_u64(),
        _ => None,
    }
}

impl Item {
    /// Reads the inputs of the node at `address`.
    ///
    /// # Errors
    /// When what must be known is not; that is a fault of the program or of an edited plan.
    pub fn read(address: &Address, inputs: &Value) -> Result<Self, ProviderError> {
        let text = |value: &Value, key: &str| value.text_at(key).unwrap_or_default().to_owned();
        let namespace = inputs.text_at("namespace").ok_or_else(|| {
            ProviderError::new(ErrorKind::Unexpected, "read the inputs", "`namespace` is not known")
        })?;
        let sources = list(inputs.get("sources"))
            .iter()
            .map(|source| Source { file: text(source, "file"), text: text(source, "text") });
        let endpoints = list(inputs.get("endpoints")).iter().map(|endpoint| WantedEndpoint {
            name: text(endpoint, "name"),
            service: text(endpoint, "service"),
            namespace: endpoint.text_at("namespace").unwrap_or(namespace).to_owned(),
            port: number(endpoint.get("port")),
            scheme: text(endpoint, "scheme"),
            path: text(endpoint, "path"),
        });
        let set = |key: &str| inputs.get(key) == Some(&Value::Bool(true));
        Ok(Self {
            address: address.clone(),
            namespace: namespace.to_owned(),
            sources: sources.collect(),
            scope: inputs.get("scope").cloned().unwrap_or_default(),
            later: list(inputs.get("later")).iter().map(|path| texts(Some(path))).collect(),
            namespaces: texts(inputs.get("namespaces")),
            secrets: inputs.get("secrets").cloned().unwrap_or_default(),
            objects: list(inputs.get("objects")).to_vec(),
            endpoints: endpoints.collect(),
            node_address: inputs.text_at("node_address").map(str::to_owned),
            adopt: set("adopt"),
            force: set("force_conflicts"),
            keep: set("keep"),
            timeout: number(inputs.get("timeout")).map_or(TIMEOUT, Duration::from_secs),
        })
    }

    /// The objects, as far as they are known.
    ///
    /// # Errors
    /// When a file is wrong.
    pub fn desired(&self) -> Result<Vec<Desired>, RenderError> {
        let previews = preview(&self.sources, &self.scope, &self.namespace)?;
        let mut desired: Vec<Desired> = previews.into_iter().filter_map(to_desired).collect();
        desired.retain(|desired| !is_node(&self.namespaces, desired));
        desired.extend(self.projections());
        desired.extend(self.objects.iter().filter_map(whole));
        Ok(desired)
    }

    /// Checks, once all is known, that what was unknown when the plan was made changes nothing that the plan promised.
    ///
    /// # Errors
    /// The first place where the objects are not those of the plan.
    pub fn prove(&self) -> Result<(), RenderError> {
        let mut planned = self.scope.clone();
        for path in &self.later {
            forget(&mut planned, path);
        }
        let real = preview(&self.sources, &self.scope, &self.namespace)?;
        prove(&preview(&self.sources, &planned, &self.namespace)?, &real)
    }

    /// The Secrets that project passwords.
    fn projections(&self) -> Vec<Desired> {
        let Value::Map(secrets) = &self.secrets else { return Vec::new() };
        let object = |name: &str| ObjectRef::new("v1", "Secret", Some(&self.namespace), name);
        let encode = |value: &Value| match value.text() {
            Some(text) => Value::secret(base64::engine::general_purpose::STANDARD.encode(text)),
            None => Value::Unknown,
        };
        secrets
            .iter()
            .map(|(name, keys)| {
                let Value::Map(keys) = keys else { return desired_of(object(name), Value::Null) };
                let data = keys.iter().map(|(key, value)| (key.clone(), encode(value)));
                let marked = Value::map([
                    ("apiVersion", Value::from("v1")),
                    ("kind", "Secret".into()),
                    (
                        "metadata",
                        Value::map([
                            ("name", Value::from(name.as_str())),
                            ("namespace", self.namespace.as_str().into()),
                        ]),
                    ),
                    ("type", "Opaque".into()),
                    ("data", Value::map(data)),
                ]);
                desired_of(object(name), marked)
            })
            .collect()
    }
}

/// Whether an object is a namespace that is a node of its own.
pub(crate) fn is_node(namespaces: &[String], desired: &Desired) -> bool {
    desired.object.kind == "Namespace" && namespaces.contains(&desired.object.name)
}

/// An object that no manifest describes; what it is and where is never secret.
fn whole(marked: &Value) -> Option<Desired> {
    let metadata = marked.get("metadata")?;
    let object = ObjectRef::new(
        marked.text_at("apiVersion")?,
        marked.text_at("kind")?,
        metadata.text_at("namespace"),
        metadata.text_at("name")?,
    );
    Some(desired_of(object, marked.clone()))
}

fn desired_of(object: ObjectRef, marked: Value) -> Desired {
    let known = marked.to_clear_json();
    Desired { object, preview: marked, known }
}

fn to_desired(preview: Preview) -> Option<Desired> {
    let object = ObjectRef::of(&preview.clear)?;
    let known = preview.known.then_some(preview.clear);
    Some(Desired { object, preview: preview.marked, known })
}

/// Makes the value at a path unknown.
fn forget(value: &mut Value, path: &[String]) {
    match (value, path) {
        (value, []) => *value = Value::Unknown,
        (Value::Map(map), [key, rest @ ..]) => {
            if let Some(inner) = map.get_mut(key) {
                forget(inner, rest);
            }
        }
        _ => {}
    }
}

/// Gives objects of kinds that are not built in their namespace, now that the cluster tells whether they have one.
///
/// # Errors
/// When the API does not answer.
pub(crate) async fn settle_namespaces(
    cluster: &Cluster,
    namespace: &str,
    desired: &mut [Desired],
) -> Result<(), ProviderError> {
    let definitions: Vec<Json> =
        desired.iter().filter_map(|desired| desired.known.clone()).collect();
    for one in desired.iter_mut() {
        if kinds::builtin(&one.object).is_some() || one.object.namespace.is_some() {
            continue;
        }
        let defined = definitions.iter().find_map(|object| kinds::defined_by(object, &one.object));
        let resource = match defined {
            Some(resource) => Some(resource),
            None => match cluster.resource(&one.object).await {
                Ok(resource) => Some(resource),
                Err(failure) if failure.is_not_found() => None,
                Err(failure) => return Err(failure.into()),
            },
        };
        if !resource.is_some_and(|resource| resource.namespaced) {
            continue;
        }
        one.object.namespace = Some(namespace.to_owned());
        one.known = one.known.take().map(|object| prepare(object, namespace, Some(true)));
        if let Value::Map(map) = &mut one.preview
            && let Some(Value::Map(metadata)) = map.get_mut("metadata")
        {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
    }
    Ok(())
}

/// A digest of the objects, by which others notice a change; what is in Secrets does not count, as it could be guessed.
pub(crate) fn revision(desired: &[Desired]) -> Value {
    let mut hash = Sha256::new();
    for one in desired {
        let Some(mut object) = one.known.clone() else { return Value::Unknown };
        if one.object.kind == "Secret"
            && let Some(map) = object.as_object_mut()
        {
            map.shift_remove("data");
        }
        hash.update(object.to_string().as_bytes());
        hash.update([0]);
    }
    Value::Text(hex::encode(&hash.finalize()[..8]))
}

impl From<RenderError> for ProviderError {
    fn from(error: RenderError) -> Self {
        let next = error.next.clone();
        ProviderError::new(ErrorKind::Invalid, "render the manifests", error.to_string()).set(next)
    }
}
