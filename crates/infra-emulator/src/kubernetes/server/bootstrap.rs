//! The objects that every cluster has from its first moment.

use serde_json::{Value, json};

use super::access::default_roles;
use super::client::Client;
use super::error::EmulatorError;
use crate::kubernetes::machinery::status::Status;

/// The provisioner of the class that a cluster has whose cloud ships none.
pub(crate) const DEFAULT_PROVISIONER: &str = "volumes.emulated.infra";

/// The class of a cluster whose cloud ships none.
pub(super) fn default_storage_class() -> Value {
    json!({
        "metadata": {
            "name": "standard",
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": DEFAULT_PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": true,
    })
}

/// Makes what is missing.
pub(super) async fn prepare(
    client: &Client,
    port: u16,
    storage_classes: Vec<Value>,
) -> Result<(), EmulatorError> {
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        ensure(client, "namespaces", json!({"metadata": {"name": name}})).await?;
    }
    for (plural, object) in default_roles() {
        ensure(client, &format!("rbac.authorization.k8s.io/{plural}"), object).await?;
    }
    for (name, value) in
        [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)]
    {
        let object = json!({"metadata": {"name": name}, "value": value});
        ensure(client, "scheduling.k8s.io/priorityclasses", object).await?;
    }
    let service = json!({
        "metadata": {
            "name": "kubernetes",
            "namespace": "default",
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.96.0.1",
            "ports": [{"name": "https", "port": 443, "targetPort": port, "protocol": "TCP"}],
        },
    });
    ensure(client, "services", service).await?;
    for class in storage_classes {
        ensure(client, "storage.k8s.io/storageclasses", class).await?;
    }
    Ok(())
}

async fn ensure(client: &Client, resource: &str, object: Value) -> Result<(), EmulatorError> {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
    if client.get(resource, &text("namespace"), &text("name")).is_some() {
        return Ok(());
    }
    let failed = |status: Status| {
        EmulatorError::Prepare(format!("{resource} {}: {}", text("name"), status.message))
    };
    client.create(resource, object.clone()).await.map(|_| ()).map_err(failed)
}
