//! Overlays: maps key by key, named lists by name, `null` removes, and places stay true.

use infra_spec::{Loaded, Sources, SpecErrors};

use super::support::{file, load_with};

fn overlay(base: &str, over: &str) -> Result<Loaded, SpecErrors> {
    load_with(&Sources::single("base.yaml", file(base)).with("prod.yaml", over), None, false)
}

#[test]
fn maps_merge_and_named_lists_merge_by_name() {
    let spec = overlay(
        "cluster:\n  version: \"1.32\"\n  pools:\n    - { name: a, count: 1, tags: [x, y] }\n    - { name: b }\nstack:\n  - { use: daskhub, values: { a: { b: 1, c: 2 } } }\n",
        "cluster:\n  version: \"1.33\"\n  pools:\n    - { name: b, count: 5 }\n    - { name: c }\n    - { name: a, tags: [z] }\nstack:\n  - { use: daskhub, values: { a: { c: 3 } } }\n",
    )
    .unwrap()
    .spec;
    let cluster = &spec.clusters["main"];
    assert_eq!(cluster.version.as_ref().unwrap().to_string(), "1.33");
    let pools: Vec<(&str, u32)> =
        cluster.pools.iter().map(|pool| (pool.name.as_str(), pool.count)).collect();
    assert_eq!(pools, [("a", 1), ("b", 5), ("c", 1)]);
    assert_eq!(cluster.pools[0].tags, ["z"]);
    assert_eq!(spec.stack.len(), 1);
    assert_eq!(spec.stack[0].values.expose_json(), serde_json::json!({ "a": { "b": 1, "c": 3 } }));
}

#[test]
fn null_removes_and_an_empty_list_empties() {
    let spec = overlay(
        "cluster: { version: \"1.32\", masters: 3, tags: [a] }\nstack: [{ name: a, manifests: x, values: { k: 1 } }]\naddresses: [{ name: a }]\n",
        "cluster: { masters: null, tags: [] }\naddresses: ~\nstack: [{ name: a, values: { k: null, new: null } }]\n",
    )
    .unwrap()
    .spec;
    assert_eq!(spec.clusters["main"].masters, None);
    assert!(spec.clusters["main"].tags.is_empty());
    assert!(spec.addresses.is_empty());
    // A null over nothing stays: to Helm it means "drop the chart's default".
    assert_eq!(spec.stack[0].values.expose_json(), serde_json::json!({ "new": null }));
}

#[test]
fn the_short_and_the_long_form_of_clusters_meet() {
    let spec = overlay("cluster: { version: \"1.32\" }\n", "clusters: { main: { masters: 3 } }\n")
        .unwrap()
        .spec;
    assert_eq!(spec.clusters.len(), 1);
    assert_eq!(spec.clusters["main"].masters, Some(3));
}

#[test]
fn an_error_points_into_the_file_that_won() {
    let errors = overlay("cluster: { masters: 3 }\n", "\ncluster:\n  masters: many\n").unwrap_err();
    let error = errors.iter().next().unwrap();
    assert_eq!((error.file.as_str(), error.line, error.column), ("prod.yaml", 3, 12));
    let errors = overlay("cluster: { masters: many }\n", "name: prod\n").unwrap_err();
    assert_eq!(errors.iter().next().unwrap().file, "base.yaml");
}

#[test]
fn what_was_replaced_is_not_interpolated() {
    let spec =
        overlay("cluster: { tags: [\"${env:NOT_THERE}\"] }\n", "cluster: { tags: [plain] }\n");
    assert_eq!(spec.unwrap().spec.clusters["main"].tags, ["plain"]);
}
