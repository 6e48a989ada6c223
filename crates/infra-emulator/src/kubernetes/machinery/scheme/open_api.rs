//! OpenAPI schemas of the served kinds.

use serde_json::{Map, Value, json};

use super::{Resource, Scheme, builtin};
use crate::kubernetes::machinery::schema::with_extensions;

impl Scheme {
    /// Name of the schema of a resource's objects, such as `io.k8s.api.apps.v1.Deployment`.
    pub fn schema_name(resource: &Resource) -> String {
        let kind = &resource.kind;
        if resource.custom.is_some() {
            let reversed: Vec<&str> = kind.group.rsplit('.').collect();
            return format!("{}.{}.{}", reversed.join("."), kind.version, kind.kind);
        }
        let package = match kind.group.as_str() {
            "" => "io.k8s.api.core".to_owned(),
            "apiextensions.k8s.io" => {
                "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions".into()
            }
            "apiregistration.k8s.io" => "io.k8s.kube-aggregator.pkg.apis.apiregistration".into(),
            group => format!("io.k8s.api.{}", group.split('.').next().unwrap_or(group)),
        };
        format!("{package}.{}.{}", kind.version, kind.kind)
    }

    /// The schemas of resources and of all types that they refer to, by name. `prefix` begins references
    /// (`#/components/schemas/` in version 3, `#/definitions/` in version 2).
    pub fn open_api_schemas<'a>(
        resources: impl IntoIterator<Item = &'a Resource>,
        prefix: &str,
    ) -> Map<String, Value> {
        let definitions = builtin::definitions();
        let mut out = Map::new();
        let mut open: Vec<String> = Vec::new();
        for resource in resources {
            let name = Self::schema_name(resource);
            let mut schema = match (&resource.custom, definitions.get(&name)) {
                (Some(custom), _) => custom_schema(custom.schema(), prefix),
                (None, Some(definition)) => with_extensions(&name, definition, prefix),
                (None, None) => continue,
            };
            let kind = &resource.kind;
            schema["x-kubernetes-group-version-kind"] =
                json!([{ "group": kind.group, "version": kind.version, "kind": kind.kind }]);
            collect(&schema, prefix, &mut open);
            out.insert(name, schema);
        }
        while let Some(name) = open.pop() {
            if out.contains_key(&name) {
                continue;
            }
            let Some(definition) = definitions.get(&name) else { continue };
            let schema = with_extensions(&name, definition, prefix);
            collect(&schema, prefix, &mut open);
            out.insert(name, schema);
        }
        out
    }
}

fn custom_schema(open_api: &Value, prefix: &str) -> Value {
    let mut schema =
        if open_api.is_object() { open_api.clone() } else { json!({ "type": "object" }) };
    let metadata = format!("{prefix}io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    schema["properties"]["apiVersion"] = json!({ "type": "string" });
    schema["properties"]["kind"] = json!({ "type": "string" });
    schema["properties"]["metadata"] = json!({ "allOf": [{ "$ref": metadata }] });
    schema
}

/// Names of the types that a schema refers to.
fn collect(schema: &Value, prefix: &str, names: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            let target = map.get("$ref").and_then(Value::as_str);
            names.extend(target.and_then(|own| own.strip_prefix(prefix)).map(str::to_owned));
            for inner in map.values() {
                collect(inner, prefix, names);
            }
        }
        Value::Array(list) => {
            for inner in list {
                collect(inner, prefix, names);
            }
        }
        _ => {}
    }
}
