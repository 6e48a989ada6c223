//! Refusals with their reasons and texts.

use serde_json::{Value, json};

use super::{validate_create, validate_update};
use crate::kubernetes::machinery::defaults;
use crate::kubernetes::machinery::schema;
use crate::kubernetes::machinery::scheme::{GroupVersionKind, Resource, Scheme};
use std::sync::Arc;

fn resource(group: &str, version: &str, kind: &str) -> Arc<Resource> {
    Scheme::new().of_kind(&GroupVersionKind::new(group, version, kind)).unwrap().clone()
}

fn prepared(resource: &Resource, mut body: Value) -> Value {
    let mut metadata = json!({ "name": "m" });
    if resource.namespaced {
        metadata["namespace"] = json!("ns");
    }
    if body.get("metadata").is_none() {
        body["metadata"] = metadata;
    }
    let mut object = schema::normalise(&resource.schema, &body);
    defaults::default(&resource.kind, &mut object);
    object
}

fn causes(group: &str, version: &str, kind: &str, body: Value) -> Vec<(String, String)> {
    let resource = resource(group, version, kind);
    let object = prepared(&resource, body);
    let found = validate_create(&resource, &object);
    found.into_iter().map(|cause| (cause.field, cause.message)).collect()
}

fn pair(field: &str, message: &str) -> (String, String) {
    (field.to_owned(), message.to_owned())
}

#[test]
fn pods() {
    let pod = |spec: Value| causes("", "v1", "Pod", json!({ "spec": spec }));
    let container = |extra: Value| {
        let mut own = json!({ "name": "c", "image": "i" });
        for (key, value) in extra.as_object().unwrap() {
            own[key] = value.clone();
        }
        json!({ "containers": [own] })
    };
    assert_eq!(pod(container(json!({}))), []);
    assert_eq!(
        pod(container(json!({ "ports": [{ "containerPort": 70000 }] }))),
        [pair(
            "spec.containers[0].ports[0].containerPort",
            "Invalid value: 70000: must be between 1 and 65535, inclusive"
        )]
    );
    assert_eq!(
        pod(container(json!({ "volumeMounts": [{ "name": "v", "mountPath": "/v" }] }))),
        [pair("spec.containers[0].volumeMounts[0].name", "Not found: \"v\"")]
    );
    let resources = json!({ "limits": { "cpu": "1" }, "requests": { "cpu": "1500m" } });
    assert_eq!(
        pod(container(json!({ "resources": resources }))),
        [pair(
            "spec.containers[0].resources.requests",
            "Invalid value: \"1500m\": must be less than or equal to cpu limit of 1"
        )]
    );
    let mut odd = container(json!({}));
    odd["restartPolicy"] = json!("Sometimes");
    assert_eq!(
        pod(odd),
        [pair(
            "spec.restartPolicy",
            "Unsupported value: \"Sometimes\": supported values: \"Always\", \"Never\", \"OnFailure\""
        )]
    );
    assert_eq!(pod(json!({})), [pair("spec.containers", "Required value")]);
}

#[test]
fn services_and_claims() {
    let ports = json!([{ "name": "a", "port": 80 }, { "name": "a", "port": 80 }]);
    let service = causes("", "v1", "Service", json!({ "spec": { "ports": ports } }));
    let fields: Vec<&str> = service.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["spec.ports[1].name", "spec.ports[1]"]);
    let claim =
        causes("", "v1", "PersistentVolumeClaim", json!({ "spec": { "accessModes": ["Any"] } }));
    let fields: Vec<&str> = claim.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["spec.accessModes", "spec.resources[storage]"]);
}

#[test]
fn names_and_labels() {
    let name = |name: &str| {
        let metadata = json!({ "name": name, "namespace": "ns" });
        causes("", "v1", "ConfigMap", json!({ "metadata": metadata })).len()
    };
    assert_eq!((name("a.b-c"), name("A"), name("-a"), name("a_b"), name("")), (0, 1, 1, 1, 1));
    let labels = json!({ "name": "m", "namespace": "ns", "labels": { "bad key": "x", "a/b/c": "y", "ok": "-" } });
    assert_eq!(causes("", "v1", "ConfigMap", json!({ "metadata": labels })).len(), 3);
}

#[test]
fn schedules() {
    let schedule = |text: &str| {
        let template = json!({ "spec": { "restartPolicy": "Never", "containers": [{ "name": "c", "image": "i" }] } });
        let spec = json!({ "schedule": text, "jobTemplate": { "spec": { "template": template } } });
        causes("batch", "v1", "CronJob", json!({ "spec": spec })).len()
    };
    for good in ["0 3 * * *", "*/5 * * * 1-5", "@daily", "0 0 1 jan sun"] {
        assert_eq!(schedule(good), 0, "{good}");
    }
    for bad in ["daily", "60 * * * *", "* * * *", "*/0 * * * *", "@sometimes", "TZ=UTC 0 0 * * *"] {
        assert_eq!(schedule(bad), 1, "{bad}");
    }
}

#[test]
fn what_may_not_change() {
    let change = |kind: &Arc<Resource>, old: Value, new: Value| -> Vec<String> {
        let (old, new) = (prepared(kind, old), prepared(kind, new));
        validate_update(kind, "", &new, &old).into_iter().map(|cause| cause.field).collect()
    };
    let map = resource("", "v1", "ConfigMap");
    let fixed = |value: &str| json!({ "immutable": true, "data": { "a": value } });
    assert_eq!(change(&map, fixed("1"), fixed("1")), Vec::<String>::new());
    assert_eq!(change(&map, fixed("1"), fixed("2")), ["data"]);
    let class = resource("storage.k8s.io", "v1", "StorageClass");
    let of = |name: &str| json!({ "provisioner": name });
    assert_eq!(change(&class, of("a.b/c"), of("a.b/d")), ["provisioner"]);
    let pod = resource("", "v1", "Pod");
    let of = |image: &str, env: Value| json!({ "spec": { "containers": [{ "name": "c", "image": image, "env": env }] } });
    assert_eq!(change(&pod, of("a", json!([])), of("b", json!([]))), Vec::<String>::new());
    assert_eq!(change(&pod, of("a", json!([])), of("a", json!([{ "name": "X" }]))), ["spec"]);
}
