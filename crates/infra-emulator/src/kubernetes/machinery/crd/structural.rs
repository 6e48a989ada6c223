//! The shape of custom objects from their OpenAPI schema.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use crate::kubernetes::machinery::schema::{
    Builder, Field, ListType, MapType, Presence, Scalar, Schema, Shape,
};

static METADATA: LazyLock<Arc<Schema>> = LazyLock::new(|| Builder::new().schema::<ObjectMeta>());

/// Shape of `metadata`.
pub(super) fn metadata() -> Arc<Schema> {
    METADATA.clone()
}

/// Shape of whole objects.
pub(super) fn object_schema(open_api: &Value) -> Arc<Schema> {
    let mut schema = node(open_api);
    with_object_fields(&mut schema);
    Arc::new(schema)
}

fn with_object_fields(schema: &mut Schema) {
    if !matches!(schema.shape, Shape::Struct(..)) {
        let others = matches!(schema.shape, Shape::Any).then(|| Arc::new(Schema::any()));
        schema.shape = Shape::Struct(BTreeMap::new(), others);
    }
    if let Shape::Struct(fields, _) = &mut schema.shape {
        for name in ["apiVersion", "kind"] {
            let text = Arc::new(Schema::of(Shape::Scalar(Scalar::String)));
            fields.insert(name.into(), field(text));
        }
        fields.insert("metadata".into(), field(metadata()));
    }
}

fn field(schema: Arc<Schema>) -> Field {
    Field { schema, presence: Presence::Optional }
}

/// Whether a flag of the schema is set.
pub(super) fn flag(schema: &Value, name: &str) -> bool {
    schema.get(name).and_then(Value::as_bool) == Some(true)
}

/// Shape of one node of an OpenAPI schema.
fn node(open_api: &Value) -> Schema {
    let preserves = flag(open_api, "x-kubernetes-preserve-unknown-fields");
    let kind = open_api.get("type").and_then(Value::as_str).unwrap_or_default();
    let mut schema = if flag(open_api, "x-kubernetes-int-or-string") {
        Schema::of(Shape::Scalar(Scalar::IntOrString))
    } else {
        match kind {
            "string" => Schema::of(Shape::Scalar(Scalar::String)),
            "integer" => Schema::of(Shape::Scalar(Scalar::Integer64)),
            "number" => Schema::of(Shape::Scalar(Scalar::Number)),
            "boolean" => Schema::of(Shape::Scalar(Scalar::Boolean)),
            "array" => list(open_api),
            _ => object(open_api, preserves),
        }
    };
    if open_api.get("x-kubernetes-map-type").and_then(Value::as_str) == Some("atomic") {
        schema.map_type = MapType::Atomic;
    }
    if flag(open_api, "x-kubernetes-embedded-resource") {
        with_object_fields(&mut schema);
    }
    schema.default = open_api.get("default").cloned();
    schema
}

fn list(open_api: &Value) -> Schema {
    let items = Arc::new(open_api.get("items").map_or_else(Schema::any, node));
    let list_type = match open_api.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => ListType::Set,
        Some("map") => {
            let keys = open_api["x-kubernetes-list-map-keys"].as_array();
            let names = keys.into_iter().flatten().filter_map(Value::as_str);
            ListType::Map(names.map(str::to_owned).collect())
        }
        _ => ListType::Atomic,
    };
    Schema { list_type, ..Schema::of(Shape::List(items)) }
}

fn object(open_api: &Value, preserves: bool) -> Schema {
    let properties = open_api.get("properties").and_then(Value::as_object);
    let values = open_api.get("additionalProperties");
    match (properties, values) {
        (None, Some(Value::Bool(true))) => Schema::any(),
        (None, Some(values @ Value::Object(_))) => Schema::of(Shape::Map(Arc::new(node(values)))),
        (None, _) if preserves => Schema::any(),
        (properties, _) => {
            let fields = properties
                .into_iter()
                .flatten()
                .map(|(name, property)| (name.clone(), field(Arc::new(node(property)))))
                .collect();
            let others = preserves.then(|| Arc::new(Schema::any()));
            Schema::of(Shape::Struct(fields, others))
        }
    }
}
