//! From the user's file to nodes.

use std::collections::BTreeMap;

use infra_event::ExitCode;
use infra_oci::expand;
use infra_plan::{Address, Value};
use infra_spec::{LoadOptions, Sources, Spec, load};

use crate::layout::{Written, reader};

const FILE: &str = "
apiVersion: infra/v1
name: hub
providers: { digitalocean: { region: ams3 } }
registries: [{ name: images }]
images:
";

fn spec(images: &str) -> Spec {
    let environment = BTreeMap::<String, String>::new();
    let files = BTreeMap::new();
    let options = LoadOptions {
        environment: &environment,
        files: &files,
        provider: None,
        rehearse: false,
        provider_types: &["digitalocean"],
    };
    load(&Sources::single("infra.yaml", format!("{FILE}{images}")), &options).unwrap().spec
}

#[test]
fn an_image_is_a_node_per_registry_with_the_digest_of_its_layout() {
    let layout = Written::new("one");
    let path = layout.path().display();
    let spec = spec(&format!("  - {{ name: team/app, oci_layout: {path}, tag: '1.0' }}"));
    let nodes = expand(&spec, &reader()).unwrap();
    assert_eq!(nodes.len(), 1);
    assert_eq!(nodes[0].address.as_str(), "image.team/app/images");
    assert_eq!((nodes[0].kind.as_str(), nodes[0].provider.as_str()), ("image", "infra"));
    assert_eq!(nodes[0].inputs.text_at("digest"), Some(layout.digest.as_str()));
    assert_eq!(nodes[0].inputs.text_at("registry"), Some("registry.images"));
    let registry = Address::of("registry", "images");
    assert_eq!(nodes[0].inputs.get("registry_id"), Some(&Value::reference(&registry, "id")));
    assert_eq!(nodes[0].dependencies().into_iter().collect::<Vec<_>>(), [registry]);
}

#[test]
fn a_changed_layout_changes_the_digest() {
    let (one, two) = (Written::new("one"), Written::new("two"));
    let digest = |layout: &Written| {
        let image = format!("  - {{ name: app, oci_layout: {} }}", layout.path().display());
        expand(&spec(&image), &reader()).unwrap()[0].inputs.get("digest").cloned()
    };
    assert_ne!(digest(&one), digest(&two));
}

#[test]
fn two_tags_of_one_name_are_two_nodes() {
    let layout = Written::new("one");
    let path = layout.path().display();
    let images = format!(
        "  - {{ name: app, oci_layout: {path}, tag: a }}\n  - {{ name: app, oci_layout: {path}, tag: b }}"
    );
    let nodes = expand(&spec(&images), &reader()).unwrap();
    let addresses: Vec<_> = nodes.iter().map(|node| node.address.as_str()).collect();
    assert_eq!(addresses, ["image.app/images", "image.app:b/images"]);
}

#[test]
fn all_missing_layouts_are_told_with_their_places_and_next_steps() {
    let images = "  - { name: a, oci_layout: ./nowhere }\n  - { name: b, oci_layout: ./nothing }";
    let problems = expand(&spec(images), &reader()).unwrap_err();
    assert_eq!(problems.len(), 2);
    let first = &problems[0];
    assert_eq!((first.code.as_str(), first.exit), ("image-layout", ExitCode::Invalid));
    assert_eq!(first.location.as_ref().unwrap().line, 7);
    assert!(first.causes[0].contains("oci-layout"), "{:?}", first.causes);
    assert!(first.next_steps[0].to_string().contains("./nowhere"), "{:?}", first.next_steps);
}
