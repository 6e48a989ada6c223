//! The entries of `metadata.managedFields`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::field_set::FieldSet;

/// `operation` of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Server-side apply.
    Apply,
    /// Everything else.
    Update,
}

impl Operation {
    fn text(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// Who owns: one entry per identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    pub(super) operation: Operation,
    pub(super) manager: String,
    /// Empty for appliers, which keep one entry through versions.
    pub(super) api_version: String,
    pub(super) subresource: String,
}

/// What an identity owns.
#[derive(Debug, Clone)]
pub(super) struct Owned {
    pub(super) set: FieldSet,
    pub(super) api_version: String,
    /// RFC 3339; none if the object never changed by this manager.
    pub(super) time: Option<String>,
}

pub(super) type Managers = BTreeMap<Identity, Owned>;

/// The entries of an object; nothing if one cannot be read.
pub(super) fn decode(entries: &Value) -> Option<Managers> {
    let mut managers = Managers::new();
    for entry in entries.as_array().map_or(&[][..], Vec::as_slice) {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        let operation = match text("operation") {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return None,
        };
        let fields = entry.get("fieldsV1").cloned().unwrap_or_else(|| json!({}));
        let owned = Owned {
            set: FieldSet::from_json(&fields)?,
            api_version: text("apiVersion").to_owned(),
            time: entry.get("time").and_then(Value::as_str).map(str::to_owned),
        };
        managers.insert(
            identity(text("manager"), operation, &owned.api_version, text("subresource")),
            owned,
        );
    }
    Some(managers)
}

/// Identity of a manager.
pub(super) fn identity(
    manager: &str,
    operation: Operation,
    api_version: &str,
    subresource: &str,
) -> Identity {
    Identity {
        operation,
        manager: if manager.is_empty() { "unknown" } else { manager }.to_owned(),
        api_version: match operation {
            Operation::Apply => String::new(),
            Operation::Update => api_version.to_owned(),
        },
        subresource: subresource.to_owned(),
    }
}

/// The wire form: appliers first, then by time and name.
pub(super) fn encode(managers: &Managers) -> Vec<Value> {
    let mut sorted: Vec<(&Identity, &Owned)> = managers.iter().collect();
    sorted.sort_by(|(a, x), (b, y)| {
        (a.operation, &x.time, &a.manager, &x.api_version, &a.subresource).cmp(&(
            b.operation,
            &y.time,
            &b.manager,
            &y.api_version,
            &b.subresource,
        ))
    });
    sorted
        .into_iter()
        .map(|(identity, owned)| {
            let mut entry = Map::new();
            entry.insert("manager".into(), json!(identity.manager));
            entry.insert("operation".into(), json!(identity.operation.text()));
            entry.insert("apiVersion".into(), json!(owned.api_version));
            if let Some(time) = &owned.time {
                entry.insert("time".into(), json!(time));
            }
            entry.insert("fieldsType".into(), json!("FieldsV1"));
            entry.insert("fieldsV1".into(), owned.set.to_json());
            if !identity.subresource.is_empty() {
                entry.insert("subresource".into(), json!(identity.subresource));
            }
            Value::Object(entry)
        })
        .collect()
}

/// How conflicts name a manager.
pub(super) fn described(identity: &Identity, owned: &Owned) -> String {
    let mut text = format!("{:?}", identity.manager);
    if !identity.subresource.is_empty() {
        text.push_str(&format!(" with subresource {:?}", identity.subresource));
    }
    if identity.operation == Operation::Update {
        text.push_str(&format!(" using {}", owned.api_version));
    }
    text
}
