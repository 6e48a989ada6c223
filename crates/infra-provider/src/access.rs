//! [`ClusterAccess`]: how to reach a cluster's Kubernetes API, and where to get it anew when it expires.

use std::fmt;
use std::time::SystemTime;

use futures::future::BoxFuture;
use infra_plan::{Address, Secret};

use crate::ProviderError;

/// How one proves who one is to a Kubernetes API.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A bearer token.
    Token(Secret),
    /// A client certificate and its key, both PEM.
    Certificate {
        /// The certificate.
        certificate: String,
        /// The key.
        key: Secret,
    },
}

/// How to reach a cluster's Kubernetes API.
#[derive(Clone, Debug)]
pub struct ClusterAccess {
    /// Address of the cluster's node in the graph.
    pub cluster: Address,
    /// URL of the API server.
    pub server: String,
    /// The name that the server's certificate is for, if it is not the host of `server`.
    pub server_name: Option<String>,
    /// PEM of the certificate authority; the system's if absent.
    pub certificate_authority: Option<String>,
    /// How one proves who one is.
    pub credential: Credential,
    /// Wall time until which the credential is valid; for ever if absent.
    pub expires: Option<SystemTime>,
}

/// A login to an image registry.
#[derive(Clone)]
pub struct RegistryLogin {
    /// Host, with port if any, as it stands in image references.
    pub host: String,
    /// What stands between the host and the repository in references, without slashes at its ends; often the registry's name.
    pub path: String,
    /// Where to connect instead of `https://HOST`; a rehearsal's registry is on loopback.
    pub endpoint: Option<String>,
    /// User.
    pub username: String,
    /// Password or token.
    pub password: Secret,
    /// Wall time until which it is valid; for ever if absent.
    pub expires: Option<SystemTime>,
}

impl fmt::Debug for RegistryLogin {
    /// Without the user: at some registries it is the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("RegistryLogin");
        shown.field("host", &self.host).field("path", &self.path);
        shown.field("endpoint", &self.endpoint).field("expires", &self.expires);
        shown.finish_non_exhaustive()
    }
}

/// Why a cluster or a registry cannot be reached.
#[derive(Debug)]
pub enum AccessError {
    /// There is no such cluster or registry yet (or no more).
    Absent,
    /// The provider could not tell.
    Provider(ProviderError),
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("it does not exist (yet)"),
            Self::Provider(_) => f.write_str("the provider gives no access to it"),
        }
    }
}

impl std::error::Error for AccessError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Absent => None,
            Self::Provider(error) => Some(error),
        }
    }
}

/// Gives access to the clusters and registries of a run by their address; asks the provider again when a credential is about to expire.
pub trait AccessSource: Send + Sync {
    /// Access to the cluster at `cluster` (such as `cluster.main`), valid for some minutes at least.
    fn access<'run>(
        &'run self,
        cluster: &'run Address,
    ) -> BoxFuture<'run, Result<ClusterAccess, AccessError>>;

    /// A login to the registry at `registry` (such as `registry.images`): for pushing if `write`, else for pulling.
    fn registry<'run>(
        &'run self,
        registry: &'run Address,
        write: bool,
    ) -> BoxFuture<'run, Result<RegistryLogin, AccessError>>;

    /// Drops what is kept for the cluster, after its API refused the credential.
    fn forget(&self, cluster: &Address);
}
