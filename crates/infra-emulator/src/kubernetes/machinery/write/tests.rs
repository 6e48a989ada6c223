//! Whole write requests: decoding, defaults, strategies.

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::*;
use crate::kubernetes::machinery::prepare::Identity;
use crate::kubernetes::machinery::schema::{Scalar, Schema, Shape};
use crate::kubernetes::machinery::scheme::{GroupVersionKind, Resource, Scheme};
use std::sync::Arc;

fn resource(group: &str, version: &str, kind: &str) -> Arc<Resource> {
    Scheme::new().of_kind(&GroupVersionKind::new(group, version, kind)).unwrap().clone()
}

fn options(name: &str) -> Options {
    Options {
        subresource: String::new(),
        namespace: "ns".into(),
        name: name.into(),
        manager: "tester".into(),
        field_validation: FieldValidation::Warn,
        force: false,
        now: Timestamp::from_second(1_700_000_000).unwrap(),
    }
}

fn identity() -> Identity {
    Identity {
        uid: "u-1".into(),
        suffix: "abcde".into(),
        now: Timestamp::from_second(1_700_000_000).unwrap(),
    }
}

fn created(resource: &Resource, body: &Value) -> Value {
    let options = options("");
    let decoded = decode(resource, body.to_string().as_bytes(), false, &options).unwrap();
    let pending = create(resource, decoded, &options).unwrap();
    complete_create(resource, pending.object, &identity()).unwrap()
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "generateName": "web-" },
        "spec": {
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "main", "image": "nginx", "env": [{ "name": "A", "value": "1" }] }] },
            },
        },
        "status": { "replicas": 9 },
    })
}

#[test]
fn new_objects_are_defaulted_named_and_counted() {
    let kind = resource("apps", "v1", "Deployment");
    let object = created(&kind, &deployment());
    assert_eq!(object["metadata"]["name"], "web-abcde");
    assert_eq!(object["metadata"]["namespace"], "ns");
    assert_eq!(object["metadata"]["generation"], 1);
    assert_eq!(object["metadata"]["creationTimestamp"], "2023-11-14T22:13:20Z");
    assert_eq!(object["status"], json!({}), "status is not the writer's");
    assert_eq!(object["spec"]["replicas"], 1);
    assert_eq!(object["spec"]["strategy"]["rollingUpdate"]["maxSurge"], "25%");
    let container = &object["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["imagePullPolicy"], "Always");
    assert_eq!(container["resources"], json!({}));
}

#[test]
fn generations_count_specifications_only() {
    let kind = resource("apps", "v1", "Deployment");
    let live = created(&kind, &deployment());
    let patched = |live: &Value, body: Value, subresource: &str| {
        let options = Options { subresource: subresource.into(), ..options("web-abcde") };
        let text = body.to_string();
        let pending = patch(&kind, live, PatchType::Merge, text.as_bytes(), &options).unwrap();
        complete_update(&kind, subresource, pending.object, live).unwrap()
    };
    let labelled = patched(&live, json!({ "metadata": { "labels": { "a": "b" } } }), "");
    assert_eq!(labelled["metadata"]["generation"], 1);
    let scaled =
        patched(&labelled, json!({ "spec": { "replicas": 3 }, "status": { "replicas": 3 } }), "");
    assert_eq!(scaled["metadata"]["generation"], 2);
    assert_eq!(scaled["status"], json!({}));
    let reported = patched(
        &scaled,
        json!({ "spec": { "replicas": 7 }, "status": { "replicas": 3 } }),
        "status",
    );
    assert_eq!(reported["metadata"]["generation"], 2);
    assert_eq!(
        (&reported["spec"]["replicas"], &reported["status"]["replicas"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(patched(&reported, json!({}), ""), reported, "nothing changed");
}

#[test]
fn unknown_and_duplicate_fields() {
    let kind = resource("", "v1", "ConfigMap");
    let body = br#"{"metadata":{"name":"c","nope":1},"data":{"a":"1","a":"2"}}"#;
    let warned = decode(&kind, body, false, &options("")).unwrap();
    assert_eq!(warned.warnings, ["duplicate field \"data.a\"", "unknown field \"metadata.nope\""]);
    assert_eq!(warned.object["data"]["a"], "2");
    let strict = Options { field_validation: FieldValidation::Strict, ..options("") };
    let refused = decode(&kind, body, false, &strict).unwrap_err();
    assert_eq!(
        refused.message,
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: duplicate field \"data.a\", unknown field \"metadata.nope\""
    );
}

#[test]
fn bodies_of_other_kinds_names_and_types() {
    let kind = resource("", "v1", "ConfigMap");
    let refused = |body: Value| {
        let decoded = decode(&kind, body.to_string().as_bytes(), false, &options("c"))?;
        create(&kind, decoded, &options("c")).map(|_| ())
    };
    let message = |body: Value| refused(body).unwrap_err().message;
    assert!(
        message(json!({ "kind": "Secret", "apiVersion": "v1" }))
            .contains("cannot be handled as a ConfigMap")
    );
    assert!(
        message(json!({ "metadata": { "name": "d" } }))
            .contains("does not match the name on the URL (c)")
    );
    assert!(
        message(json!({ "metadata": { "namespace": "x" } }))
            .contains("does not match the namespace")
    );
    assert_eq!(
        message(json!({ "data": { "a": 1 } })),
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data.a of type string"
    );
    let yaml =
        decode(&kind, b"kind: ConfigMap\ndata:\n  a: |\n    x\n", true, &options("")).unwrap();
    assert_eq!(yaml.object["data"]["a"], "x\n");
}

#[test]
fn secrets_turn_texts_into_data() {
    let kind = resource("", "v1", "Secret");
    let object =
        created(&kind, &json!({ "metadata": { "name": "s" }, "stringData": { "a": "x" } }));
    assert_eq!((&object["data"], &object["type"]), (&json!({ "a": "eA==" }), &json!("Opaque")));
    assert!(object.get("stringData").is_none());
}

#[test]
fn pods_get_requests_and_a_class_of_service() {
    let kind = resource("", "v1", "Pod");
    let limits = json!({ "cpu": 1, "memory": "1024Mi" });
    let pod = json!({
        "metadata": { "name": "p" },
        "spec": { "containers": [{ "name": "c", "image": "i:1", "resources": { "limits": limits } }] },
    });
    let object = created(&kind, &pod);
    let resources = &object["spec"]["containers"][0]["resources"];
    assert_eq!(resources["requests"], json!({ "cpu": "1", "memory": "1Gi" }));
    assert_eq!(object["status"], json!({ "phase": "Pending", "qosClass": "Guaranteed" }));
}

#[test]
fn versions_and_uids_must_fit() {
    let kind = resource("", "v1", "ConfigMap");
    let mut live = created(&kind, &json!({ "metadata": { "name": "c" } }));
    live["metadata"]["resourceVersion"] = json!("7");
    let put = |metadata: Value| {
        let body = json!({ "metadata": metadata }).to_string();
        let decoded = decode(&kind, body.as_bytes(), false, &options("c")).unwrap();
        update(&kind, &live, decoded, &options("c"))
    };
    assert!(put(json!({ "name": "c", "resourceVersion": "7" })).is_ok());
    assert!(put(json!({ "name": "c" })).is_ok());
    assert_eq!(put(json!({ "name": "c", "resourceVersion": "6" })).unwrap_err().reason, "Conflict");
    assert_eq!(put(json!({ "name": "c", "uid": "other" })).unwrap_err().code, 409);
}

/// A random value of a schema; now and then one of another type.
fn random(schema: &Schema, random_source: &mut StdRng, depth: usize) -> Value {
    if random_source.random_ratio(1, 25) {
        let odd = [
            json!(null),
            json!(-1),
            json!("odd Value"),
            json!([]),
            json!({}),
            json!(true),
            json!(1.5),
        ];
        return odd[random_source.random_range(0..odd.len())].clone();
    }
    let pick =
        |source: &mut StdRng, texts: &[&str]| json!(texts[source.random_range(0..texts.len())]);
    match &schema.shape {
        Shape::Scalar(Scalar::String) => pick(
            random_source,
            &["a", "Always", "TCP", "", "x.example.org/y", "Local", "v1", "None", "10.0.0.1", "/p"],
        ),
        Shape::Scalar(Scalar::Quantity) => {
            pick(random_source, &["1", "1500m", "1Gi", "-1", "100u"])
        }
        Shape::Scalar(Scalar::Bytes) => pick(random_source, &["eA==", "AAEC"]),
        Shape::Scalar(Scalar::Time | Scalar::MicroTime) => json!("2024-01-01T00:00:00Z"),
        Shape::Scalar(Scalar::Boolean) => json!(random_source.random_bool(0.5)),
        Shape::Scalar(Scalar::IntOrString) => pick(random_source, &["25%", "http", "x"]),
        Shape::Scalar(_) => json!(random_source.random_range(-1..70_000)),
        Shape::Any => json!({ "any": [1, "x"] }),
        _ if depth == 0 => json!({}),
        Shape::Struct(fields, _) => {
            let mut out = serde_json::Map::new();
            for (name, field) in fields {
                if name != "managedFields" && random_source.random_ratio(1, 2) {
                    out.insert(name.clone(), random(&field.schema, random_source, depth - 1));
                }
            }
            Value::Object(out)
        }
        Shape::Map(values) => json!({ "k": random(values, random_source, depth - 1) }),
        Shape::List(items) => {
            let count = random_source.random_range(0..3);
            (0..count).map(|_| random(items, random_source, depth - 1)).collect()
        }
    }
}

/// Whatever is sent is answered: no panic, and what is stored can be read, written and applied again without a change.
#[test]
fn any_body_is_answered() {
    let mut random_source = StdRng::seed_from_u64(36);
    let mut accepted = 0;
    for round in 0..15 {
        for resource in Scheme::new().resources() {
            let mut body = random(&resource.schema, &mut random_source, 7);
            if !body.is_object() {
                continue;
            }
            for key in ["kind", "apiVersion"] {
                body.as_object_mut().unwrap().shift_remove(key);
            }
            body["metadata"] = json!({ "name": format!("n{round}"), "labels": { "a": "b" } });
            let text = body.to_string();
            let Ok(decoded) = decode(resource, text.as_bytes(), false, &options("")) else {
                continue;
            };
            let pending = create(resource, decoded, &options("")).unwrap();
            let Ok(stored) = complete_create(resource, pending.object, &identity()) else {
                continue;
            };
            accepted += 1;
            let name = options(&format!("n{round}"));
            let again = decode(resource, stored.to_string().as_bytes(), false, &name).unwrap();
            assert_eq!(again.warnings, Vec::<String>::new());
            let put = update(resource, &stored, again, &name).unwrap();
            if let Ok(written) = complete_update(resource, "", put.object, &stored) {
                assert_eq!(written, stored, "{}", resource.kind.kind);
            }
            body["kind"] = json!(resource.kind.kind);
            body["apiVersion"] = json!(resource.kind.api_version());
            let forced = Options { force: true, ..name };
            let applied = apply(resource, Some(&stored), body.to_string().as_bytes(), &forced);
            if let Ok(applied) = applied
                && let Ok(written) = complete_update(resource, "", applied.object, &stored)
            {
                assert_eq!(written["metadata"]["uid"], stored["metadata"]["uid"]);
                let entries = &written["metadata"]["managedFields"];
                let is_ours =
                    |own: &Value| own["operation"] == "Apply" && own["manager"] == "tester";
                assert!(entries.as_array().unwrap().iter().any(is_ours));
            }
        }
    }
    assert!(accepted > 100, "{accepted}");
}
