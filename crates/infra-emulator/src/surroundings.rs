//! What an emulated Kubernetes cluster asks of the world that it stands in: load balancers, volumes and images.
//!
//! The cloud's emulator implements [`Surroundings`]; a cluster that is served alone uses [`NoCloud`]. The cluster calls, the cloud
//! answers at once with how far it has come, and the cluster asks again later: that is how the cloud controller manager and
//! the CSI driver behave, and it keeps every deadline in one place.

use futures::future::BoxFuture;

/// A load balancer that a Service of type LoadBalancer wants. Asking twice with one `service_uid` gives one load balancer.
#[derive(Clone, Debug)]
pub struct LoadBalancerRequest {
    /// The cluster's id in the cloud.
    pub cluster_id: String,
    /// `metadata.uid` of the Service; the identity of the load balancer.
    pub service_uid: String,
    /// Namespace of the Service.
    pub namespace: String,
    /// Name of the Service.
    pub name: String,
    /// Annotations of the Service, in which clouds find their own settings.
    pub annotations: Vec<(String, String)>,
    /// (name, protocol, port, node port) of each port.
    pub ports: Vec<(String, String, u16, u16)>,
}

/// A volume that a PersistentVolumeClaim wants. Asking twice with one `claim_uid` gives one volume.
#[derive(Clone, Debug)]
pub struct VolumeRequest {
    /// The cluster's id in the cloud.
    pub cluster_id: String,
    /// `metadata.uid` of the claim; the identity of the volume.
    pub claim_uid: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Provisioner of the storage class, such as `dobs.csi.digitalocean.com`.
    pub provisioner: String,
    /// Parameters of the storage class.
    pub parameters: Vec<(String, String)>,
}

/// How far the cloud has come with something that was asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provisioned {
    /// Not yet; ask again after some world time. The text becomes the message of an event.
    Pending(String),
    /// Done. For a load balancer its address (IP or host name), for a volume its handle.
    Ready(String),
    /// Refused, with the reason. Worth asking again (a quota may be raised), with back-off.
    Refused(String),
}

/// Whether an image can be pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageAnswer {
    /// It can; pulling takes this much world time.
    Pullable(std::time::Duration),
    /// The registry is one of this world's, and there is no such repository or tag.
    NotFound,
    /// The registry is one of this world's and none of the credentials opens the repository.
    Unauthorized,
    /// A fault says that the registry cannot be reached; with the words that a container runtime would use.
    Unreachable(String),
}

/// The world around a cluster.
pub trait Surroundings: Send + Sync {
    /// Makes the load balancer if it is not there, and says how far it is.
    fn ensure_load_balancer(&self, request: LoadBalancerRequest) -> BoxFuture<'_, Provisioned>;

    /// Starts to remove the load balancer of a Service; true once it is gone (also if it never was).
    fn release_load_balancer(&self, cluster_id: &str, service_uid: &str) -> BoxFuture<'_, bool>;

    /// Makes the volume if it is not there, and says how far it is.
    fn ensure_volume(&self, request: VolumeRequest) -> BoxFuture<'_, Provisioned>;

    /// Starts to remove the volume with this handle; true once it is gone (also if it never was).
    fn release_volume(&self, handle: &str) -> BoxFuture<'_, bool>;

    /// Looks an image up, with the `.dockerconfigjson` documents of the pod's pull secrets.
    fn image(
        &self,
        reference: &str,
        pull_secrets: &[serde_json::Value],
    ) -> BoxFuture<'_, ImageAnswer>;

    /// Storage classes that the cloud ships with a cluster, as objects of `storage.k8s.io/v1`.
    fn storage_classes(&self) -> Vec<serde_json::Value>;
}

/// A cluster without a cloud: addresses from the documentation range, volumes at once, every image pullable.
#[derive(Debug, Default)]
pub struct NoCloud;

impl Surroundings for NoCloud {
    fn ensure_load_balancer(&self, request: LoadBalancerRequest) -> BoxFuture<'_, Provisioned> {
        // 203.0.113.0/24 is reserved for documentation; the last octet follows the Service so that it stays the same.
        let octet = request
            .service_uid
            .bytes()
            .fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        Box::pin(async move { Provisioned::Ready(format!("203.0.113.{}", octet.clamp(1, 254))) })
    }

    fn release_load_balancer(&self, _: &str, _: &str) -> BoxFuture<'_, bool> {
        Box::pin(async { true })
    }

    fn ensure_volume(&self, request: VolumeRequest) -> BoxFuture<'_, Provisioned> {
        Box::pin(async move { Provisioned::Ready(format!("local-{}", request.claim_uid)) })
    }

    fn release_volume(&self, _: &str) -> BoxFuture<'_, bool> {
        Box::pin(async { true })
    }

    fn image(&self, _: &str, _: &[serde_json::Value]) -> BoxFuture<'_, ImageAnswer> {
        Box::pin(async { ImageAnswer::Pullable(std::time::Duration::from_secs(2)) })
    }

    fn storage_classes(&self) -> Vec<serde_json::Value> {
        Vec::new()
    }
}
