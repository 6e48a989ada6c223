//! The table and what discovery says of it.

use serde_json::{Value, json};

use super::Scheme;

fn definition(versions: Value) -> Value {
    json!({
        "metadata": { "name": "widgets.example.org" },
        "spec": {
            "group": "example.org",
            "scope": "Namespaced",
            "names": { "plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList", "shortNames": ["wd"] },
            "versions": versions,
        },
    })
}

#[test]
fn built_in_resources() {
    let scheme = Scheme::new();
    let pods = scheme.resource("", "v1", "pods").unwrap();
    assert!(pods.has_status() && pods.namespaced && pods.short_names == ["po"]);
    let list = scheme.resource_list("apps", "v1").unwrap();
    let scale =
        list["resources"].as_array().unwrap().iter().find(|own| own["name"] == "deployments/scale");
    assert_eq!(
        scale.unwrap(),
        &json!({
            "name": "deployments/scale", "singularName": "", "namespaced": true,
            "group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"],
        })
    );
    assert_eq!(scheme.group("autoscaling").unwrap()["preferredVersion"]["version"], "v2");
    assert!(
        scheme.group("none.example.org").is_none() && scheme.resource_list("apps", "v2").is_none()
    );
    assert_eq!(scheme.aggregated(true)["items"].as_array().unwrap().len(), 1);
}

#[test]
fn custom_resources_come_and_go() {
    let mut scheme = Scheme::new();
    let version = |name: &str, served: bool| {
        json!({
            "name": name, "served": served, "storage": name == "v1",
            "schema": { "openAPIV3Schema": { "type": "object" } }, "subresources": { "status": {} },
        })
    };
    scheme.add_custom(&definition(json!([
        version("v1beta1", true),
        version("v1", true),
        version("v0", false)
    ])));
    let group = scheme.group("example.org").unwrap();
    let names: Vec<_> =
        group["versions"].as_array().unwrap().iter().map(|own| own["version"].clone()).collect();
    assert_eq!(names, ["v1", "v1beta1"]);
    assert!(scheme.resource("example.org", "v1", "widgets").unwrap().has_status());
    scheme.add_custom(&definition(json!([version("v1", true)])));
    assert!(
        !scheme.has_version("example.org", "v1beta1"),
        "a changed definition replaces the old one"
    );
    scheme.remove_custom("widgets.example.org");
    assert!(scheme.group("example.org").is_none());
}

#[test]
fn schemas_carry_extensions() {
    let scheme = Scheme::new();
    let prefix = "#/components/schemas/";
    let deployments = scheme.resource("apps", "v1", "deployments").unwrap();
    let schemas = Scheme::open_api_schemas([&**deployments], prefix);
    let spec = &schemas["io.k8s.api.apps.v1.DeploymentSpec"];
    assert_eq!(spec["required"], json!(["selector", "template"]));
    let containers = &schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"];
    assert_eq!(containers["x-kubernetes-list-map-keys"], json!(["name"]));
    assert_eq!(containers["x-kubernetes-patch-merge-key"], "name");
    for resource in scheme.resources() {
        let name = Scheme::schema_name(resource);
        assert!(Scheme::open_api_schemas([&**resource], prefix).contains_key(&name), "{name}");
    }
}
