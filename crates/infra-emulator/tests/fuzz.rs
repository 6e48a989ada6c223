//! Random objects and random sequences of applies and updates, our merge against the rules of server-side apply; and patches that nobody would
//! write.
//!
//! `INFRA_FUZZ_SECONDS` says how long (two seconds unless given), `INFRA_FUZZ_SEED` where it begins.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use infra_emulator::kubernetes::machinery::managed_fields::{
    Tracking, apply, same_but_times, track,
};
use infra_emulator::kubernetes::machinery::patch::{
    json_patch, merge_patch, strategic_merge_patch,
};
use infra_emulator::kubernetes::machinery::scheme::{GroupVersionKind, Resource, Scheme};
use infra_emulator::kubernetes::machinery::write::{FieldValidation, Options, decode};
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};

const MANAGERS: [&str; 4] = ["one", "two", "three", "four"];

fn budget() -> Duration {
    let seconds = std::env::var("INFRA_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(2))
}

/// Runs cases with seeds of their own until the time is over; a failing one names its seed.
fn many(case: impl Fn(&mut StdRng) + std::panic::RefUnwindSafe) {
    let first = std::env::var("INFRA_FUZZ_SEED").ok().and_then(|text| text.parse().ok());
    let (began, first) = (Instant::now(), first.unwrap_or(1_u64));
    let mut count = 0;
    for seed in first.. {
        let run = std::panic::catch_unwind(|| case(&mut StdRng::seed_from_u64(seed)));
        assert!(run.is_ok(), "INFRA_FUZZ_SEED={seed} shows it");
        count += 1;
        if began.elapsed() > budget() {
            break;
        }
    }
    println!("{count} cases from seed {first}");
}

fn resource(group: &str, version: &str, kind: &str) -> Arc<Resource> {
    Scheme::new().of_kind(&GroupVersionKind::new(group, version, kind)).unwrap().clone()
}

/// At least one of the keys, each with what `value` gives: empty maps and lists are owned and not kept, which is a rule of its own.
fn some(random: &mut StdRng, keys: &[&str], mut value: impl FnMut(&mut StdRng) -> Value) -> Value {
    let mut map = Map::new();
    for key in keys {
        if random.random_bool(0.5) {
            let value = value(random);
            map.insert((*key).to_owned(), value);
        }
    }
    if let (true, Some(key)) = (map.is_empty(), keys.first()) {
        let value = value(random);
        map.insert((*key).to_owned(), value);
    }
    Value::Object(map)
}

fn word(random: &mut StdRng) -> Value {
    json!(["red", "green", "blue"][random.random_range(0..3)])
}

fn metadata(random: &mut StdRng) -> Value {
    let mut metadata = json!({ "name": "it" });
    for key in ["labels", "annotations"] {
        if random.random_bool(0.5) {
            metadata[key] = some(random, &["a", "b", "c"], word);
        }
    }
    if random.random_bool(0.3) {
        let all = ["example.org/a", "example.org/b", "example.org/c"];
        let chosen: Vec<&str> = all.into_iter().filter(|_| random.random_bool(0.5)).collect();
        if !chosen.is_empty() {
            metadata["finalizers"] = json!(chosen);
        }
    }
    metadata
}

fn config_map(random: &mut StdRng) -> Value {
    let mut object =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(random) });
    if random.random_bool(0.8) {
        object["data"] = some(random, &["a", "b", "c", "d"], word);
    }
    object
}

fn service(random: &mut StdRng) -> Value {
    let mut object =
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata(random), "spec": {} });
    if random.random_bool(0.6) {
        object["spec"]["selector"] = some(random, &["app", "tier"], word);
    }
    let mut ports = Vec::new();
    for (port, protocol) in [(80, "TCP"), (80, "UDP"), (443, "TCP")] {
        if random.random_bool(0.5) {
            let mut entry = json!({ "port": port, "protocol": protocol });
            if random.random_bool(0.5) {
                entry["name"] = word(random);
            }
            if random.random_bool(0.3) {
                entry["nodePort"] = json!(random.random_range(30080..30082));
            }
            ports.push(entry);
        }
    }
    if !ports.is_empty() {
        object["spec"]["ports"] = json!(ports);
    }
    object
}

fn deployment(random: &mut StdRng) -> Value {
    let mut object = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(random), "spec": {} });
    if random.random_bool(0.5) {
        object["spec"]["replicas"] = json!(random.random_range(0..3));
    }
    let mut containers = Vec::new();
    for name in ["web", "side"] {
        if random.random_bool(0.6) {
            let mut container = json!({ "name": name });
            if random.random_bool(0.7) {
                container["image"] = word(random);
            }
            if random.random_bool(0.5) {
                let names = ["A", "B", "C"];
                let chosen =
                    names.into_iter().filter(|_| random.random_bool(0.5)).collect::<Vec<_>>();
                let env =
                    chosen.into_iter().map(|name| json!({ "name": name, "value": word(random) }));
                let env: Vec<Value> = env.collect();
                if !env.is_empty() {
                    container["env"] = json!(env);
                }
            }
            if random.random_bool(0.3) {
                container["args"] = json!([word(random), word(random)]);
            }
            if random.random_bool(0.3) {
                container["resources"] =
                    json!({ "limits": some(random, &["cpu", "memory"], |_| json!("1")) });
            }
            containers.push(container);
        }
    }
    if !containers.is_empty() {
        object["spec"]["template"] = json!({ "spec": { "containers": containers } });
    }
    object
}

/// The paths that a field set names, each as its steps.
fn paths(fields: &Value, above: &[String], found: &mut Vec<Vec<String>>) {
    let Value::Object(map) = fields else { return };
    if map.is_empty() {
        found.push(above.to_vec());
    }
    for (step, below) in map {
        if step == "." {
            found.push(above.to_vec());
        } else {
            let mut path = above.to_vec();
            path.push(step.clone());
            paths(below, &path, found);
        }
    }
}

/// What is at a path of a field set.
fn at<'object>(object: &'object Value, path: &[String]) -> Option<&'object Value> {
    path.iter().try_fold(object, |value, step| {
        let (kind, text) = step.split_once(':')?;
        match kind {
            "f" => value.get(text),
            "k" => {
                let key: BTreeMap<String, Value> = serde_json::from_str(text).ok()?;
                let items = value.as_array()?;
                items
                    .iter()
                    .find(|item| key.iter().all(|(name, value)| item.get(name) == Some(value)))
            }
            "v" => {
                let wanted: Value = serde_json::from_str(text).ok()?;
                value.as_array()?.iter().find(|item| **item == wanted)
            }
            _ => value.as_array()?.get(text.parse::<usize>().ok()?),
        }
    })
}

/// Paths by owner: manager and operation.
fn owners(object: &Value) -> BTreeMap<(String, String), Vec<Vec<String>>> {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let owned = entries.map(|entry| {
        let mut found = Vec::new();
        paths(&entry["fieldsV1"], &[], &mut found);
        ((text(entry, "manager"), text(entry, "operation")), found)
    });
    owned.collect()
}

/// The leaves of an applied document, by the paths at which their owner has them: those of the owner that lead to no map or list.
fn is_leaf(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

/// The object as the server reads it: fields that its types always have are there.
fn typed(kind: &Resource, object: &Value) -> Value {
    let options = Options {
        subresource: String::new(),
        namespace: String::new(),
        name: String::new(),
        manager: String::new(),
        field_validation: FieldValidation::Ignore,
        force: false,
        now: Timestamp::UNIX_EPOCH,
    };
    decode(kind, object.to_string().as_bytes(), false, &options).unwrap().object
}

fn without_managers(object: &Value) -> Value {
    let mut bare = object.clone();
    if let Some(metadata) = bare["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    bare
}

/// Maps and lists: an empty one is not kept, and its owners stay noted.
const CONTAINERS: [&str; 9] = [
    "f:labels",
    "f:annotations",
    "f:finalizers",
    "f:selector",
    "f:data",
    "f:ports",
    "f:env",
    "f:limits",
    "f:resources",
];

/// Every owned path is there.
fn check_owned(object: &Value) {
    for (owner, paths) in owners(object) {
        let kept =
            |path: &&Vec<String>| !CONTAINERS.contains(&path.last().map_or("", String::as_str));
        for path in paths.iter().filter(kept) {
            assert!(
                at(object, path).is_some(),
                "{owner:?} owns {path:?}, which is not in {object:#}"
            );
        }
    }
}

fn applied(
    kind: &Resource,
    live: Option<&Value>,
    wanted: &Value,
    manager: &str,
    now: Timestamp,
    force: bool,
) -> Option<Value> {
    let tracking = || Tracking { resource: kind, subresource: "", manager, now };
    let result = match apply(live, wanted, tracking(), force) {
        Ok(result) => result,
        Err(status) => {
            assert!(!force, "a forced apply has no conflict: {}", status.message);
            assert_eq!(status.code, 409, "{}", status.message);
            check_conflict(live.unwrap(), wanted, manager);
            return None;
        }
    };
    // What follows is about the merge; defaults come after it.
    let merged = result.clone();
    check_owned(&merged);
    let result = typed(kind, &result);
    // Twice is once.
    let again = apply(Some(&result), wanted, tracking(), false).unwrap();
    let again = typed(kind, &again);
    assert!(same_but_times(&again, &result), "twice is not once: {again:#} {result:#}");
    let before = live.map(owners).unwrap_or_default();
    let after = owners(&result);
    let mine = after.get(&(manager.to_owned(), "Apply".to_owned())).cloned().unwrap_or_default();
    for path in &mine {
        // What the applier owns is as it wants it.
        if let Some(value) = at(wanted, path).filter(|value| is_leaf(value)) {
            assert_eq!(at(&result, path), Some(value), "{path:?}");
        }
    }
    for (owner, paths) in
        before.iter().filter(|(owner, _)| *owner != &(manager.to_owned(), "Apply".to_owned()))
    {
        for path in paths {
            let (old, new) = (at(live.unwrap(), path), at(&merged, path));
            let changed = old.filter(|old| is_leaf(old)) != new.filter(|new| is_leaf(new));
            // An item of a list goes with the last owner of the item as such, whoever owns fields in it.
            let held = |item: &[String]| {
                let others =
                    before.iter().filter(|(other, _)| other.1 != "Apply" || other.0 != manager);
                others.flat_map(|(_, paths)| paths).any(|path| path == item)
            };
            let item_gone = new.is_none()
                && (1..path.len())
                    .any(|end| path[end - 1].starts_with("k:") && !held(&path[..end]));
            if item_gone {
                continue;
            }
            // Without force nobody's field is changed; with force it is the applier's afterwards.
            assert!(
                !changed || (force && mine.contains(path)),
                "{owner:?} has lost {path:?}: {old:?} {new:?}"
            );
        }
    }
    let mine_before =
        before.get(&(manager.to_owned(), "Apply".to_owned())).cloned().unwrap_or_default();
    for path in mine_before.iter().filter(|path| !mine.contains(path)) {
        let still_owned = after.values().flatten().any(|other| other.starts_with(path));
        let live_leaf = at(live.unwrap(), path).is_some_and(is_leaf);
        // What was given up is there only if somebody else has it.
        assert!(
            !live_leaf || still_owned || at(&merged, path).is_none(),
            "{path:?} was given up, and is still there: {result:#}"
        );
    }
    Some(result)
}

/// A conflict is told only where another owner's value would change.
fn check_conflict(live: &Value, wanted: &Value, manager: &str) {
    // Of an object that nobody owns, all fields count as those of who was there before the first apply.
    if owners(live).is_empty() {
        return;
    }
    let others = owners(live)
        .into_iter()
        .filter(|(owner, _)| owner != &(manager.to_owned(), "Apply".to_owned()));
    let differs = others.flat_map(|(_, paths)| paths).any(|path| {
        let wanted = at(wanted, &path);
        wanted.is_some() && wanted != at(live, &path)
    });
    assert!(differs, "a conflict, though no field of others would change: {live:#} {wanted:#}");
}

fn sequence(random: &mut StdRng, kind: &Resource, make: fn(&mut StdRng) -> Value) {
    let mut live: Option<Value> = None;
    let steps = random.random_range(3..12);
    for step in 0..steps {
        let now = Timestamp::from_second(1_000 + step).unwrap();
        let manager = MANAGERS[random.random_range(0..MANAGERS.len())];
        let wanted = make(random);
        if random.random_bool(0.7) {
            let force = random.random_bool(0.4);
            if std::env::var_os("INFRA_FUZZ_SEED").is_some() {
                println!("{manager} applies, force {force}: {wanted}");
            }
            if let Some(result) = applied(kind, live.as_ref(), &wanted, manager, now, force) {
                live = Some(result);
            }
            continue;
        }
        let tracking = Tracking { resource: kind, subresource: "", manager, now };
        let mut new = typed(kind, &wanted);
        if std::env::var_os("INFRA_FUZZ_SEED").is_some() {
            println!("{manager} updates: {new}");
        }
        if let Some(live) = &live {
            new["metadata"]["managedFields"] = live["metadata"]["managedFields"].clone();
        }
        let updated = track(live.as_ref(), new.clone(), tracking);
        check_owned(&updated);
        assert_eq!(without_managers(&updated), without_managers(&new), "an update is what it says");
        live = Some(updated);
    }
}

#[test]
fn applies_and_updates_keep_the_rules() {
    let kinds = [
        (resource("", "v1", "ConfigMap"), config_map as fn(&mut StdRng) -> Value),
        (resource("", "v1", "Service"), service),
        (resource("apps", "v1", "Deployment"), deployment),
    ];
    let kinds = std::panic::AssertUnwindSafe(kinds);
    many(|random| {
        let (kind, make) = &kinds[random.random_range(0..kinds.len())];
        sequence(random, kind, *make);
    });
}

/// Any JSON.
fn anything(random: &mut StdRng, depth: u32) -> Value {
    match random.random_range(0..if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => json!(random.random_bool(0.5)),
        2 => json!(random.random_range(-3..3)),
        3 => word(random),
        4 => {
            json!(["name", "$patch", "delete", "$retainKeys", "~1", ""][random.random_range(0..6)])
        }
        5 => (0..random.random_range(0..4)).map(|_| anything(random, depth - 1)).collect(),
        _ => {
            let keys = [
                "name",
                "spec",
                "containers",
                "$patch",
                "$setElementOrder/containers",
                "$deleteFromPrimitiveList/finalizers",
                "$retainKeys",
            ];
            some(random, &keys, |random| anything(random, depth - 1))
        }
    }
}

fn merged_by_the_rule(target: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut merged = target.as_object().cloned().unwrap_or_default();
    for (key, value) in patch {
        if value.is_null() {
            merged.remove(key);
        } else {
            let below = merged_by_the_rule(merged.get(key).unwrap_or(&Value::Null), value);
            merged.insert(key.clone(), below);
        }
    }
    Value::Object(merged)
}

#[test]
fn no_patch_brings_the_machinery_down() {
    let kind = std::panic::AssertUnwindSafe(resource("apps", "v1", "Deployment"));
    many(|random| {
        let object = if random.random_bool(0.5) { deployment(random) } else { anything(random, 4) };
        let patch = anything(random, 4);
        assert_eq!(merge_patch(&object, &patch), merged_by_the_rule(&object, &patch), "RFC 7386");
        let _ = strategic_merge_patch(&object, &patch, &kind.schema);
        let operations: Vec<Value> = (0..random.random_range(0..4))
            .map(|_| {
                let place = [
                    "/metadata/name",
                    "/spec",
                    "/spec/replicas",
                    "/metadata/labels/a",
                    "/a~1b",
                    "",
                    "/spec/template/spec/containers/0",
                    "/spec/template/spec/containers/-",
                    "/metadata/finalizers/9",
                ];
                let words = ["add", "remove", "replace", "move", "copy", "test", "none"];
                json!({
                    "op": words[random.random_range(0..words.len())],
                    "path": place[random.random_range(0..place.len())],
                    "from": place[random.random_range(0..place.len())],
                    "value": anything(random, 2),
                })
            })
            .collect();
        let _ = json_patch(&object, &json!(operations));
    });
}
