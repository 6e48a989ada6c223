//! What templates may use: values of the item, and outputs of other resources that their text names.

use indexmap::IndexMap;
use infra_event::Diagnostic;
use infra_plan::{Address, Value};
use infra_spec::model::StackItem;
use infra_spec::{Node, NodeValue, Text};

use super::{ExpandRequest, problem};
use crate::render::{RenderError, Source, is_template, roots};

/// A value of the user's file; what is secret there is secret here.
pub(super) fn value_of(node: &Node) -> Value {
    match &node.value {
        NodeValue::String(text) if node.is_secret() => Value::secret(text.clone()),
        NodeValue::List(list) => Value::List(list.iter().map(value_of).collect()),
        NodeValue::Map(map) => {
            Value::map(map.iter().map(|entry| (entry.key.clone(), value_of(&entry.node))))
        }
        _ => Value::from_plain_json(node.expose_json()),
    }
}

/// A text of the user's file; what came from the environment or another file is secret.
pub(super) fn shown(text: &Text) -> Value {
    if text.is_secret() { Value::secret(text.expose()) } else { Value::from(text.expose()) }
}

/// Two values laid over each other: maps key by key, everything else by the upper one.
pub(super) fn merged(lower: Value, upper: Value) -> Value {
    match (lower, upper) {
        (Value::Map(mut lower), Value::Map(upper)) => {
            for (key, upper) in upper {
                let below = lower.get_mut(&key).map(std::mem::take);
                let value =
                    below.map_or_else(|| upper.clone(), |below| merged(below, upper.clone()));
                lower.insert(key, value);
            }
            Value::Map(lower)
        }
        (_, upper) => upper,
    }
}

/// The values of an item: files, then `values`, then `set`; later ones win.
fn values(request: &ExpandRequest<'_>, item: &StackItem) -> Result<Value, Diagnostic> {
    let mut values = Value::Map(IndexMap::new());
    for path in &item.values_files {
        let wrong = |what: String| {
            let summary = format!("`{}` {what}", path.written);
            problem(&path.location, "file", summary).set("correct the path or the file")
        };
        let content = request.files.read(&path.resolve());
        let content = content.map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let parsed = serde_saphyr::from_slice::<serde_json::Value>(&content);
        let parsed =
            parsed.map_err(|error| wrong(format!("is malformed: {}", error.without_snippet())))?;
        values = merged(values, Value::from_plain_json(parsed));
    }
    values = merged(values, value_of(&item.values));
    for (path, node) in &item.set {
        let nested = path
            .rsplit('.')
            .fold(value_of(node), |value, key| Value::map([(key.to_owned(), value)]));
        values = merged(values, nested);
    }
    Ok(values)
}

/// What the templates of an item may use. Outputs of other resources are in it only if a template names them, as each one is something
/// to wait for.
pub(super) fn scope(
    request: &ExpandRequest<'_>,
    item: &StackItem,
    namespace: &str,
    sources: &[Source],
) -> Result<Value, ScopeError> {
    let used = roots(sources).map_err(ScopeError::Template)?;
    if used.is_empty() {
        return Ok(Value::Map(IndexMap::new()));
    }
    let text: String = sources
        .iter()
        .filter(|source| is_template(&source.file))
        .map(|source| source.text.as_str())
        .collect();
    let names = |name: &str| text.contains(name);
    let spec = request.spec;
    let cluster = spec.clusters.get(item.cluster.as_str());
    let provider = cluster.map_or("", |cluster| cluster.provider.as_str());
    let mut scope: IndexMap<String, Value> = IndexMap::new();
    let mut put = |name: &str, value: Value| scope.insert(name.to_owned(), value);
    put("name", spec.name.as_str().into());
    put("item", item.name.as_str().into());
    put("namespace", namespace.into());
    let cluster = [("name", item.cluster.as_str()), ("provider", provider)];
    put("cluster", Value::map(cluster.map(|(key, value)| (key, Value::from(value)))));
    put("values", values(request, item).map_err(ScopeError::File)?);
    if used.contains("images") {
        let images = spec.images.iter().filter(|image| names(&image.name) && !image.to.is_empty());
        let entry = |image: &infra_spec::model::Image| {
            let registry = image.to.first().map_or("", |registry| registry.as_str());
            let address = Address::of("image", format!("{}/{registry}", image.name));
            Value::map([("reference", Value::reference(&address, "reference"))])
        };
        put("images", Value::map(images.map(|image| (image.name.clone(), entry(image)))));
    }
    if used.contains("registries") {
        let registries = spec.registries.iter().filter(|registry| names(&registry.name));
        let entry = |name: &str| outputs(&Address::of("registry", name), &["host", "path"]);
        put("registries", Value::map(registries.map(|it| (it.name.clone(), entry(&it.name)))));
    }
    if used.contains("addresses") {
        let addresses = spec.addresses.iter().filter(|address| names(&address.name));
        let entry = |name: &str| outputs(&Address::of("address", name), &["ip"]);
        put("addresses", Value::map(addresses.map(|it| (it.name.clone(), entry(&it.name)))));
    }
    if used.contains("passwords") {
        let passwords = item.passwords.iter().filter(|password| names(&password.name));
        let entry = |name: &str| Value::reference(&password_address(item, name), "password");
        put("passwords", Value::map(passwords.map(|it| (it.name.clone(), entry(&it.name)))));
    }
    if used.contains("spec") {
        // Secrets are markers in this form of the file; who needs one takes it from `values`.
        let json = serde_json::to_value(spec).unwrap_or_default();
        put("spec", Value::from_plain_json(json));
    }
    Ok(Value::Map(scope))
}

/// Why there is no scope.
pub(super) enum ScopeError {
    /// A template is malformed.
    Template(RenderError),
    /// A file of values is.
    File(Diagnostic),
}

fn outputs(address: &Address, names: &[&str]) -> Value {
    Value::map(names.iter().map(|name| (*name, Value::reference(address, name))))
}

/// The address of a generated password.
pub(super) fn password_address(item: &StackItem, name: &str) -> Address {
    Address::of("password", format!("{}/{name}", item.name))
}

/// The paths in a value that are bound to outputs.
pub(super) fn bound_paths(value: &Value) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    collect(value, &mut Vec::new(), &mut found);
    found
}

fn collect(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match value {
        Value::Reference(_) | Value::Joined(_) | Value::Unknown => found.push(path.clone()),
        Value::Map(map) => {
            for (key, value) in map {
                path.push(key.clone());
                collect(value, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}
