//! Objects as the server holds them: decoded by their schema and defaulted.

use serde_json::{Value, json};

use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::{crd, defaults, schema};

/// A decoded and defaulted object.
pub(super) struct Checked {
    pub(super) object: Value,
    /// Paths of fields that the schema does not have.
    pub(super) unknown: Vec<String>,
}

/// Decodes an object of the resource.
pub(super) fn typed(resource: &Resource, value: &Value) -> Result<Checked, String> {
    if let Some(custom) = &resource.custom {
        let pruned = crd::decode(custom, value)?;
        return Ok(Checked { object: pruned.value, unknown: pruned.unknown });
    }
    let decoded = schema::decode(&resource.schema, value)?;
    let mut object = decoded.value;
    object["kind"] = json!(resource.kind.kind);
    object["apiVersion"] = json!(resource.kind.api_version());
    defaults::default(&resource.kind, &mut object);
    Ok(Checked { object: ordered(object), unknown: decoded.unknown })
}

/// `kind`, `apiVersion` and `metadata` first.
fn ordered(object: Value) -> Value {
    let Value::Object(mut map) = object else { return object };
    let mut out = serde_json::Map::new();
    for key in ["kind", "apiVersion", "metadata"] {
        if let Some(value) = map.shift_remove(key) {
            out.insert(key.into(), value);
        }
    }
    out.extend(map);
    Value::Object(out)
}
