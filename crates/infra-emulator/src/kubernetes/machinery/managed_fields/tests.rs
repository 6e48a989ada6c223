//! Ownership and server-side apply on small objects.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Tracking, apply, from_scale, same_but_times, track};
use crate::kubernetes::machinery::scheme::{GroupVersionKind, Resource, Scheme};
use crate::kubernetes::machinery::status::Status;
use std::sync::Arc;

fn resource(group: &str, version: &str, kind: &str) -> Arc<Resource> {
    Scheme::new().of_kind(&GroupVersionKind::new(group, version, kind)).unwrap().clone()
}

fn config_map(data: Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" }, "data": data })
}

fn by<'a>(resource: &'a Resource, manager: &'a str, second: i64) -> Tracking<'a> {
    let now = Timestamp::from_second(1_000 + second).unwrap();
    Tracking { resource, subresource: "", manager, now }
}

fn entry<'a>(object: &'a Value, manager: &str, operation: &str) -> Option<&'a Value> {
    object["metadata"]["managedFields"]
        .as_array()?
        .iter()
        .find(|own| own["manager"] == manager && own["operation"] == operation)
}

fn owned(object: &Value, manager: &str, operation: &str) -> Value {
    entry(object, manager, operation).map_or(Value::Null, |own| own["fieldsV1"].clone())
}

#[test]
fn applied_fields_belong_to_the_applier_and_go_with_it() {
    let kind = resource("", "v1", "ConfigMap");
    let first = apply(None, &config_map(json!({ "a": "1", "b": "2" })), by(&kind, "one", 0), false)
        .unwrap();
    assert_eq!(owned(&first, "one", "Apply"), json!({ "f:data": { "f:a": {}, "f:b": {} } }));
    let second =
        apply(Some(&first), &config_map(json!({ "b": "2" })), by(&kind, "two", 1), false).unwrap();
    // Nothing changed, so that the second manager has no time.
    assert_eq!(entry(&second, "two", "Apply").unwrap().get("time"), None);
    let third = apply(Some(&second), &config_map(json!({})), by(&kind, "one", 2), false).unwrap();
    assert_eq!(third["data"], json!({ "b": "2" }), "the other manager's field stays");
    let fourth = apply(Some(&third), &config_map(json!({})), by(&kind, "two", 3), false).unwrap();
    assert!(fourth.get("data").is_none());
    assert_eq!(owned(&fourth, "two", "Apply"), json!({ "f:data": {} }));
}

#[test]
fn conflicts_name_the_manager_and_force_takes_over() {
    let kind = resource("", "v1", "ConfigMap");
    let created = track(None, config_map(json!({ "a": "1", "k": "x" })), by(&kind, "editor", 0));
    assert_eq!(
        owned(&created, "editor", "Update"),
        json!({ "f:data": { ".": {}, "f:a": {}, "f:k": {} } })
    );
    let wanted = config_map(json!({ "a": "2" }));
    let refused = apply(Some(&created), &wanted, by(&kind, "one", 1), false).unwrap_err();
    assert_eq!((refused.code, &*refused.reason), (409, "Conflict"));
    assert_eq!(
        refused.message,
        "Apply failed with 1 conflict: conflict with \"editor\" using v1: .data.a"
    );
    let taken = apply(Some(&created), &wanted, by(&kind, "one", 1), true).unwrap();
    assert_eq!(taken["data"], json!({ "a": "2", "k": "x" }));
    assert_eq!(owned(&taken, "editor", "Update"), json!({ "f:data": { ".": {}, "f:k": {} } }));
    assert_eq!(owned(&taken, "one", "Apply"), json!({ "f:data": { "f:a": {} } }));
}

fn service(ports: Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": "s" },
        "spec": { "ports": ports },
    })
}

#[test]
fn keyed_lists_merge_by_keys_with_their_defaults() {
    let kind = resource("", "v1", "Service");
    let one = service(json!([{ "port": 80, "name": "web" }]));
    let live = apply(None, &one, by(&kind, "one", 0), false).unwrap();
    assert_eq!(
        owned(&live, "one", "Apply"),
        json!({ "f:spec": { "f:ports": {
            "k:{\"port\":80,\"protocol\":\"TCP\"}": { ".": {}, "f:name": {}, "f:port": {} },
        } } })
    );
    let two = service(json!([{ "port": 443 }, { "port": 80, "protocol": "TCP" }]));
    let live = apply(Some(&live), &two, by(&kind, "two", 1), false).unwrap();
    let ports: Vec<_> =
        live["spec"]["ports"].as_array().unwrap().iter().map(|port| port["port"].clone()).collect();
    assert_eq!(ports, [json!(443), json!(80)], "the order is the configuration's");
    assert_eq!(live["spec"]["ports"][1]["name"], "web");
    let twice = service(json!([{ "port": 80 }, { "port": 80, "protocol": "TCP" }]));
    let refused = apply(Some(&live), &twice, by(&kind, "two", 2), false).unwrap_err();
    assert_eq!(refused.code, 500);
    assert!(
        refused
            .message
            .contains(".spec.ports: duplicate entries for key [port=80,protocol=\"TCP\"]")
    );
}

#[test]
fn unknown_fields_and_given_entries_are_refused() {
    let kind = resource("", "v1", "ConfigMap");
    let mut odd = config_map(json!({}));
    odd["nonsense"] = json!(1);
    let refused: Status = apply(None, &odd, by(&kind, "one", 0), false).unwrap_err();
    assert_eq!((refused.code, &*refused.reason), (500, ""));
    assert!(refused.message.ends_with(".nonsense: field not declared in schema"));
    let mut owned = config_map(json!({}));
    owned["metadata"]["managedFields"] = json!([]);
    assert_eq!(apply(None, &owned, by(&kind, "one", 0), false).unwrap_err().code, 400);
}

#[test]
fn updates_take_changed_fields_from_all_others() {
    let kind = resource("", "v1", "ConfigMap");
    let live = apply(None, &config_map(json!({ "a": "1", "b": "1" })), by(&kind, "one", 0), false)
        .unwrap();
    let mut changed = live.clone();
    changed["data"] = json!({ "a": "2", "c": "3" });
    let live = track(Some(&live), changed, by(&kind, "editor", 1));
    assert_eq!(owned(&live, "one", "Apply"), Value::Null, "all of its fields changed or went");
    assert_eq!(owned(&live, "editor", "Update"), json!({ "f:data": { "f:a": {}, "f:c": {} } }));
    let again = track(Some(&live), live.clone(), by(&kind, "editor", 2));
    assert_eq!(again, live, "no change, no new time");
    let mut given_up = live.clone();
    given_up["metadata"]["managedFields"] = json!([{}]);
    let without = track(Some(&live), given_up, by(&kind, "editor", 3));
    assert!(without["metadata"].get("managedFields").is_none());
    let adopted =
        apply(Some(&without), &config_map(json!({ "a": "2" })), by(&kind, "one", 4), false)
            .unwrap();
    assert!(entry(&adopted, "before-first-apply", "Update").is_some());
}

#[test]
fn many_updaters_are_put_together() {
    let kind = resource("", "v1", "ConfigMap");
    let mut live = track(None, config_map(json!({ "a0": "x" })), by(&kind, "m0", 0));
    for number in 1..14 {
        let mut changed = live.clone();
        changed["data"][format!("a{number}")] = json!("x");
        live = track(Some(&live), changed, by(&kind, &format!("m{number}"), number));
    }
    let entries = live["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(entries.len(), 10);
    assert!(entry(&live, "ancient-changes", "Update").is_some());
}

#[test]
fn scale_owns_the_replica_count() {
    let kind = resource("apps", "v1", "Deployment");
    let wanted = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "d" },
        "spec": { "replicas": 2 },
    });
    let live = apply(None, &wanted, by(&kind, "one", 0), false).unwrap();
    let scaled = from_scale(&live, &["spec", "replicas"], 5, by(&kind, "scaler", 1), None).unwrap();
    assert_eq!(scaled["spec"]["replicas"], 5);
    let own = entry(&scaled, "scaler", "Update").unwrap();
    assert_eq!(own["subresource"], "scale");
    assert_eq!(own["fieldsV1"], json!({ "f:spec": { "f:replicas": {} } }));
    let refused = apply(Some(&scaled), &wanted, by(&kind, "one", 2), false).unwrap_err();
    assert_eq!(
        refused.message,
        "Apply failed with 1 conflict: conflict with \"scaler\" with subresource \"scale\" using apps/v1: .spec.replicas"
    );
}

#[test]
fn client_side_apply_is_taken_over_by_kubectl() {
    let kind = resource("", "v1", "ConfigMap");
    let annotation = "kubectl.kubernetes.io/last-applied-configuration";
    let mut created = config_map(json!({ "a": "1" }));
    created["metadata"]["annotations"] = json!({ annotation: created.to_string() });
    let live = track(None, created, by(&kind, "kubectl-client-side-apply", 0));
    let wanted = config_map(json!({ "a": "2" }));
    assert!(apply(Some(&live), &wanted, by(&kind, "other", 1), false).is_err());
    let taken = apply(Some(&live), &wanted, by(&kind, "kubectl", 1), false).unwrap();
    assert_eq!(taken["data"]["a"], "2");
    let text = taken["metadata"]["annotations"][annotation].as_str().unwrap();
    assert_eq!(
        text,
        "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"2\"},\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\"}}\n"
    );
}

fn data() -> impl Strategy<Value = Value> {
    proptest::collection::btree_map("[a-d]", "[0-2]", 1..4)
        .prop_map(|map| map.into_iter().map(|(key, value)| (key, json!(value))).collect())
}

proptest! {
    /// Applying again changes nothing (but for empty maps, which the server does not keep); a forced configuration is what the object then says; nobody owns what is not there.
    #[test]
    fn apply_is_idempotent(steps in proptest::collection::vec((0usize..3, data()), 1..8)) {
        let kind = resource("", "v1", "ConfigMap");
        let names = ["one", "two", "three"];
        let mut live: Option<Value> = None;
        for (second, (who, data)) in (0i64..).zip(steps) {
            let wanted = config_map(data.clone());
            let object = apply(live.as_ref(), &wanted, by(&kind, names[who], second), true).unwrap();
            for (key, value) in data.as_object().unwrap() {
                prop_assert_eq!(&object["data"][key], value);
            }
            let again = apply(Some(&object), &wanted, by(&kind, names[who], second + 100), true).unwrap();
            prop_assert!(same_but_times(&again, &object));
            for own in object["metadata"]["managedFields"].as_array().into_iter().flatten() {
                for key in own["fieldsV1"]["f:data"].as_object().into_iter().flatten().map(|(key, _)| key) {
                    let name = key.trim_start_matches("f:");
                    prop_assert!(key == "." || object["data"].get(name).is_some());
                }
            }
            live = Some(object);
        }
    }
}
