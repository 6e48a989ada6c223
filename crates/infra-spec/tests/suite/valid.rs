//! Valid files, defaults, and the starter files.

use std::path::Path;

use infra_spec::model::{Binding, Existing, ItemSource, Size};
use infra_spec::{Severity, Sources, starter};

use super::support::{TYPES, file, fixture, fixtures, load_text, load_with};

#[test]
fn every_valid_file_loads() {
    for folder in fixtures("valid") {
        let (sources, provider) = fixture(&folder);
        if let Err(errors) = load_with(&sources, provider.as_deref(), false) {
            panic!("{}\n{errors}", folder.display());
        }
    }
}

#[test]
fn the_model_of_the_full_file() {
    let folder = fixtures("valid").into_iter().find(|path| path.ends_with("full")).unwrap();
    let loaded = load_with(&fixture(&folder).0, None, false).unwrap();
    insta::assert_json_snapshot!(loaded.spec);
}

#[test]
fn starter_files_load_and_are_commented() {
    for provider in TYPES.into_iter().chain(["Some Other"]) {
        let text = starter(provider, "My Lab!");
        assert!(text.contains("name: my-lab\n"), "{text}");
        assert!(text.contains("\n  # A version") || provider == "existing", "{text}");
        assert!(text.lines().filter(|line| line.trim_start().starts_with('#')).count() > 10);
        let sources = Sources::single("infra.yaml", text.as_str());
        let environment = std::collections::BTreeMap::<String, String>::new();
        let files = std::collections::BTreeMap::<std::path::PathBuf, Vec<u8>>::new();
        let loaded =
            infra_spec::load(&sources, &infra_spec::LoadOptions::new(&environment, &files));
        let loaded = loaded.unwrap_or_else(|errors| panic!("{provider}\n{errors}"));
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    }
}

#[test]
fn defaults_are_filled_in() {
    let text = file(
        "cluster: { pools: [{ name: a }, { name: b, autoscale: { min: 2, max: 4 } }] }\n\
         registries: [{ name: images }]\nimages: [{ name: app, oci_layout: ./app }]\n\
         addresses: [{ name: hub, bind: { pool: a } }]\nstorage_classes: [{ name: s }]\n\
         stack: [{ use: daskhub }]\n",
    );
    let spec = load_text(&text).unwrap().spec;
    let cluster = &spec.clusters["main"];
    assert_eq!(cluster.provider.as_str(), "digitalocean");
    assert_eq!((cluster.pools[0].count, cluster.pools[1].count), (1, 2));
    assert_eq!(spec.registries[0].integrate[0].as_str(), "main");
    assert_eq!(spec.images[0].tag, "latest");
    assert_eq!(spec.images[0].to[0].as_str(), "images");
    assert_eq!(spec.storage_classes[0].clusters[0].as_str(), "main");
    assert_eq!(spec.stack[0].name, "daskhub");
    assert!(matches!(&spec.stack[0].source, ItemSource::Use(name) if name.as_str() == "daskhub"));
    let Some(Binding::Node { cluster, pool }) = &spec.addresses[0].bind else {
        panic!("no binding")
    };
    assert_eq!((cluster.as_str(), pool.as_ref().unwrap().as_str()), ("main", "a"));
    assert_eq!(spec.providers_in_use().collect::<Vec<_>>(), ["digitalocean"]);
}

#[test]
fn sizes_are_names_or_needs() {
    let text = file(
        "cluster:\n  pools:\n    - { name: a, size: s-1 }\n    - { name: b, size: { cpus: 0.5, memory: 1.5Gi } }\n",
    );
    let spec = load_text(&text).unwrap().spec;
    let sizes: Vec<&Size> =
        spec.clusters["main"].pools.iter().flat_map(|pool| &pool.size).collect();
    assert_eq!(sizes[0], &Size::Named("s-1".to_owned()));
    let Size::Needs(needs) = sizes[1] else { panic!("no needs") };
    assert_eq!(needs.cpus.unwrap().millis(), 500);
    assert_eq!(needs.memory.unwrap().mebibytes(), 1536);
    assert_eq!(needs.gpus, 0);
}

#[test]
fn the_provider_is_named_or_chosen_or_the_only_one() {
    let text = "apiVersion: infra/v1\nname: hub\nproviders: { magnum: {}, digitalocean: {} }\n\
                clusters: { a: {}, b: { provider: magnum } }\nregistries: [{ name: r }]\n";
    let sources = Sources::single("infra.yaml", text);
    let spec = load_with(&sources, Some("digitalocean"), false).unwrap().spec;
    assert_eq!(spec.clusters["a"].provider.as_str(), "digitalocean");
    assert_eq!(spec.clusters["b"].provider.as_str(), "magnum");
    assert_eq!(spec.registries[0].provider.as_str(), "digitalocean");
    assert_eq!(spec.registries[0].integrate.len(), 1);
    assert!(load_with(&sources, None, false).is_err());

    // Where every cluster names the same one, the rest follows it, and `--provider` changes nothing.
    let text = text.replace("a: {}, ", "");
    let sources = Sources::single("infra.yaml", text);
    let loaded = load_with(&sources, None, false).unwrap();
    assert_eq!(loaded.spec.registries[0].provider.as_str(), "magnum");
    let loaded = load_with(&sources, Some("digitalocean"), false).unwrap();
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(loaded.warnings[0].severity, Severity::Warning);
}

#[test]
fn existing_things_have_a_name_at_the_provider() {
    let text = file(
        "clusters: { a: { existing: true }, b: { existing: prod }, c: { existing: false } }\n",
    );
    let spec = load_text(&text).unwrap().spec;
    let name = |cluster: &str| {
        spec.clusters[cluster].existing.as_ref().map(|existing| existing.name(cluster).to_owned())
    };
    assert_eq!(name("a").as_deref(), Some("a"));
    assert_eq!(name("b").as_deref(), Some("prod"));
    assert_eq!(name("c"), None);
    assert_eq!(spec.clusters["a"].existing, Some(Existing::SameName(true)));
}

#[test]
fn paths_are_relative_to_the_file_that_names_them() {
    let body = file("cluster: {}\nstack: [{ name: a, manifests: [k8s, /abs] }]\n");
    let sources = Sources::single("deep/folder/infra.yaml", body)
        .with("prod.yaml", "stack: [{ name: a, values_files: v.yaml }]\n");
    let spec = load_with(&sources, None, false).unwrap().spec;
    let ItemSource::Manifests(paths) = &spec.stack[0].source else { panic!("no manifests") };
    assert_eq!(paths[0].resolve(), Path::new("deep/folder/k8s"));
    assert_eq!(paths[1].resolve(), Path::new("/abs"));
    assert_eq!(spec.stack[0].values_files[0].resolve(), Path::new("v.yaml"));
}

#[test]
fn warnings_do_not_stop_a_load() {
    let loaded = load_text(&file("cluster: { masters: 2 }\n")).unwrap();
    insta::assert_snapshot!(loaded.warnings[0].render());
}

#[test]
fn the_digest_follows_the_files() {
    let one = load_text(&file("cluster: {}\n")).unwrap();
    let two = load_text(&file("cluster: {}\n# more\n")).unwrap();
    assert_ne!(one.digest(), two.digest());
    assert_eq!(one.inputs[0].path, "infra.yaml");
    assert_eq!(one.inputs[0].sha256.len(), 64);
}

#[test]
fn byte_order_mark_and_carriage_returns_do_not_matter() {
    let text = format!("\u{feff}{}", file("cluster: { version: latest }\n").replace('\n', "\r\n"));
    assert!(load_text(&text).is_ok());
    let text = text.replace("latest", "größer\u{2013}");
    let errors = load_text(&text).unwrap_err();
    let error = errors.iter().next().unwrap();
    assert_eq!((error.line, error.column, error.length), (4, 21, 7));
    assert!(!error.quote.contains('\r'));
}

#[test]
fn a_provider_finds_its_own_words_by_name_and_by_type() {
    let text = "apiVersion: infra/v1\nname: hub\nproviders: { eu: { type: magnum }, magnum: {} }\n\
                cluster: { provider: eu, on: { eu: { a: 1 }, magnum: { a: 2 } } }\n";
    let spec = load_text(text).unwrap().spec;
    let words = |name: &str| {
        let block = &spec.providers[name];
        block.own_words(&spec.clusters["main"].on).unwrap().expose_json()
    };
    assert_eq!(words("eu"), serde_json::json!({ "a": 1 }));
    assert_eq!(words("magnum"), serde_json::json!({ "a": 2 }));
}

#[test]
fn values_keep_their_yaml_meaning() {
    let text = file(
        "cluster: {}\nstack:\n  - name: a\n    manifests: x\n    values: { a: yes, b: true, c: 010, d: 0x1f, e: 0o17, f: 1e3, g: ~, h: !!str 1.30, i: \"1\" }\n",
    );
    let spec = load_text(&text).unwrap().spec;
    assert_eq!(
        spec.stack[0].values.expose_json(),
        serde_json::json!({
            "a": "yes", "b": true, "c": 10, "d": 31, "e": 15, "f": 1000.0, "g": null, "h": "1.30", "i": "1",
        })
    );
}
