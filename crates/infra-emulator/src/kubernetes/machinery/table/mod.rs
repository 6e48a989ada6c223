//! Tables (`meta.k8s.io/v1 Table`), as `kubectl get` asks for.

mod age;
mod cells;
mod columns;
mod json_path;
mod workload_cells;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use age::human_duration;
use columns::Column;

use super::scheme::Resource;

/// What rows carry of their objects (`includeObject`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IncludeObject {
    /// Nothing.
    None,
    /// `PartialObjectMetadata`.
    #[default]
    Metadata,
    /// All.
    Object,
}

/// A table of objects. `list_metadata` is the metadata of the list (resource version, continue).
pub fn table(
    resource: &Resource,
    objects: &[Value],
    list_metadata: &Value,
    now: Timestamp,
    include: IncludeObject,
) -> Value {
    let columns = columns::of(resource);
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let mut row = Map::new();
            row.insert("cells".into(), Value::Array(cells_of(resource, object, now)));
            match include {
                IncludeObject::None => {}
                IncludeObject::Metadata => {
                    row.insert("object".into(), partial_metadata(object));
                }
                IncludeObject::Object => {
                    row.insert("object".into(), object.clone());
                }
            }
            Value::Object(row)
        })
        .collect();
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": list_metadata,
        "columnDefinitions": columns.iter().map(Column::to_value).collect::<Vec<Value>>(),
        "rows": rows,
    })
}

fn cells_of(resource: &Resource, object: &Value, now: Timestamp) -> Vec<Value> {
    match &resource.custom {
        Some(custom) => {
            let mut cells = vec![object["metadata"]["name"].clone()];
            let own = custom.version["additionalPrinterColumns"].as_array();
            let Some(own) = own.filter(|columns| !columns.is_empty()) else {
                cells.push(json!(age::since(&object["metadata"]["creationTimestamp"], now)));
                return cells;
            };
            cells.extend(own.iter().map(|column| custom_cell(column, object, now)));
            cells
        }
        None => cells::of(resource, object, now),
    }
}

/// The value of a column that a definition declares.
fn custom_cell(column: &Value, object: &Value, now: Timestamp) -> Value {
    let path = column["jsonPath"].as_str().unwrap_or_default();
    let found = json_path::find(object, path);
    let Some(first) = found.first() else { return Value::Null };
    match column["type"].as_str().unwrap_or_default() {
        "integer" => first.as_i64().map_or(Value::Null, Value::from),
        "number" => first.as_f64().map_or(Value::Null, Value::from),
        "boolean" => first.as_bool().map_or(Value::Null, Value::from),
        "date" => json!(age::since(first, now)),
        _ => {
            let texts: Vec<String> = found
                .iter()
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .collect();
            json!(texts.join(","))
        }
    }
}

/// `PartialObjectMetadata` of an object.
pub fn partial_metadata(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"],
    })
}
