//! What surrounds a stack item: smoke test, endpoints, pull secrets, generated passwords.

use std::time::Duration;

use indexmap::IndexMap;
use serde::Serialize;

use super::Reference;
use super::stack::optional_duration;
use crate::secret::Secret;
use crate::source::Location;
use crate::text::Text;

/// A job that runs inside the cluster; its exit code decides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SmokeTest {
    /// The image.
    pub image: String,
    /// The command and its arguments; a single text in the file becomes `sh -c TEXT`.
    pub command: Vec<Text>,
    /// Environment of the command.
    pub environment: IndexMap<String, Text>,
    /// How long it may take; without one the default.
    #[serde(serialize_with = "optional_duration", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
}

/// Something reachable that is shown when the item runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Endpoint {
    /// Its name in the output; the service's unless given.
    pub name: String,
    /// The Kubernetes service behind it.
    pub service: String,
    /// The service's namespace, if not the item's.
    pub namespace: Option<String>,
    /// The service's port; the first one unless given.
    pub port: Option<u16>,
    /// How it is spoken to.
    pub scheme: EndpointScheme,
    /// Path of the URL, beginning with `/`.
    pub path: String,
}

/// How an endpoint is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EndpointScheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// Any other protocol over TCP: shown as host and port.
    Tcp,
}

/// A secret with which the cluster pulls images.
#[derive(Clone, Debug, Serialize)]
pub struct PullSecret {
    /// Name of the Kubernetes secret.
    pub name: String,
    /// Whose credentials it holds.
    pub source: PullSecretSource,
    /// Where it stands in the file.
    #[serde(skip)]
    pub location: Location,
}

/// Whose credentials a pull secret holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PullSecretSource {
    /// Those of a registry of the file.
    Registry(Reference),
    /// Those given here.
    Credentials {
        /// Host of the registry, with its port if it has one.
        server: String,
        /// User.
        username: Text,
        /// Password or token.
        password: Secret,
    },
}

/// A password that is made once, kept encrypted in the state, and projected into the cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Password {
    /// Its name, unique in the item.
    pub name: String,
    /// Characters.
    pub length: u32,
    /// Which characters.
    pub alphabet: Alphabet,
    /// The Kubernetes secret that it is put into; its own name unless given.
    pub secret: String,
    /// The key in that secret.
    pub key: String,
}

/// The characters of a generated password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// Letters and digits.
    Alphanumeric,
    /// `0` to `9` and `a` to `f`.
    Hexadecimal,
    /// Letters, digits and punctuation that no shell or URL trips over (`-._~`).
    Symbols,
}
