//! `exec` of a kubeconfig's user: a program that prints a credential.
//!
//! Follows "client-go credential plugins" of the Kubernetes documentation (client.authentication.k8s.io v1 and v1beta1). The program gets
//! no terminal: nobody would know what it asks.

use std::process::Stdio;
use std::time::{Duration, SystemTime};

use infra_plan::Secret;
use infra_provider::{Credential, ErrorKind, ProviderError};
use kube::config::{Cluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::json;

/// How long such a program may take on the wall.
const LIMIT: Duration = Duration::from_secs(60);
/// How long a credential without an expiry is used before the program is asked again.
const LASTING: Duration = Duration::from_secs(3600);

#[derive(Deserialize)]
struct Printed {
    status: Option<PrintedStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrintedStatus {
    expiration_timestamp: Option<jiff::Timestamp>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Runs the program and reads what it prints.
pub(crate) async fn credential(
    exec: &ExecConfig,
    cluster: &Cluster,
) -> Result<(Credential, Option<SystemTime>), ProviderError> {
    let command = exec.command.as_deref().unwrap_or_default();
    let failed = |message: String| {
        let hint = exec.install_hint.clone().filter(|hint| !hint.trim().is_empty());
        let next = hint.unwrap_or_else(|| {
            format!("run `{command}` by hand to see what it needs; logging in anew often helps")
        });
        ProviderError::new(
            ErrorKind::Unauthenticated,
            format!("ask `{command}` for a credential"),
            message,
        )
        .set(next)
    };
    if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(failed("it wants to ask something on a terminal".to_owned()));
    }
    let output = tokio::time::timeout(LIMIT, prepared(exec, cluster).output())
        .await
        .map_err(|_| failed(format!("it printed nothing within {} s", LIMIT.as_secs())))?
        .map_err(|error| failed(format!("it cannot be started: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said: String = said.trim().chars().take(400).collect();
        return Err(failed(format!("it ended with {}: {said}", output.status)));
    }
    // What it printed holds a credential, so that no error quotes it.
    let printed: Printed = serde_json::from_slice(&output.stdout)
        .map_err(|_| failed("what it printed is no ExecCredential".to_owned()))?;
    let status = printed.status.ok_or_else(|| failed("it gave no credential".to_owned()))?;
    let expires = status
        .expiration_timestamp
        .map_or_else(|| infra_clock::wall_now() + LASTING, SystemTime::from);
    let credential = match (status.token, status.client_certificate_data, status.client_key_data) {
        (Some(token), _, _) if !token.is_empty() => Credential::Token(Secret::new(token)),
        (_, Some(certificate), Some(key)) => {
            Credential::Certificate { certificate, key: Secret::new(key) }
        }
        _ => {
            return Err(failed(
                "it gave neither a token nor a certificate with its key".to_owned(),
            ));
        }
    };
    Ok((credential, Some(expires)))
}

fn prepared(exec: &ExecConfig, cluster: &Cluster) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(exec.command.as_deref().unwrap_or_default());
    command.args(exec.args.iter().flatten()).stdin(Stdio::null()).kill_on_drop(true);
    for name in exec.drop_env.iter().flatten() {
        command.env_remove(name);
    }
    for variable in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    let version = exec.api_version.as_deref().unwrap_or("client.authentication.k8s.io/v1");
    let mut information = json!({
        "apiVersion": version, "kind": "ExecCredential", "spec": { "interactive": false },
    });
    if exec.provide_cluster_info {
        information["spec"]["cluster"] = json!({
            "server": cluster.server,
            "certificate-authority-data": cluster.certificate_authority_data,
            "tls-server-name": cluster.tls_server_name,
        });
    }
    command.env("KUBERNETES_EXEC_INFO", information.to_string());
    command
}
