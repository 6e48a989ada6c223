//! `infra kubeconfig`: a kubeconfig for a cluster of the deployment, with fresh credentials.

use std::io::Write;
use std::path::Path;

use base64::Engine;
use infra_event::{Diagnostic, ExitCode};
use infra_plan::Address;
use infra_provider::{ClusterAccess, Credential};
use serde_json::{Value as Json, json};

use crate::arguments::{Format, Global, KubeconfigArguments};
use crate::output::{Outcome, print, print_json, refused, say};
use crate::run::Deployment;

/// Writes a kubeconfig; only its owner can read it.
pub(crate) async fn run(global: &Global, arguments: &KubeconfigArguments) -> Outcome {
    let deployment = Deployment::open(global).await?;
    deployment.settle().await?;
    let cluster = chosen(&deployment, arguments.cluster.as_deref())?;
    let access = deployment.context.access.access(&cluster).await.map_err(|error| {
        let problem =
            Diagnostic::error("no-access", format!("{error}")).about(&cluster).caused_by(&error);
        problem.run("infra status")
    })?;
    let name = format!(
        "{}-{}",
        deployment.project.spec().name,
        cluster.as_str().trim_start_matches("cluster.")
    );
    let document = kubeconfig(&name, &access);
    match (&arguments.path, global.output) {
        (Some(path), _) => {
            write_private(path, &to_yaml(&document)).map_err(|error| {
                refused(format_args!("cannot write {}", path.display()), &error)
            })?;
            say(format_args!(
                "Wrote {}. Use it with: kubectl --kubeconfig {} get nodes",
                path.display(),
                path.display()
            ));
        }
        (None, Format::Json) => print_json(&document),
        (None, Format::Text) => print(&to_yaml(&document)),
    }
    deployment.close().await;
    Ok(ExitCode::Done)
}

fn chosen(deployment: &Deployment, name: Option<&str>) -> Outcome<Address> {
    let knowledge = deployment.knowledge.lock();
    let clusters: Vec<_> = knowledge
        .records
        .values()
        .filter(|record| record.kind == "cluster")
        .map(|record| &record.address)
        .collect();
    let problem = |summary: String, help: String| {
        Err(Diagnostic::error("no-cluster", summary).set(help).exit(ExitCode::Invalid).into())
    };
    let names = || {
        clusters
            .iter()
            .map(|address| address.as_str().trim_start_matches("cluster."))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (name, clusters.as_slice()) {
        (_, []) => {
            problem("there is no cluster yet".to_owned(), "make it with `infra up`".to_owned())
        }
        (None, [only]) => Ok((*only).clone()),
        (None, _) => problem(
            "there are several clusters".to_owned(),
            format!("choose one with --cluster: {}", names()),
        ),
        (Some(name), _) => {
            match clusters.iter().find(|address| **address == &Address::of("cluster", name)) {
                Some(found) => Ok((*found).clone()),
                None => problem(
                    format!("there is no cluster `{name}`"),
                    format!("choose one of {}", names()),
                ),
            }
        }
    }
}

fn kubeconfig(name: &str, access: &ClusterAccess) -> Json {
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let user = match &access.credential {
        Credential::Token(token) => json!({ "token": token.expose() }),
        Credential::Certificate { certificate, key } => json!({
            "client-certificate-data": encode(certificate),
            "client-key-data": encode(key.expose().unwrap_or_default()),
        }),
    };
    let mut cluster = json!({ "server": access.server });
    if let (Some(authority), Some(cluster)) =
        (&access.certificate_authority, cluster.as_object_mut())
    {
        cluster.insert("certificate-authority-data".into(), encode(authority).into());
    }
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": name, "cluster": cluster }],
        "users": [{ "name": name, "user": user }],
        "contexts": [{ "name": name, "context": { "cluster": name, "user": name } }],
        "current-context": name,
    })
}

fn to_yaml(document: &Json) -> String {
    // JSON is YAML; a document that cannot be written as YAML is still right as JSON.
    serde_saphyr::to_string(document).unwrap_or_else(|_| document.to_string())
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Temporary files are made for their owner alone.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}
