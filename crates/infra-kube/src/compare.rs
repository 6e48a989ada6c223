//! Comparing objects: by the fields that we own, and by value.
//!
//! An object is unchanged when the fields that our manager applied are exactly the desired ones and have the desired values.
//! Whatever this cannot tell (keys that the server would default, forms that it would rewrite) is left to a dry run.
//! Follows "Server-Side Apply" of the Kubernetes API reference, and structured-merge-diff's `fieldsV1`.

use std::collections::BTreeSet;

use infra_plan::{Change, Effect, Value};
use serde_json::Map;

use crate::{FIELD_MANAGER, Json, ObjectRef, quantity};

/// The fields that our manager applied, as `fieldsV1` has them.
pub(crate) fn owned_fields<'live>(live: &'live Json, version: &str) -> Option<&'live Json> {
    let entries = live.pointer("/metadata/managedFields")?.as_array()?;
    let text = |entry: &'live Json, key: &str| entry.get(key).and_then(Json::as_str);
    entries
        .iter()
        .find(|entry| {
            text(entry, "manager") == Some(FIELD_MANAGER)
                && text(entry, "operation") == Some("Apply")
                && text(entry, "subresource").is_none()
                && text(entry, "apiVersion") == Some(version)
        })?
        .get("fieldsV1")
}

/// Whether the object is surely as desired: our manager owns just the desired fields, and they have the desired values.
pub(crate) fn surely_unchanged(desired: &Json, live: &Json) -> bool {
    let version = desired.get("apiVersion").and_then(Json::as_str).unwrap_or_default();
    let Some(mut wanted) = desired.as_object().cloned() else { return false };
    // What identifies the object is owned by nobody.
    wanted.retain(|key, _| !matches!(key.as_str(), "apiVersion" | "kind"));
    if let Some(metadata) = wanted.get_mut("metadata").and_then(Json::as_object_mut) {
        metadata.retain(|key, _| !matches!(key.as_str(), "name" | "namespace"));
        if metadata.is_empty() {
            wanted.shift_remove("metadata");
        }
    }
    let nothing = Map::new();
    // A manager that applied nothing but the identity has no entry.
    let owned = owned_fields(live, version).and_then(Json::as_object).unwrap_or(&nothing);
    same_map(owned, &wanted, live.as_object().unwrap_or(&nothing), &[])
}

/// Whether `fields` (a part of `fieldsV1`) names just what is in `desired`, and `live` has the same values there.
fn same_owned(fields: &Json, desired: &Json, live: &Json, path: &[&str]) -> bool {
    let Some(fields) = fields.as_object() else { return false };
    let inner = fields.keys().any(|key| key != ".");
    match (desired, live) {
        (Json::Object(desired), Json::Object(live)) if inner => {
            same_map(fields, desired, live, path)
        }
        (Json::Array(desired), Json::Array(live)) if inner => {
            same_list(fields, desired, live, path)
        }
        _ => same_value(desired, live, path),
    }
}

fn same_map(
    fields: &Map<String, Json>,
    desired: &Map<String, Json>,
    live: &Map<String, Json>,
    path: &[&str],
) -> bool {
    let wanted =
        desired.iter().all(|(key, value)| match (fields.get(&format!("f:{key}")), live.get(key)) {
            (Some(fields), Some(live)) => {
                let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
                same_owned(fields, value, live, &path)
            }
            _ => is_empty(value) && live.get(key).is_none_or(is_empty),
        });
    let named = |key: &String| {
        key == "." || key.strip_prefix("f:").is_some_and(|key| desired.contains_key(key))
    };
    wanted && fields.keys().all(named)
}

fn same_list(fields: &Map<String, Json>, desired: &[Json], live: &[Json], path: &[&str]) -> bool {
    let mut found = 0;
    for (key, fields) in fields.iter().filter(|(key, _)| *key != ".") {
        if let Some(keys) = key.strip_prefix("k:").and_then(|keys| serde_json::from_str(keys).ok())
        {
            let keys: Map<String, Json> = keys;
            // Keys that the server defaults may be missing in the file; if that is ambiguous, the dry run tells.
            let exact = |item: &&Json| keys.iter().all(|(key, value)| item.get(key) == Some(value));
            let open = |item: &&Json| {
                keys.iter().all(|(key, value)| item.get(key).is_none_or(|given| given == value))
            };
            let mut opened = desired.iter().filter(open);
            let wanted = match (desired.iter().find(exact), opened.next(), opened.next()) {
                (Some(wanted), ..) | (None, Some(wanted), None) => wanted,
                _ => return false,
            };
            let Some(live) = live.iter().find(exact) else { return false };
            if !same_owned(fields, wanted, live, path) {
                return false;
            }
        } else if let Some(value) = key.strip_prefix("v:") {
            let Ok(value) = serde_json::from_str::<Json>(value) else { return false };
            if !desired.contains(&value) || !live.contains(&value) {
                return false;
            }
        } else {
            return false;
        }
        found += 1;
    }
    found == desired.len()
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(list) => list.is_empty(),
        Json::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// Whether two values mean the same to the API: numbers by value, quantities by amount, nothing and empty as one. At the paths of
/// free texts (annotations, labels, data) only equal texts are equal.
pub fn same_value(one: &Json, two: &Json, path: &[&str]) -> bool {
    match (one, two) {
        (Json::Number(one), Json::Number(two)) => one == two || one.as_f64() == two.as_f64(),
        (Json::String(text), Json::String(other)) => {
            text == other || (holds_quantities(path) && same_quantity(text, other))
        }
        (Json::Number(number), Json::String(text)) | (Json::String(text), Json::Number(number)) => {
            holds_quantities(path) && same_quantity(text, &number.to_string())
        }
        (Json::Array(one), Json::Array(two)) => {
            one.len() == two.len()
                && one.iter().zip(two).all(|(one, two)| same_value(one, two, path))
        }
        (Json::Object(one), Json::Object(two)) => {
            let keys: BTreeSet<_> = one.keys().chain(two.keys()).collect();
            keys.into_iter().all(|key| {
                let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
                let get = |map: &Map<String, Json>| map.get(key).cloned().unwrap_or(Json::Null);
                same_value(&get(one), &get(two), &path)
            })
        }
        _ => one == two || (is_empty(one) && is_empty(two)),
    }
}

fn same_quantity(one: &str, two: &str) -> bool {
    quantity(one).is_some_and(|amount| quantity(two) == Some(amount))
}

/// Whether a path leads to amounts of resources.
fn holds_quantities(path: &[&str]) -> bool {
    const HOLDERS: [&str; 10] = [
        "limits",
        "requests",
        "capacity",
        "hard",
        "sizeLimit",
        "default",
        "defaultRequest",
        "max",
        "min",
        "overhead",
    ];
    let free = ["annotations", "labels", "data", "matchLabels"];
    !path.iter().any(|key| free.contains(key)) && path.iter().any(|key| HOLDERS.contains(key))
}

/// What the server says by itself, and nobody applies.
const TOLD_BY_SERVER: [&str; 6] =
    ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];

/// The differences between two states of an object, field by field; what only the server says is left out. Values of Secrets are
/// secret.
pub fn changes_between(before: &Json, after: &Json) -> Vec<Change> {
    let secret = ObjectRef::of(after)
        .or_else(|| ObjectRef::of(before))
        .is_some_and(|object| object.kind == "Secret" && object.group().is_empty());
    let mut changes = Vec::new();
    let top = |value: &Json| {
        let mut map = value.as_object().cloned().unwrap_or_default();
        map.shift_remove("status");
        if let Some(metadata) = map.get_mut("metadata").and_then(Json::as_object_mut) {
            metadata.retain(|key, _| !TOLD_BY_SERVER.contains(&key.as_str()));
        }
        Json::Object(map)
    };
    collect(&top(before), &top(after), &mut Vec::new(), &mut changes);
    for change in changes.iter_mut().filter(|change| secret && change.path.starts_with("data")) {
        hide(&mut change.before);
        hide(&mut change.after);
    }
    changes
}

/// Makes every text in it a secret.
pub(crate) fn hide(value: &mut Value) {
    match value {
        Value::List(list) => list.iter_mut().for_each(hide),
        Value::Map(map) => map.values_mut().for_each(hide),
        Value::Text(text) => *value = Value::secret(std::mem::take(text)),
        Value::Number(_) | Value::Bool(_) => *value = Value::secret(value.to_string()),
        _ => {}
    }
}

fn collect(before: &Json, after: &Json, path: &mut Vec<String>, changes: &mut Vec<Change>) {
    match (before, after) {
        (Json::Object(old), Json::Object(new)) => {
            let keys = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
            for key in keys {
                path.push(key.clone());
                let (old, new) = (old.get(key), new.get(key));
                collect(old.unwrap_or(&Json::Null), new.unwrap_or(&Json::Null), path, changes);
                path.pop();
            }
        }
        (Json::Array(old), Json::Array(new)) if named(old) && named(new) => {
            collect_named(old, new, path, changes);
        }
        _ => {
            let keys: Vec<&str> = path.iter().map(String::as_str).collect();
            if !same_value(before, after, &keys) {
                changes.push(Change {
                    path: path.join("."),
                    before: Value::from_plain_json(before.clone()),
                    after: Value::from_plain_json(after.clone()),
                    effect: Effect::Update,
                });
            }
        }
    }
}

/// Lists of named things are compared by name, so that an inserted container does not change all that follow.
fn collect_named(old: &[Json], new: &[Json], path: &mut Vec<String>, changes: &mut Vec<Change>) {
    let names: Vec<&str> = old.iter().chain(new).filter_map(name).collect();
    let mut done = BTreeSet::new();
    let Some(last) = path.pop() else { return };
    for wanted in names {
        if !done.insert(wanted) {
            continue;
        }
        let find = |list: &[Json]| {
            list.iter().find(|item| name(item) == Some(wanted)).cloned().unwrap_or(Json::Null)
        };
        path.push(format!("{last}[{wanted}]"));
        collect(&find(old), &find(new), path, changes);
        path.pop();
    }
    path.push(last);
}

fn name(item: &Json) -> Option<&str> {
    item.get("name").and_then(Json::as_str)
}

/// Whether every item has a name of its own.
fn named(list: &[Json]) -> bool {
    let names: BTreeSet<_> = list.iter().filter_map(name).collect();
    names.len() == list.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(owned: Json, rest: Json) -> Json {
        let mut live = json!({"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "x",
            "managedFields": [{"manager": "infra", "operation": "Apply", "apiVersion": "v1", "fieldsV1": owned},
                {"manager": "other", "operation": "Update", "apiVersion": "v1", "fieldsV1": {"f:spec": {}}}]}});
        live.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        live
    }

    fn desired(rest: Json) -> Json {
        let mut desired = json!({"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "x"}});
        desired.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        desired
    }

    #[test]
    fn keyed_lists_with_defaulted_keys_are_decided() {
        let owned = json!({"f:spec": {"f:ports": {
            "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}},
            "k:{\"port\":80,\"protocol\":\"UDP\"}": {".": {}, "f:port": {}, "f:protocol": {}}}}});
        let ports = json!([{"port": 80, "protocol": "TCP"}, {"port": 80, "protocol": "UDP"}]);
        let live = live(owned, json!({"spec": {"ports": ports, "type": "ClusterIP"}}));
        let same = json!({"spec": {"ports": [{"port": 80}, {"port": 80, "protocol": "UDP"}]}});
        assert!(surely_unchanged(&desired(same), &live));
        let fewer = json!({"spec": {"ports": [{"port": 80}]}});
        assert!(!surely_unchanged(&desired(fewer), &live));
        let other = json!({"spec": {"ports": [{"port": 80}, {"port": 81, "protocol": "UDP"}]}});
        assert!(!surely_unchanged(&desired(other), &live));
    }

    #[test]
    fn what_we_do_not_own_just_so_is_not_decided() {
        let owned = json!({"f:spec": {"f:a": {}, "f:b": {}}});
        let live = live(owned, json!({"spec": {"a": 1, "b": 2, "c": 3}}));
        assert!(surely_unchanged(&desired(json!({"spec": {"a": 1, "b": 2}})), &live));
        for different in [
            json!({"spec": {"a": 1}}),
            json!({"spec": {"a": 1, "b": 3}}),
            json!({"spec": {"a": 1, "b": 2, "c": 3}}),
            json!({}),
        ] {
            assert!(!surely_unchanged(&desired(different.clone()), &live), "{different}");
        }
        let bare = json!({"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "x"}});
        assert!(surely_unchanged(&desired(json!({"data": {}})), &bare), "nothing to own");
        assert!(!surely_unchanged(&desired(json!({"data": {"a": "b"}})), &bare));
    }

    #[test]
    fn values_are_compared_by_meaning() {
        let limits = ["spec", "resources", "limits", "memory"];
        assert!(same_value(&json!("1024Mi"), &json!("1Gi"), &limits));
        assert!(same_value(&json!(2), &json!("2"), &limits));
        assert!(!same_value(&json!("1G"), &json!("1Gi"), &limits));
        assert!(!same_value(&json!("1000m"), &json!("1"), &["metadata", "annotations", "limits"]));
        assert!(same_value(&json!(1), &json!(1.0), &["spec"]));
        assert!(same_value(&json!({"a": {}}), &json!({}), &["spec"]));
        assert!(!same_value(&json!({"a": false}), &json!({}), &["spec"]));
    }

    #[test]
    fn changes_leave_out_what_the_server_says_and_hide_secrets() {
        let before = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "resourceVersion": "1"},
            "data": {"key": "YQ=="}, "status": {"x": 1}});
        let mut after = before.clone();
        after["metadata"]["resourceVersion"] = "2".into();
        after["data"]["key"] = "Yg==".into();
        let changes = changes_between(&before, &after);
        assert_eq!(changes.len(), 1);
        assert_eq!(
            (changes[0].path.as_str(), changes[0].after.to_string()),
            ("data.key", "(secret)".into())
        );
        let list = |names: &[&str]| json!({"spec": {"containers": names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>()}});
        let inserted = changes_between(&list(&["b"]), &list(&["a", "b"]));
        let paths: Vec<_> = inserted.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, ["spec.containers[a]"]);
    }
}
