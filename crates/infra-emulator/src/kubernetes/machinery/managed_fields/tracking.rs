//! Ownership after create, update and patch: whoever changes a field owns it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::compare::{Comparison, compare};
use super::entries::{self, Identity, Managers, Operation, Owned};
use super::field_set::FieldSet;
use super::reset::{reset_fields, server_fields};
use super::scale::from_scale;
use crate::kubernetes::machinery::schema;
use crate::kubernetes::machinery::scheme::Resource;

/// Update entries that an object may have; older ones are put together.
const MAX_UPDATERS: usize = 10;

/// Who writes what and when.
#[derive(Debug, Clone, Copy)]
pub struct Tracking<'a> {
    /// What is written.
    pub resource: &'a Resource,
    /// `status`, `scale` or empty.
    pub subresource: &'a str,
    /// Name of the field manager.
    pub manager: &'a str,
    /// When.
    pub now: Timestamp,
}

impl Tracking<'_> {
    pub(super) fn identity(&self, operation: Operation) -> Identity {
        let api_version = self.resource.kind.api_version();
        entries::identity(self.manager, operation, &api_version, self.subresource)
    }

    pub(super) fn time(&self) -> String {
        schema::time_text(self.now, false)
    }

    /// The value as it is compared: as the server encodes it, without the entries themselves.
    pub(super) fn typed(&self, object: Option<&Value>) -> Value {
        let mut value = object.cloned().unwrap_or_else(|| json!({}));
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.shift_remove("managedFields");
        }
        if self.resource.custom.is_none() {
            value = schema::normalise(&self.resource.schema, &value);
        }
        value
    }
}

/// The new object with `managedFields` brought up to date after create (no live object), update or patch.
///
/// Through `scale` only the replica count is written, and owned in the way of that subresource.
pub fn track(live: Option<&Value>, mut new: Value, tracking: Tracking<'_>) -> Value {
    if let (Some(live), "scale") = (live, tracking.subresource) {
        return scaled(live, new, tracking);
    }
    let managers = current(live, &new, tracking.subresource);
    set_entries(&mut new, None);
    if managers.is_empty() && live.is_some() {
        return new; // Ownership was given up, and stays so until somebody applies.
    }
    let managers = updated(live, &new, managers, tracking);
    set_entries(&mut new, Some(&managers));
    new
}

fn scaled(live: &Value, new: Value, tracking: Tracking<'_>) -> Value {
    let custom = tracking.resource.custom.as_ref().and_then(|custom| custom.scale());
    let path = custom.map(|paths| paths.replicas).unwrap_or_default();
    let path: Vec<&str> = if path.is_empty() {
        vec!["spec", "replicas"]
    } else {
        path.iter().map(String::as_str).collect()
    };
    let count = path.iter().try_fold(&new, |value, key| value.get(*key)).and_then(Value::as_i64);
    from_scale(live, &path, count.unwrap_or(0), tracking, None).unwrap_or(new)
}

/// The entries that count: the request's if it brings any, else the live object's.
fn current(live: Option<&Value>, new: &Value, subresource: &str) -> Managers {
    let of = |object: &Value| entries::decode(&object["metadata"]["managedFields"]);
    let from_live = || live.and_then(of).unwrap_or_default();
    if !subresource.is_empty() {
        return from_live();
    }
    let given = &new["metadata"]["managedFields"];
    if let Some(list) = given.as_array() {
        let blank = |entry: &Value| entry.as_object().is_some_and(serde_json::Map::is_empty);
        if list.is_empty() || (list.len() == 1 && blank(&list[0])) {
            return Managers::new();
        }
    }
    match of(new) {
        Some(managers) if !managers.is_empty() => managers,
        _ => from_live(),
    }
}

/// Ownership after the manager changed the live object into the new one.
pub(super) fn updated(
    live: Option<&Value>,
    new: &Value,
    managers: Managers,
    tracking: Tracking<'_>,
) -> Managers {
    let (old, new) = (tracking.typed(live), tracking.typed(Some(new)));
    let reset = reset_fields(tracking.resource, tracking.subresource);
    let difference = compare(&tracking.resource.schema, &old, &new).excluding(&reset);
    let (mut managers, _) = lose(managers, &difference, None);
    let changed = difference.modified.union(&difference.added);
    let own = changed.recursive_difference(&reset).difference(&server_fields());
    if !own.is_empty() {
        let identity = tracking.identity(Operation::Update);
        let previous = managers.get(&identity).map(|owned| owned.set.clone()).unwrap_or_default();
        let owned = Owned {
            set: previous.union(&own),
            api_version: tracking.resource.kind.api_version(),
            time: Some(tracking.time()),
        };
        managers.insert(identity, owned);
    }
    capped(managers)
}

/// What the managers keep after a change by another (or by `except`, which keeps all), and what they lost by it being changed.
pub(super) fn lose(
    managers: Managers,
    difference: &Comparison,
    except: Option<&Identity>,
) -> (Managers, Vec<(Identity, Owned, FieldSet)>) {
    let changed = difference.modified.union(&difference.added);
    let (mut kept, mut lost) = (Managers::new(), Vec::new());
    for (identity, mut owned) in managers {
        if except != Some(&identity) {
            let conflict = owned.set.intersection(&changed);
            if !conflict.is_empty() {
                lost.push((identity.clone(), owned.clone(), conflict.clone()));
            }
            owned.set = owned.set.difference(&conflict).difference(&difference.removed);
        }
        if !owned.set.is_empty() {
            kept.insert(identity, owned);
        }
    }
    (kept, lost)
}

/// Puts the oldest update entries of a version into one once there are too many.
fn capped(mut managers: Managers) -> Managers {
    let mut updaters: Vec<(Option<String>, Identity)> = managers
        .iter()
        .filter(|(identity, _)| identity.operation == Operation::Update)
        .map(|(identity, owned)| (owned.time.clone(), identity.clone()))
        .collect();
    let mut count = updaters.len();
    updaters.sort();
    let mut first: Vec<(String, Identity)> = Vec::new();
    for (_, identity) in updaters {
        if count <= MAX_UPDATERS {
            break;
        }
        let version = identity.api_version.clone();
        let Some(earlier) = first.iter().find(|(own, _)| *own == version) else {
            first.push((version, identity));
            continue;
        };
        let bucket = entries::identity("ancient-changes", Operation::Update, &version, "");
        if !managers.contains_key(&bucket)
            && let Some(owned) = managers.remove(&earlier.1)
        {
            managers.insert(bucket.clone(), owned);
        }
        if let Some(newer) = managers.remove(&identity)
            && let Some(owned) = managers.get_mut(&bucket)
        {
            owned.set = owned.set.union(&newer.set);
            owned.time = newer.time;
            count -= 1;
        }
    }
    managers
}

/// Writes the entries into the object, or removes them if there are none.
pub(super) fn set_entries(object: &mut Value, managers: Option<&Managers>) {
    let encoded = managers.map(entries::encode).unwrap_or_default();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("managedFields");
        if !encoded.is_empty() {
            metadata.insert("managedFields".into(), Value::Array(encoded));
        }
    } else if !encoded.is_empty() {
        object["metadata"] = json!({ "managedFields": encoded });
    }
}

/// Whether two objects are equal but for the times of their entries; then nothing was written.
pub fn same_but_times(a: &Value, b: &Value) -> bool {
    timeless(a) == timeless(b)
}

fn timeless(object: &Value) -> Value {
    let mut copy = object.clone();
    let metadata = copy.get_mut("metadata");
    let entries = metadata.and_then(|metadata| metadata.get_mut("managedFields"));
    if let Some(entries) = entries.and_then(Value::as_array_mut) {
        for entry in entries.iter_mut() {
            if let Some(map) = entry.as_object_mut() {
                map.shift_remove("time");
            }
        }
    }
    copy
}
