//! The part of DOKS that keeps the pull secrets of integrated registries in every namespace and on every default service account.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::kubernetes::Client;
use crate::registry::HOST;

/// Marks the secrets that are ours to remove.
const MARK: &str = "doks.digitalocean.com/registry";

/// The pull secret of a registry, which is named after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PullSecret {
    pub(super) registry: String,
    pub(super) token: String,
}

/// Watches a cluster for new namespaces.
pub(super) struct Operator {
    wanted: watch::Sender<Vec<PullSecret>>,
    task: JoinHandle<()>,
}

impl Operator {
    pub(super) fn start(client: Client) -> Self {
        let wanted = watch::Sender::new(Vec::new());
        let task = tokio::spawn(work(client, wanted.subscribe()));
        Self { wanted, task }
    }

    /// Sets the secrets that are to be everywhere.
    pub(super) fn want(&self, secrets: Vec<PullSecret>) {
        self.wanted.send_replace(secrets);
    }

    pub(super) fn wanted(&self) -> Vec<PullSecret> {
        self.wanted.borrow().clone()
    }

    pub(super) async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Looks at the cluster after every change of it; that costs next to nothing, as nothing is integrated or all is in place.
async fn work(client: Client, mut wanted: watch::Receiver<Vec<PullSecret>>) {
    let mut revisions = client.api.store.subscribe();
    loop {
        let secrets = wanted.borrow_and_update().clone();
        revisions.borrow_and_update();
        if !secrets.is_empty() {
            // What fails now, such as a namespace that is going away, is tried again after the next change.
            let _ = sync(&client, &secrets).await;
        }
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { return },
            changed = revisions.changed() => if changed.is_err() { return },
        }
    }
}

/// Puts these secrets, and of ours those alone, into every namespace that stays.
pub(super) async fn sync(client: &Client, secrets: &[PullSecret]) -> Result<(), String> {
    for namespace in client.list("namespaces", None) {
        if !namespace["metadata"]["deletionTimestamp"].is_null() {
            continue;
        }
        let Some(name) = namespace["metadata"]["name"].as_str() else { continue };
        for secret in secrets {
            keep_secret(client, name, secret).await?;
        }
        remove_others(client, name, secrets).await?;
        keep_account(client, name, secrets).await?;
    }
    Ok(())
}

async fn keep_secret(client: &Client, namespace: &str, secret: &PullSecret) -> Result<(), String> {
    let auth = STANDARD.encode(format!("{0}:{0}", secret.token));
    let config = json!({ "auths": { HOST: { "auth": auth } } }).to_string();
    let data = json!({ ".dockerconfigjson": STANDARD.encode(config) });
    let known: Option<Arc<Value>> = client.get("secrets", namespace, &secret.registry);
    let outcome = match known {
        Some(known) if known["data"] == data => return Ok(()),
        Some(_) => {
            let key = (namespace, secret.registry.as_str());
            client
                .modify("secrets", "", key, |object| object["data"] = data.clone())
                .await
                .map(|_| ())
        }
        None => {
            let object = json!({
                "metadata": {
                    "name": secret.registry,
                    "namespace": namespace,
                    "labels": { MARK: secret.registry },
                },
                "type": "kubernetes.io/dockerconfigjson",
                "data": data,
            });
            client.create("secrets", object).await.map(|_| ())
        }
    };
    outcome.map_err(|status| status.message)
}

fn mark(secret: &Value) -> Option<&str> {
    secret["metadata"]["labels"][MARK].as_str()
}

async fn remove_others(
    client: &Client,
    namespace: &str,
    secrets: &[PullSecret],
) -> Result<(), String> {
    for known in client.list("secrets", Some(namespace)) {
        let Some(registry) = mark(&known) else { continue };
        if secrets.iter().all(|secret| secret.registry != registry) {
            let deleted =
                client.delete("secrets", (namespace, registry), &Default::default()).await;
            deleted.map_err(|status| status.message)?;
            let gone = registry.to_owned();
            let account = (namespace, "default");
            let changed = client.modify("serviceaccounts", "", account, |account| {
                if let Some(list) = account["imagePullSecrets"].as_array_mut() {
                    list.retain(|entry| entry["name"] != gone.as_str());
                }
            });
            changed.await.map_err(|status| status.message)?;
        }
    }
    Ok(())
}

async fn keep_account(
    client: &Client,
    namespace: &str,
    secrets: &[PullSecret],
) -> Result<(), String> {
    let changed = client.modify("serviceaccounts", "", (namespace, "default"), |account| {
        let mut list = account["imagePullSecrets"].as_array().cloned().unwrap_or_default();
        let before = list.len();
        for secret in secrets {
            if !list.iter().any(|entry| entry["name"] == secret.registry.as_str()) {
                list.push(json!({ "name": secret.registry }));
            }
        }
        if list.len() > before {
            account["imagePullSecrets"] = list.into();
        }
    });
    changed.await.map(|_| ()).map_err(|status| status.message)
}
