//! [`identify`]: which cluster answers at an address, before anything else is known of it.

use http::Method;
use infra_provider::{ClusterAccess, Context, ProviderError};

use crate::request::Call;
use crate::{Cluster, Failure, Json, ObjectRef, PREFIX};

/// What a cluster says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The `uid` of its namespace `kube-system`, which lives as long as the cluster does; `None` if the caller may not read it.
    pub uid: Option<String>,
    /// The version of its API server, such as `v1.36.1`.
    pub version: String,
}

/// Asks the API that `access` leads to. Makes two requests, and none of them changes anything.
///
/// # Errors
/// When it cannot be reached, its certificate is not that of the authority, or the credential is refused.
pub async fn identify(
    context: &Context,
    access: &ClusterAccess,
) -> Result<Identity, ProviderError> {
    let cluster = Cluster::through(context, access);
    let version = cluster.get_path("/version", "read the version of the cluster").await?;
    let version = version.get("gitVersion").and_then(Json::as_str).unwrap_or_default().to_owned();
    let operation = "read the identity of the cluster";
    let call = Call {
        operation,
        method: Method::GET,
        path: "/api/v1/namespaces/kube-system",
        query: &[],
        content_type: "",
        body: None,
    };
    let uid = match cluster.call(&call).await {
        Ok(found) => found.pointer("/metadata/uid").and_then(Json::as_str).map(str::to_owned),
        Err(Failure { code: 403 | 404, .. }) => None,
        Err(failure) => return Err(failure.into()),
    };
    Ok(Identity { uid, version })
}

/// Collections whose objects bear an owner marker when infra has made them.
const MARKED: [(&str, &str, &str); 4] = [
    ("v1", "Namespace", "/api/v1/namespaces"),
    ("v1", "ConfigMap", "/api/v1/namespaces/kube-system/configmaps"),
    ("v1", "Secret", "/api/v1/secrets"),
    ("storage.k8s.io/v1", "StorageClass", "/apis/storage.k8s.io/v1/storageclasses"),
];

/// Lists what bears an owner marker that begins with `marker_prefix`, whoever remembers it: namespaces, inventories, secrets, storage
/// classes.
///
/// # Errors
/// When the API does not answer; what the caller may not list is left out.
pub async fn marked(
    context: &Context,
    access: &ClusterAccess,
    marker_prefix: &str,
) -> Result<Vec<ObjectRef>, ProviderError> {
    let cluster = Cluster::through(context, access);
    let pointer = format!("/metadata/annotations/{}", format!("{PREFIX}/owner").replace('/', "~1"));
    let mut found = Vec::new();
    for (version, kind, path) in MARKED {
        let listed = match cluster.list(path).await {
            Ok(listing) => listing.items,
            Err(Failure { code: 403 | 404, .. }) => continue,
            Err(failure) => return Err(failure.into()),
        };
        for item in listed {
            let owner = item.pointer(&pointer).and_then(Json::as_str).unwrap_or_default();
            let text = |key: &str| item.pointer(key).and_then(Json::as_str);
            if owner.starts_with(marker_prefix)
                && let Some(name) = text("/metadata/name")
            {
                found.push(ObjectRef::new(version, kind, text("/metadata/namespace"), name));
            }
        }
    }
    Ok(found)
}
