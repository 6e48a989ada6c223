//! Interpolation and secrets: values arrive, and never show.

use infra_spec::model::PullSecretSource;
use infra_spec::{Code, Severity, Sources};

use super::support::{SECRET, file, fixture, fixtures, load_text, load_with};

#[test]
fn values_are_interpolated_whole_and_in_part() {
    let text = file(
        "cluster: {}\nstack:\n  - name: a\n    manifests: x\n    values:\n      whole: ${env:DO_TOKEN}\n      part: a${env:DO_TOKEN}b${file:secrets/password}\n      escaped: $${env:DO_TOKEN} $5\n",
    );
    let spec = load_text(&text).unwrap().spec;
    let values = &spec.stack[0].values;
    assert_eq!(
        values.expose_json(),
        serde_json::json!({
            "whole": SECRET,
            "part": format!("a{SECRET}b{SECRET}"),
            "escaped": "${env:DO_TOKEN} $5",
        })
    );
    assert!(values.get("whole").unwrap().is_secret());
    assert!(!values.get("escaped").unwrap().is_secret());
    let sources = values.get("part").unwrap().provenance().unwrap().to_string();
    assert_eq!(sources, "env:DO_TOKEN, file:secrets/password");
}

#[test]
fn secrets_show_nowhere() {
    for folder in fixtures("valid") {
        let (sources, provider) = fixture(&folder);
        let loaded = load_with(&sources, provider.as_deref(), false).unwrap();
        let json = serde_json::to_string(&loaded.spec).unwrap();
        for output in [json, format!("{loaded:?}"), format!("{:#?}", loaded.spec)] {
            assert!(!output.contains(SECRET), "{}", folder.display());
        }
    }
}

#[test]
fn an_error_about_a_secret_does_not_show_it() {
    let text = file(
        "cluster:\n  version: ${env:DO_TOKEN}\n  masters: ${env:DO_TOKEN}\n  tags: ${env:DO_TOKEN}\n  pools:\n    - { name: \"${env:DO_TOKEN}\", size: { cpus: \"${env:DO_TOKEN}\", memory: \"${env:DO_TOKEN}\" }, taints: [\"${env:DO_TOKEN}\", \"${env:DO_TOKEN}:x\"], labels: { a: \"a b${env:DO_TOKEN}\" } }\nstate: { backend: \"${env:DO_TOKEN}\" }\naddresses: [{ name: \"a b${env:DO_TOKEN}\" }]\nstack: [{ name: a, manifests: x, timeout: \"${env:DO_TOKEN}\", address: \"${env:DO_TOKEN}\", cluster: \"${env:DO_TOKEN}\", after: [\"${env:DO_TOKEN}\"], chart: { repo: \"${env:DO_TOKEN}\", name: x } }]\n",
    );
    let errors = load_text(&text).unwrap_err();
    assert!(errors.len() > 8, "{errors}");
    let json = serde_json::to_string(&errors).unwrap();
    assert!(!errors.render().contains(SECRET), "{errors}");
    assert!(!json.contains(SECRET));
}

#[test]
fn literal_secrets_are_warned_of_and_hidden() {
    let text = "apiVersion: infra/v1\nname: hub\nproviders: { digitalocean: { token: dop_v1_0123456789 } }\ncluster: {}\n";
    let loaded = load_text(text).unwrap();
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(loaded.warnings[0].code, Code::LiteralSecret);
    assert!(!loaded.warnings[0].render().contains(SECRET));
    assert!(!format!("{loaded:?}").contains(SECRET));
}

const REHEARSED: &str = "apiVersion: infra/v1\nname: hub\nproviders: { digitalocean: { token: \"${env:T}\" } }\ncluster: {}\nstack:\n  - name: a\n    manifests: x\n    values: { user: \"${env:U}\" }\n    pull_secrets: [{ server: s, username: u, password: \"${file:P}\" }]\n";

#[test]
fn a_rehearsal_stands_in_for_missing_secrets() {
    assert_eq!(load_text(REHEARSED).unwrap_err().len(), 3);
    let loaded = load_with(&Sources::single("infra.yaml", REHEARSED), None, true).unwrap();
    let notes: Vec<Severity> = loaded.warnings.iter().map(|warning| warning.severity).collect();
    assert_eq!(notes, [Severity::Note; 3]);
    let token = loaded.spec.providers["digitalocean"].config.get("token").unwrap();
    assert_eq!(token.as_str(), Some("rehearsed-T"));
    assert!(token.provenance().unwrap().is_stand_in());
    let PullSecretSource::Credentials { password, .. } =
        &loaded.spec.stack[0].pull_secrets[0].source
    else {
        panic!("no credentials")
    };
    assert!(password.provenance().is_stand_in());
}

#[test]
fn a_rehearsal_stands_in_for_nothing_else() {
    let text = file("cluster: { version: \"${env:V}\", tags: [\"${env:T}\"] }\n");
    let errors = load_with(&Sources::single("infra.yaml", text), None, true).unwrap_err();
    assert_eq!(errors.len(), 2);
    assert!(errors.iter().all(|error| error.code == Code::MissingEnvironment));
}

#[test]
fn an_unused_provider_needs_no_secrets() {
    let text = "apiVersion: infra/v1\nname: hub\nproviders: { magnum: { password: \"${env:NOT_THERE}\" }, digitalocean: {} }\ncluster: {}\n";
    let sources = Sources::single("infra.yaml", text);
    let loaded = load_with(&sources, Some("digitalocean"), false).unwrap();
    assert!(loaded.warnings.is_empty());
    assert!(!loaded.spec.providers["magnum"].in_use);
    assert!(load_with(&sources, Some("magnum"), false).is_err());
}

#[test]
fn a_long_secret_is_not_shown_in_part() {
    let text = file(
        "cluster: { tags: x }\nstack: [{ name: a, manifests: x, after: [\"main/${env:LONG_TOKEN}\"], timeout: \"1x${env:LONG_TOKEN}\" }]\n",
    );
    let errors = load_text(&text).unwrap_err();
    assert_eq!(errors.len(), 3, "{errors}");
    assert!(!errors.render().contains(&SECRET[..8]), "{errors}");
}

#[test]
fn plain_fields_take_interpolated_values() {
    let text = file(
        "cluster: { version: \"${env:VERSION}\" }\nstack: [{ name: a, cluster: \"${env:CLUSTER}\", manifests: x }]\n",
    );
    let spec = load_text(&text).unwrap().spec;
    assert_eq!(spec.clusters["main"].version.as_ref().unwrap().to_string(), "1.33");
    assert_eq!(spec.stack[0].cluster.as_str(), "main");
}

#[test]
fn texts_that_may_be_secret_show_when_they_are_not() {
    let text = file(
        "cluster: {}\nstack:\n  - name: a\n    chart: { repo: \"https://me:${env:DO_TOKEN}@example.org\", name: x }\n    smoke_test: { image: i, command: [echo, \"${env:DO_TOKEN}\"], environment: { A: plain, B: \"${env:DO_TOKEN}\" } }\nstate: { options: { endpoint: \"https://x\" } }\n",
    );
    let spec = load_text(&text).unwrap().spec;
    let test = spec.stack[0].smoke_test.as_ref().unwrap();
    assert_eq!(test.command[1].expose(), SECRET);
    let json = serde_json::to_value(&spec).unwrap();
    assert_eq!(
        json["stack"][0]["smoke_test"]["environment"],
        serde_json::json!({ "A": "plain", "B": "(secret: env:DO_TOKEN)" })
    );
    assert_eq!(json["state"]["options"]["endpoint"], "https://x");
    assert!(!json.to_string().contains(SECRET));
}

#[test]
fn a_number_at_a_secret_key_is_not_shown() {
    let text = file("cluster: {}\nstate: { encryption_key: 8714625 }\n");
    let errors = load_text(&text).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(!errors.render().contains("8714625"), "{errors}");
}
