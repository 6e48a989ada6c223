//! Kubeconfigs and credentials, as documents.

use std::path::Path;

use base64::Engine;
use infra_provider::{ClusterAccess, Credential};
use serde_json::{Value as Json, json};

use crate::arguments::Global;

/// The version of the credential plugin's protocol.
const CREDENTIAL_VERSION: &str = "client.authentication.k8s.io/v1";

fn encode(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// The entries of a kubeconfig for one cluster: cluster, user and context, each with this name.
pub(super) struct Entries {
    pub(super) cluster: Json,
    pub(super) user: Json,
    pub(super) context: Json,
}

/// A user that holds the credential.
pub(super) fn holding(access: &ClusterAccess) -> Json {
    match &access.credential {
        Credential::Token(token) => json!({ "token": token.expose() }),
        Credential::Certificate { certificate, key } => json!({
            "client-certificate-data": encode(certificate),
            "client-key-data": encode(key.expose().unwrap_or_default()),
        }),
    }
}

/// A user that asks this program for a credential each time.
pub(super) fn asking(global: &Global, cluster: &str, program: &Path) -> Json {
    let mut arguments: Vec<String> = vec!["kubeconfig".into(), "--exec-credential".into()];
    arguments.extend(["--cluster".into(), cluster.to_owned()]);
    for file in &global.files {
        let whole = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        arguments.extend(["--file".into(), whole.display().to_string()]);
    }
    if let Some(provider) = &global.provider {
        arguments.extend(["--provider".into(), provider.clone()]);
    }
    if global.rehearse {
        arguments.push("--rehearse".into());
    }
    json!({
        "exec": {
            "apiVersion": CREDENTIAL_VERSION,
            "command": program.display().to_string(),
            "args": arguments,
            "interactiveMode": "Never",
            "provideClusterInfo": false,
        },
    })
}

/// The entries for a cluster.
pub(super) fn entries(name: &str, access: &ClusterAccess, user: Json) -> Entries {
    let mut cluster = json!({ "server": access.server });
    if let Some(authority) = &access.certificate_authority {
        cluster["certificate-authority-data"] = encode(authority).into();
    }
    if let Some(name) = &access.server_name {
        cluster["tls-server-name"] = name.clone().into();
    }
    Entries { cluster, user, context: json!({ "cluster": name, "user": name }) }
}

/// A whole kubeconfig of one cluster.
pub(super) fn kubeconfig(name: &str, entries: &Entries) -> Json {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": name, "cluster": entries.cluster }],
        "users": [{ "name": name, "user": entries.user }],
        "contexts": [{ "name": name, "context": entries.context }],
        "current-context": name,
    })
}

/// What a credential plugin prints ("client-go credential plugins" of the Kubernetes documentation).
pub(super) fn credential(access: &ClusterAccess) -> Json {
    let mut status = match &access.credential {
        Credential::Token(token) => json!({ "token": token.expose() }),
        Credential::Certificate { certificate, key } => {
            json!({ "clientCertificateData": certificate, "clientKeyData": key.expose() })
        }
    };
    let expires = access.expires.and_then(|at| jiff::Timestamp::try_from(at).ok());
    if let Some(expires) = expires {
        status["expirationTimestamp"] = format!("{expires:.0}").into();
    }
    json!({ "apiVersion": CREDENTIAL_VERSION, "kind": "ExecCredential", "status": status })
}

pub(super) fn to_yaml(document: &Json) -> String {
    // JSON is YAML; a document that cannot be written as YAML is still right as JSON.
    serde_saphyr::to_string(document).unwrap_or_else(|_| document.to_string())
}
