//! Reads what surrounds a stack item: smoke test, endpoints, pull secrets, passwords.

use super::Scope;
use super::fields::{Fields, text_of, wrong_type};
use super::index::Target;
use super::names::{label_of, subdomain_of};
use super::values::{Unique, text_map, word};
use crate::error::{Code, Problems};
use crate::model::{
    Alphabet, Endpoint, EndpointScheme, Password, PullSecret, PullSecretSource, SmokeTest,
};
use crate::node::Node;
use crate::text::Text;

/// Length of a generated password unless given.
const DEFAULT_LENGTH: u32 = 24;

/// Reads `smoke_test`.
pub(crate) fn smoke_test(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<SmokeTest> {
    let node = fields.node("smoke_test")?;
    let mut inner = Fields::open(node, "a smoke test", problems)?;
    let image = inner.required_text("image", problems);
    let command = inner.required("command", problems).map(|node| command(node, problems));
    let environment = text_map(&mut inner, "environment", problems);
    let timeout = inner.duration("timeout", problems);
    inner.finish(problems);
    Some(SmokeTest { image: image?, command: command?, environment, timeout })
}

fn command(node: &Node, problems: &mut Problems) -> Vec<Text> {
    if let Some(text) = node.to_text() {
        return vec![Text::new("sh", None), Text::new("-c", None), text];
    }
    let Some(list) = node.as_list() else {
        problems.push(wrong_type(node, "`command`", "a string or a list of strings"));
        return Vec::new();
    };
    if list.is_empty() {
        problems.push(node.location.error(Code::InvalidValue, "`command` is empty"));
    }
    list.iter()
        .filter_map(|node| {
            let text = node.to_text();
            if text.is_none() {
                problems.push(wrong_type(node, "each part of `command`", "a string"));
            }
            text
        })
        .collect()
}

/// Reads `endpoints`.
pub(crate) fn endpoints(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<Endpoint> {
    let mut unique = Unique::default();
    fields
        .list("endpoints", problems)
        .iter()
        .filter_map(|node| {
            let endpoint = endpoint(node, problems)?;
            unique.note("an endpoint", &endpoint.name, &node.location, problems);
            Some(endpoint)
        })
        .collect()
}

fn endpoint(node: &Node, problems: &mut Problems) -> Option<Endpoint> {
    if node.as_str().is_some() {
        let service = label_of(node, "the service", problems)?;
        let (name, path) = (service.clone(), "/".to_owned());
        let scheme = EndpointScheme::Http;
        return Some(Endpoint { name, service, namespace: None, port: None, scheme, path });
    }
    if node.as_map().is_none() {
        problems.push(wrong_type(
            node,
            "an endpoint",
            "a map, or the name of a service as a string",
        ));
        return None;
    }
    let mut inner = Fields::open(node, "an endpoint", problems)?;
    let service = inner.required("service", problems);
    let service = service.and_then(|node| label_of(node, "the service", problems));
    let name = inner.text("name", problems).or_else(|| service.clone());
    let namespace =
        inner.node("namespace").and_then(|node| label_of(node, "the namespace", problems));
    let port = inner.whole("port", 1..=65_535, problems).and_then(|port| u16::try_from(port).ok());
    let words = [
        ("http", EndpointScheme::Http),
        ("https", EndpointScheme::Https),
        ("tcp", EndpointScheme::Tcp),
    ];
    let scheme = word(&mut inner, "scheme", &words, problems).unwrap_or(EndpointScheme::Http);
    let path = inner.text("path", problems).unwrap_or_else(|| "/".to_owned());
    if !path.starts_with('/') {
        let at = inner.key_location("path");
        problems.push(at.error(Code::InvalidValue, "`path` must begin with `/`"));
    }
    inner.finish(problems);
    Some(Endpoint { name: name?, service: service?, namespace, port, scheme, path })
}

/// Reads `pull_secrets`.
pub(crate) fn pull_secrets(fields: &mut Fields<'_>, scope: &mut Scope<'_>) -> Vec<PullSecret> {
    let mut unique = Unique::default();
    fields
        .list("pull_secrets", scope.problems)
        .iter()
        .filter_map(|node| {
            let secret = pull_secret(node, scope)?;
            unique.note("a pull secret", &secret.name, &node.location, scope.problems);
            Some(secret)
        })
        .collect()
}

fn pull_secret(node: &Node, scope: &mut Scope<'_>) -> Option<PullSecret> {
    let location = node.location.clone();
    if node.as_str().is_some() {
        let name = text_of(node, "a pull secret", scope.problems)?;
        let registry =
            scope.index.check(Target::Registry, node, "a pull secret", scope.problems)?;
        let source = PullSecretSource::Registry(registry);
        return Some(PullSecret { name: name.to_owned(), source, location });
    }
    if node.as_map().is_none() {
        let expected =
            "the name of a registry as a string, or a map with `server`, `username` and `password`";
        scope.problems.push(wrong_type(node, "a pull secret", expected));
        return None;
    }
    let mut inner = Fields::open(node, "a pull secret", scope.problems)?;
    let name = inner
        .node("name")
        .map(|node| subdomain_of(node, "the name of a pull secret", scope.problems));
    let registry = inner.node("registry");
    let server = inner.node("server");
    let source = match (registry, server) {
        (Some(registry), None) => {
            for key in ["username", "password"] {
                if inner.node(key).is_some() {
                    let summary = format!("`{key}` and `registry` exclude each other");
                    scope.problems.push(inner.key_location(key).error(Code::Conflict, summary));
                }
            }
            scope
                .index
                .check(Target::Registry, registry, "`registry`", scope.problems)
                .map(PullSecretSource::Registry)
        }
        (None, _) => credentials(&mut inner, scope.problems),
        (Some(_), Some(_)) => {
            let at = inner.key_location("registry");
            scope
                .problems
                .push(at.error(Code::Conflict, "`registry` and `server` exclude each other"));
            None
        }
    };
    for key in ["username", "password"] {
        let _ = inner.node(key);
    }
    inner.finish(scope.problems);
    let source = source?;
    let name = match (name, &source) {
        (Some(name), _) => name?,
        (None, PullSecretSource::Registry(registry)) => registry.name.clone(),
        (None, PullSecretSource::Credentials { .. }) => "registry-credentials".to_owned(),
    };
    Some(PullSecret { name, source, location })
}

fn credentials(inner: &mut Fields<'_>, problems: &mut Problems) -> Option<PullSecretSource> {
    let server = inner.required_text("server", problems);
    let username = inner.required("username", problems).and_then(|node| {
        let text = node.to_text();
        if text.is_none() {
            problems.push(wrong_type(node, "`username`", "a string"));
        }
        text
    });
    let password = inner.required("password", problems);
    let password = password.and_then(|_| inner.secret("password", problems));
    Some(PullSecretSource::Credentials {
        server: server?,
        username: username?,
        password: password?,
    })
}

/// Reads `passwords`.
pub(crate) fn passwords(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<Password> {
    let mut unique = Unique::default();
    fields
        .list("passwords", problems)
        .iter()
        .filter_map(|node| {
            let password = password(node, problems)?;
            unique.note("a password", &password.name, &node.location, problems);
            Some(password)
        })
        .collect()
}

fn password(node: &Node, problems: &mut Problems) -> Option<Password> {
    let mut inner = Fields::open(node, "a password", problems)?;
    let name = inner.required("name", problems);
    let name = name.and_then(|node| subdomain_of(node, "the name of a password", problems));
    let length = inner.whole("length", 8..=256, problems).unwrap_or(DEFAULT_LENGTH);
    let words = [
        ("alphanumeric", Alphabet::Alphanumeric),
        ("hexadecimal", Alphabet::Hexadecimal),
        ("symbols", Alphabet::Symbols),
    ];
    let alphabet = word(&mut inner, "alphabet", &words, problems).unwrap_or(Alphabet::Alphanumeric);
    let secret = match inner.node("secret") {
        Some(node) => subdomain_of(node, "the name of the secret", problems),
        None => name.clone(),
    };
    let key = inner.text("key", problems).unwrap_or_else(|| "password".to_owned());
    // The rule of the API for keys of secrets.
    if key.len() > 253 || !key.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        let at = inner.key_location("key");
        problems.push(
            at.error(Code::InvalidName, "`key` may hold letters, digits, `-`, `_` and `.` only"),
        );
    }
    inner.finish(problems);
    Some(Password { name: name?, length, alphabet, secret: secret?, key })
}
