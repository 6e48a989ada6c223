//! Provider blocks decoded with derived types: all errors, with their places.

use infra_spec::{Code, Provenance, Secret};
use serde::Deserialize;

use super::support::{SECRET, load_text};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by Debug only")]
struct Config {
    region: String,
    token: Secret,
    mode: Option<Mode>,
    ports: Option<Vec<u16>>,
    nested: Option<Nested>,
    disk: Option<infra_spec::Bytes>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Fast,
    Slow,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by Debug only")]
struct Nested {
    needed: bool,
}

fn block(lines: &str) -> infra_spec::model::ProviderBlock {
    let text = format!(
        "apiVersion: infra/v1\nname: hub\nproviders:\n  cloud:\n    type: digitalocean\n{lines}cluster: {{}}\n"
    );
    load_text(&text).unwrap().spec.providers["cloud"].clone()
}

#[test]
fn a_block_is_decoded_with_its_provenance() {
    let block = block(
        "    region: ams3\n    token: ${env:DO_TOKEN}\n    mode: fast\n    ports: [1, 2]\n    disk: 50GiB\n    nested: { needed: true }\n",
    );
    assert_eq!(block.provider_type, "digitalocean");
    let config: Config = block.decode().unwrap();
    assert_eq!(config.token.expose(), SECRET);
    assert_eq!(config.token.provenance(), &Provenance::Interpolated(vec!["env:DO_TOKEN".into()]));
    assert!(matches!(config.mode, Some(Mode::Fast)));
    assert_eq!(config.disk.unwrap().gibibytes(), 50);
    assert!(!format!("{config:?}").contains(SECRET));
}

#[test]
fn all_errors_of_a_block_come_at_once() {
    let block = block(
        "    regin: ams3\n    token: ${env:DO_TOKEN}\n    mode: fats\n    ports: [1, 70000, x]\n    nested: { need: true }\n    disk: 50Gb\n",
    );
    let errors = block.decode::<Config>().unwrap_err();
    insta::assert_snapshot!(errors.render());
}

#[test]
fn a_missing_key_and_a_wrong_type_are_found() {
    let errors = block("    token: 12\n").decode::<Config>().unwrap_err();
    let codes: Vec<Code> = errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, [Code::MissingKey, Code::WrongType]);
    let errors = block("    region: ${env:DO_TOKEN}\n    token: x\n    ports: ${env:DO_TOKEN}\n    mode: ${env:DO_TOKEN}\n    disk: ${env:DO_TOKEN}\n")
        .decode::<Config>()
        .unwrap_err();
    assert_eq!(errors.len(), 3, "{errors}");
    assert!(!errors.render().contains(SECRET), "{errors}");
}
