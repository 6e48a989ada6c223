//! The kinds of patch on small documents.

use serde_json::{Value, json};

use super::{json_patch, merge_patch, strategic_merge_patch};
use crate::kubernetes::machinery::scheme::{GroupVersionKind, Scheme};

fn strategic(document: Value, patch: Value) -> Value {
    let kind = GroupVersionKind::new("", "v1", "Pod");
    let scheme = Scheme::new();
    let schema = &scheme.of_kind(&kind).unwrap().schema;
    strategic_merge_patch(&document, &patch, schema).unwrap()
}

fn containers(list: Value) -> Value {
    json!({ "spec": { "containers": list } })
}

#[test]
fn json_operations() {
    let document = json!({ "a": { "b/c": [1, 2] } });
    let patched = json_patch(
        &document,
        &json!([
            { "op": "test", "path": "/a/b~1c/0", "value": 1 },
            { "op": "add", "path": "/a/b~1c/-", "value": 3 },
            { "op": "remove", "path": "/a/b~1c/0" },
            { "op": "copy", "from": "/a/b~1c", "path": "/d" },
            { "op": "move", "from": "/a", "path": "/e" },
            { "op": "replace", "path": "/d/0", "value": 9 },
        ]),
    );
    assert_eq!(patched.unwrap(), json!({ "d": [9, 3], "e": { "b/c": [2, 3] } }));
    for (patch, code) in [
        (json!({ "op": "add" }), 400),
        (json!([{ "op": "test", "path": "/a", "value": 1 }]), 422),
        (json!([{ "op": "remove", "path": "/x" }]), 422),
        (json!([{ "op": "replace", "path": "/x/y", "value": 1 }]), 422),
        (json!([{ "op": "odd", "path": "/a" }]), 422),
        (json!([{ "op": "add", "path": "/a/b~1c/9", "value": 1 }]), 422),
    ] {
        assert_eq!(json_patch(&document, &patch).unwrap_err().code, code, "{patch}");
    }
}

#[test]
fn merge_replaces_lists_and_removes_nulls() {
    let document = json!({ "a": [1], "b": { "c": 1, "d": 2 } });
    let patch = json!({ "a": [2, 3], "b": { "c": null, "e": { "f": null } } });
    assert_eq!(merge_patch(&document, &patch), json!({ "a": [2, 3], "b": { "d": 2, "e": {} } }));
}

#[test]
fn strategic_lists_merge_by_key_new_items_first() {
    let document =
        containers(json!([{ "name": "a", "image": "1" }, { "name": "b", "image": "1" }]));
    let patched = strategic(
        document.clone(),
        containers(json!([{ "name": "c", "image": "3" }, { "name": "b", "image": "2" }])),
    );
    assert_eq!(
        patched["spec"]["containers"],
        json!([
            { "name": "c", "image": "3" },
            { "name": "a", "image": "1" },
            { "name": "b", "image": "2" },
        ])
    );
    let deleted =
        strategic(document.clone(), containers(json!([{ "name": "a", "$patch": "delete" }])));
    assert_eq!(deleted["spec"]["containers"], json!([{ "name": "b", "image": "1" }]));
    let replaced =
        strategic(document.clone(), containers(json!([{ "$patch": "replace" }, { "name": "z" }])));
    assert_eq!(replaced["spec"]["containers"], json!([{ "name": "z" }]));
    let ordered = strategic(
        document,
        json!({ "spec": { "$setElementOrder/containers": [{ "name": "b" }, { "name": "a" }] } }),
    );
    assert_eq!(ordered["spec"]["containers"][0]["name"], "b");
}

#[test]
fn strategic_directives() {
    let document = json!({
        "metadata": { "finalizers": ["x/a", "x/b"], "labels": { "a": "1", "b": "2" } },
        "spec": { "tolerations": [{ "key": "a" }] },
    });
    let patched = strategic(
        document,
        json!({
            "metadata": {
                "$deleteFromPrimitiveList/finalizers": ["x/a"],
                "labels": { "$patch": "replace", "c": "3" },
            },
            "spec": { "tolerations": [{ "key": "b" }] },
        }),
    );
    assert_eq!(patched["metadata"], json!({ "finalizers": ["x/b"], "labels": { "c": "3" } }));
    assert_eq!(patched["spec"]["tolerations"], json!([{ "key": "b" }]), "no merge key: replaced");
}
