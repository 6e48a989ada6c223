//! What the file becomes before any cluster exists.

use infra_event::Action;
use infra_plan::{Node, Value};

use super::support::{Folder, HEAD, example, shop};

fn node<'nodes>(nodes: &'nodes [Node], address: &str) -> &'nodes Node {
    nodes.iter().find(|node| node.address.as_str() == address).unwrap_or_else(|| {
        panic!(
            "{address} is not among {:?}",
            nodes.iter().map(|node| &node.address).collect::<Vec<_>>()
        )
    })
}

#[test]
fn every_object_is_a_row_with_its_unknowns() {
    let nodes = example("starter");
    let app = node(&nodes, "main/app");
    let rows: Vec<_> = app.rows.iter().map(|row| row.address.as_str()).collect();
    assert_eq!(
        rows,
        [
            "main/app/Deployment.apps/starter/python-deployment",
            "main/app/Service/starter/py-service"
        ]
    );
    assert!(app.rows.iter().all(|row| row.action == Some(Action::Create)));
    let field = |path: &str| {
        let change = app.rows[0].changes.iter().find(|change| change.path == path);
        change.unwrap_or_else(|| panic!("{path}")).after.clone()
    };
    assert_eq!(field("spec.replicas"), Value::from(3_u32));
    assert_eq!(field("spec.template.spec.containers[python].image"), Value::Unknown);
    let needs: Vec<_> = app.dependencies().into_iter().map(|address| address.to_string()).collect();
    assert_eq!(needs, ["cluster.main", "image.app/starter", "main/namespace.starter"]);
}

#[test]
fn secrets_are_marked() {
    let nodes = example("arl");
    let arl = node(&nodes, "main/arl");
    let secret = arl.rows.iter().find(|row| row.address.as_str().contains("/Secret/")).unwrap();
    let password = secret.changes.iter().find(|change| change.path == "data.password").unwrap();
    assert_eq!(password.after, Value::Unknown);
    let login = node(&nodes, "main/pull_secret.arl/arlregcred");
    assert!(matches!(login.inputs.get("password"), Some(Value::Secret(_))));
    assert!(!format!("{nodes:?}").contains("stand-in-for"), "secrets are not printed");
    let test = node(&nodes, "main/arl/smoke_test");
    assert!(test.dependencies().iter().any(|address| address.as_str() == "main/arl"));
}

#[test]
fn namespaces_of_manifests_are_nodes() {
    let nodes = shop(
        "",
        "apiVersion: v1\nkind: Namespace\nmetadata: { name: extra, labels: { team: a } }\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c, namespace: extra }\ndata: { a: b }\n",
    );
    let extra = node(&nodes, "main/namespace.extra");
    assert_eq!(extra.inputs.get("labels").and_then(|labels| labels.text_at("team")), Some("a"));
    let shop = node(&nodes, "main/shop");
    assert_eq!(shop.rows.len(), 1);
    assert!(shop.after.contains(&extra.address));
}

#[test]
fn mistakes_are_told_with_their_place() {
    let infra = format!("{HEAD}stack: [{{ name: shop, manifests: k8s, values: {{ a: 1 }} }}]\n");
    let problem =
        |files: &[(&str, &str)]| Folder::new(&infra, files).nodes().unwrap_err().remove(0);
    let missing = problem(&[]);
    assert!(missing.summary.contains("k8s"), "{missing}");
    assert_eq!(missing.location.unwrap().file, "infra.yaml");
    let undefined = problem(&[("k8s/a.yaml.tera", "x: 1\ny: {{ values.b.c }}\n")]);
    let location = undefined.location.clone().unwrap();
    assert_eq!((location.file.as_str(), location.line), ("k8s/a.yaml.tera", 2), "{undefined}");
    let chart = format!("{HEAD}stack: [{{ name: x, chart: {{ path: ./chart }} }}]\n");
    let chart = Folder::new(&chart, &[]).nodes().unwrap_err().remove(0);
    assert_eq!(chart.code, "unsupported");
    assert!(!chart.next_steps.is_empty());
}
