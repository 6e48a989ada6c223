//! What each namespace gets: the default service account and the cluster's certificate; and tokens in Secrets.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use infra_clock::WorldTime;
use serde_json::json;

use super::objects::{is_going, text, uid};
use super::queue::WorkKey;
use super::runner::{Controller, Outcome};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, ChangeKind, Client, TokenSubject};

const ROOT: &str = "kube-root-ca.crt";
const ACCOUNT: &str = "kubernetes.io/service-account.name";
/// From the creation of a Secret of that type to its token.
const TOKEN_DELAY: Duration = Duration::from_millis(500);
const TOKEN_TYPE: &str = "kubernetes.io/service-account-token";

/// The controller of service accounts and their tokens.
pub(super) struct ServiceAccounts {
    client: Client,
    authority_pem: String,
    seen: Mutex<HashMap<String, WorldTime>>,
}

impl ServiceAccounts {
    /// With access to the API and the cluster's certificate authority.
    pub(super) fn new(client: Client, authority_pem: String) -> Self {
        Self { client, authority_pem, seen: Mutex::default() }
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        if key.resource == "secrets" {
            return self.sync_token(key).await;
        }
        let Some(namespace) = self.client.get("namespaces", "", &key.name) else { return Ok(None) };
        if is_going(&namespace) {
            return Ok(None);
        }
        let account = json!({"metadata": {"name": "default", "namespace": key.name}});
        self.ensure("serviceaccounts", "default", &key.name, account).await?;
        let root = json!({
            "metadata": {
                "name": ROOT,
                "namespace": key.name,
                "annotations": {
                    "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
                },
            },
            "data": {"ca.crt": self.authority_pem},
        });
        self.ensure("configmaps", ROOT, &key.name, root).await?;
        Ok(None)
    }

    async fn ensure(
        &self,
        resource: &str,
        name: &str,
        namespace: &str,
        object: serde_json::Value,
    ) -> Result<(), Status> {
        if self.client.get(resource, namespace, name).is_some() {
            return Ok(());
        }
        match self.client.create(resource, object).await {
            Err(status) if status.reason == "AlreadyExists" => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// Fills a Secret of the token type; one whose account is gone goes too.
    async fn sync_token(&self, key: &WorkKey) -> Outcome {
        let Some(secret) = self.client.get("secrets", &key.namespace, &key.name) else {
            return Ok(None);
        };
        if text(&secret, "/type") != TOKEN_TYPE || is_going(&secret) {
            return Ok(None);
        }
        let name = secret["metadata"]["annotations"][ACCOUNT].as_str().unwrap_or_default();
        let Some(account) = self.client.get("serviceaccounts", &key.namespace, name) else {
            self.client.delete("secrets", key.pair(), &Default::default()).await?;
            return Ok(None);
        };
        if secret["data"].get("token").is_some() {
            return Ok(None);
        }
        // As with the real controller, whoever asks at once still sees it empty.
        let now = self.client.api.clock.now();
        let waited = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            now.since(*seen.entry(uid(&secret).to_owned()).or_insert(now))
        };
        if waited < TOKEN_DELAY {
            return Ok(Some(TOKEN_DELAY - waited));
        }
        let subject = TokenSubject {
            namespace: key.namespace.clone(),
            name: name.to_owned(),
            uid: uid(&account).to_owned(),
        };
        let audiences = ["https://kubernetes.default.svc".to_owned()];
        let token = self.client.api.account_tokens.issue(&subject, &audiences, None);
        self.client
            .modify("secrets", "", key.pair(), |secret| {
                secret["metadata"]["annotations"]["kubernetes.io/service-account.uid"] =
                    json!(subject.uid);
                secret["data"]["token"] = json!(STANDARD.encode(&token));
                secret["data"]["namespace"] = json!(STANDARD.encode(&key.namespace));
                secret["data"]["ca.crt"] = json!(STANDARD.encode(&self.authority_pem));
            })
            .await?;
        Ok(None)
    }
}

impl Controller for ServiceAccounts {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        let gone = change.kind == ChangeKind::Deleted;
        match &*change.key.resource {
            "namespaces" if !gone => vec![WorkKey::new("", &change.key.name)],
            // What is deleted here is made again.
            "serviceaccounts" if gone => {
                let secrets = self.client.list("secrets", Some(&change.key.namespace));
                let mut keys: Vec<WorkKey> = secrets
                    .iter()
                    .filter(|secret| text(secret, "/type") == TOKEN_TYPE)
                    .map(|secret| WorkKey {
                        resource: "secrets".into(),
                        ..super::objects::key_of(secret)
                    })
                    .collect();
                keys.push(WorkKey::new("", &change.key.namespace));
                keys
            }
            "configmaps" if gone && change.key.name == ROOT => {
                vec![WorkKey::new("", &change.key.namespace)]
            }
            "secrets" if !gone && text(&change.object, "/type") == TOKEN_TYPE => {
                vec![WorkKey::of(&change.key)]
            }
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
