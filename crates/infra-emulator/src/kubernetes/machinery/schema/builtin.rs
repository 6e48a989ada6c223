//! Schemas of the built-in kinds, from the JSON schemas of `k8s-openapi` and the table of facts that they lack.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::facts;
use super::model::{Field, ListType, MapType, PatchStrategy, Presence, Scalar, Schema, Shape};

/// Builds schemas and shares the types that several kinds use.
pub(crate) struct Builder {
    generator: SchemaGenerator,
    built: HashMap<String, Arc<Schema>>,
    building: Vec<String>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let generator = SchemaSettings::draft2020_12().into_generator();
        Self { generator, built: HashMap::new(), building: Vec::new() }
    }

    /// Schema of a type of `k8s-openapi`.
    pub(crate) fn schema<T: JsonSchema>(&mut self) -> Arc<Schema> {
        let reference = self.generator.subschema_for::<T>();
        self.node(reference.as_value())
    }

    /// The definitions of all types met so far.
    pub(crate) fn into_definitions(mut self) -> Map<String, Value> {
        self.generator.take_definitions(true)
    }

    fn node(&mut self, value: &Value) -> Arc<Schema> {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default().replace("~1", "/");
            return self.named(&name);
        }
        let nested =
            value.get("allOf").or_else(|| value.get("anyOf")).and_then(|all| all.get(0)).cloned();
        match nested {
            Some(inner) => self.node(&inner),
            None => Arc::new(self.plain(value)),
        }
    }

    fn plain(&mut self, value: &Value) -> Schema {
        let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
        let format = value.get("format").and_then(Value::as_str).unwrap_or_default();
        match (kind, format) {
            ("string", "byte") => Schema::of(Shape::Scalar(Scalar::Bytes)),
            ("string", _) => Schema::of(Shape::Scalar(Scalar::String)),
            ("integer", "int32") => Schema::of(Shape::Scalar(Scalar::Integer32)),
            ("integer", _) => Schema::of(Shape::Scalar(Scalar::Integer64)),
            ("number", _) => Schema::of(Shape::Scalar(Scalar::Number)),
            ("boolean", _) => Schema::of(Shape::Scalar(Scalar::Boolean)),
            ("array", _) => {
                let items = self.node(value.get("items").unwrap_or(&Value::Null));
                Schema::of(Shape::List(items))
            }
            ("object", _) if value.get("additionalProperties").is_some() => {
                let values = self.node(&value["additionalProperties"]);
                Schema::of(Shape::Map(values))
            }
            _ => Schema::opaque(),
        }
    }

    fn named(&mut self, full: &str) -> Arc<Schema> {
        if let Some(done) = self.built.get(full) {
            return done.clone();
        }
        if self.building.iter().any(|name| name == full) {
            return Arc::new(Schema::opaque()); // Only the schemas inside CustomResourceDefinitions are recursive.
        }
        let short = short_name(full);
        let schema = match short.as_str() {
            "meta.v1.Time" => Schema::of(Shape::Scalar(Scalar::Time)),
            "meta.v1.MicroTime" => Schema::of(Shape::Scalar(Scalar::MicroTime)),
            "resource.Quantity" => Schema::of(Shape::Scalar(Scalar::Quantity)),
            "intstr.IntOrString" => Schema::of(Shape::Scalar(Scalar::IntOrString)),
            _ => {
                let definition =
                    self.generator.definitions().get(full).cloned().unwrap_or(Value::Null);
                self.building.push(full.to_owned());
                let schema = self.structure(&short, &definition);
                self.building.pop();
                schema
            }
        };
        let schema = Arc::new(schema);
        self.built.insert(full.to_owned(), schema.clone());
        schema
    }

    fn structure(&mut self, short: &str, definition: &Value) -> Schema {
        let Some(properties) = definition.get("properties").and_then(Value::as_object) else {
            return self.plain(definition);
        };
        let required: Vec<&str> = definition
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let is_object = properties.contains_key("apiVersion") && properties.contains_key("kind");
        let mut fields = BTreeMap::new();
        for (name, property) in properties {
            let mut schema = self.node(property);
            if let Some(changed) = with_facts(short, name, &schema) {
                schema = Arc::new(changed);
            }
            let root = is_object && properties.contains_key("metadata");
            let presence = presence(short, name, &schema, required.contains(&name.as_str()), root);
            fields.insert(name.clone(), Field { schema, presence });
        }
        let map_type =
            if facts::ATOMIC_TYPES.contains(&short) { MapType::Atomic } else { MapType::Granular };
        let name = short.rsplit('.').next().unwrap_or_default().to_owned();
        Schema { name, map_type, ..Schema::of(Shape::Struct(fields, None)) }
    }
}

/// The schema of a field, if facts about it change it.
fn with_facts(owner: &str, field: &str, schema: &Schema) -> Option<Schema> {
    let mut changed = schema.clone();
    let mut any = false;
    if let Some((_, _, list, patch)) =
        facts::LISTS.iter().find(|(kind, name, _, _)| *kind == owner && *name == field)
    {
        any = true;
        changed.list_type = match *list {
            "atomic" => ListType::Atomic,
            "set" => ListType::Set,
            keys => ListType::Map(keys.split(',').map(str::to_owned).collect()),
        };
        changed.patch = patch_strategy(patch);
    }
    if listed(facts::ATOMIC_FIELDS, owner, field) {
        any = true;
        changed.map_type = MapType::Atomic;
    }
    if owner == "core.v1.PersistentVolumeSpec" && field == "claimRef" {
        any = true;
        changed.map_type = MapType::Granular;
    }
    if owner == "apps.v1.DeploymentSpec" && field == "strategy" {
        any = true;
        changed.patch.retain_keys = true;
    }
    if matches!(owner, "core.v1.ContainerPort" | "core.v1.ServicePort") && field == "protocol" {
        any = true;
        changed.default = Some(json!("TCP"));
    }
    any.then_some(changed)
}

fn patch_strategy(text: &str) -> PatchStrategy {
    let mut words = text.split(' ');
    let key = words.next().unwrap_or_default();
    PatchStrategy {
        merge: !key.is_empty(),
        merge_key: (!key.is_empty() && key != "*").then(|| key.to_owned()),
        retain_keys: words.next().is_some(),
    }
}

fn presence(owner: &str, field: &str, schema: &Schema, required: bool, root: bool) -> Presence {
    let collection = matches!(schema.shape, Shape::List(_) | Shape::Map(_));
    let text = matches!(schema.shape, Shape::Scalar(Scalar::String | Scalar::Bytes));
    let is_struct = matches!(schema.shape, Shape::Struct(..));
    if (root && matches!(field, "metadata" | "spec" | "status") && is_struct)
        || (field == "metadata" && schema.name == "ObjectMeta")
    {
        return Presence::Always;
    }
    if (required && !listed(facts::OMITTED_WHEN_EMPTY, owner, field))
        || listed(facts::ALWAYS_PRESENT, owner, field)
    {
        let scalar_zero =
            matches!(schema.shape, Shape::Scalar(Scalar::Time | Scalar::MicroTime) | Shape::Any);
        return if listed(facts::REQUIRED_POINTERS, owner, field) || collection || scalar_zero {
            Presence::Nullable
        } else {
            Presence::Always
        };
    }
    if listed(facts::VALUE_STRUCTS, owner, field) {
        Presence::Always
    } else if listed(facts::NULL_TIMES, owner, field) {
        Presence::Nullable
    } else if listed(facts::ZERO_OMITTED, owner, field)
        || collection
        || (text && !listed(facts::EMPTY_KEPT, owner, field))
    {
        Presence::OmitZero
    } else {
        Presence::Optional
    }
}

fn listed(table: &[(&str, &str)], owner: &str, field: &str) -> bool {
    table.iter().any(|(kind, names)| *kind == owner && names.split(' ').any(|name| name == field))
}

pub(super) fn short_name(full: &str) -> String {
    for (prefix, short) in [
        ("io.k8s.api.", ""),
        ("io.k8s.apimachinery.pkg.apis.", ""),
        ("io.k8s.apimachinery.pkg.api.", ""),
        ("io.k8s.apimachinery.pkg.util.", ""),
        ("io.k8s.apimachinery.pkg.", ""),
        ("io.k8s.apiextensions-apiserver.pkg.apis.", ""),
        ("io.k8s.kube-aggregator.pkg.apis.", ""),
    ] {
        if let Some(rest) = full.strip_prefix(prefix) {
            return format!("{short}{rest}");
        }
    }
    full.to_owned()
}
