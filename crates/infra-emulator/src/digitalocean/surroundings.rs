//! What clusters ask of the account: load balancers for Services, volumes for claims, and whether an image can be pulled.
//!
//! The part of the cloud controller manager and of the CSI driver.

use std::sync::Weak;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use serde_json::{Map, Value, json};

use super::load_balancers::{self, NewLoadBalancer};
use super::registries::docker_credentials;
use super::service::DigitalOcean;
use super::state::{State, Volume};
use super::volumes;
use crate::registry::{HOST, Reference, split_registry};
use crate::runtime::{Dates, ImageFaultAnswer};
use crate::surroundings::{
    ImageAnswer, LoadBalancerRequest, Provisioned, Surroundings, VolumeRequest,
};

const ANNOTATION: &str = "service.beta.kubernetes.io/do-loadbalancer-";
const GIBIBYTE: u64 = 1 << 30;
/// Pulling takes this long whatever the size, and as much again per 100 MB.
const PULL: Duration = Duration::from_secs(2);

/// The account as its clusters see it.
pub(super) struct Cloud(pub(super) Weak<DigitalOcean>);

impl DigitalOcean {
    fn ensure_load_balancer(&self, request: &LoadBalancerRequest) -> Provisioned {
        let now = self.context.world.now_ms();
        let mut state = self.state();
        let known = state.load_balancers.values().find(|balancer| {
            balancer.cluster.as_deref() == Some(&request.cluster_id)
                && balancer.service_uid.as_deref() == Some(&request.service_uid)
                && !balancer.deleting
        });
        if let Some(balancer) = known {
            return match balancer.status.as_str() {
                "active" => Provisioned::Ready(balancer.ip.clone()),
                "errored" => Provisioned::Refused(balancer.message.clone()),
                _ => Provisioned::Pending("load-balancer is currently being created".into()),
            };
        }
        if let Some(refusal) = load_balancers::refusal(&state, &self.context) {
            return Provisioned::Refused(refusal);
        }
        let Some(new) = wanted(&state, request) else {
            return Provisioned::Refused("the cluster is not known to the account".into());
        };
        load_balancers::make(&mut state, &self.context, now, new);
        drop(state);
        self.save_or_warn();
        self.wake.notify_one();
        Provisioned::Pending("load-balancer is currently being created".into())
    }

    fn release_load_balancer(&self, cluster: &str, service: &str) -> bool {
        let now = self.context.world.now_ms();
        let mut state = self.state();
        let own = state.load_balancers.values().find(|balancer| {
            balancer.cluster.as_deref() == Some(cluster)
                && balancer.service_uid.as_deref() == Some(service)
        });
        let Some(id) = own.map(|balancer| balancer.id.clone()) else { return true };
        load_balancers::start_deletion(&mut state, now, &id);
        drop(state);
        self.save_or_warn();
        self.wake.notify_one();
        false
    }

    fn ensure_volume(&self, request: &VolumeRequest) -> Provisioned {
        let now = self.context.world.now_ms();
        let mut state = self.state();
        let known =
            state.volumes.values().find(|own| own.claim_uid.as_deref() == Some(&request.claim_uid));
        if let Some(volume) = known {
            return match &volume.message {
                Some(message) => Provisioned::Refused(message.clone()),
                None if volume.ready_ms > now => {
                    Provisioned::Pending("volume is being created".into())
                }
                None => Provisioned::Ready(volume.id.clone()),
            };
        }
        if let Some(refusal) = volumes::refusal(&state, &self.context) {
            return Provisioned::Refused(refusal);
        }
        let Some(cluster) = state.clusters.get(&request.cluster_id) else {
            return Provisioned::Refused("the cluster is not known to the account".into());
        };
        let (region, cluster) = (cluster.region.clone(), cluster.id.clone());
        let name = format!("pvc-{}", request.claim_uid);
        let fault = self.context.faults.create("volume", &name);
        if let Some(message) = fault.fail {
            return Provisioned::Refused(message);
        }
        let id = state.uuid("volume", &name);
        let takes = state.takes("volume", &id, (3, 6)) + fault.slow;
        let parameter = |wanted: &str| {
            request.parameters.iter().find(|(key, _)| key.ends_with(wanted)).map(|(_, value)| value)
        };
        let volume = Volume {
            id: id.clone(),
            name,
            description: "Created by DigitalOcean CSI driver".into(),
            region,
            size_gigabytes: request.bytes.div_ceil(GIBIBYTE).max(1),
            created_at: Dates::date_now(),
            droplet_ids: Vec::new(),
            tags: Vec::new(),
            filesystem_type: parameter("fstype").cloned().unwrap_or_else(|| "ext4".into()),
            filesystem_label: String::new(),
            cluster: Some(cluster),
            claim_uid: Some(request.claim_uid.clone()),
            ready_ms: now.saturating_add(u64::try_from(takes.as_millis()).unwrap_or(u64::MAX)),
            message: None,
        };
        state.volumes.insert(id, volume);
        state.changed = true;
        drop(state);
        self.save_or_warn();
        Provisioned::Pending("volume is being created".into())
    }

    fn release_volume(&self, handle: &str) -> bool {
        let mut state = self.state();
        state.changed |= state.volumes.shift_remove(handle).is_some();
        drop(state);
        self.save_or_warn();
        true
    }

    fn image(&self, text: &str, pull_secrets: &[Value]) -> ImageAnswer {
        match self.context.faults.image(text) {
            Some(ImageFaultAnswer::NotFound) => return ImageAnswer::NotFound,
            Some(ImageFaultAnswer::Unauthorized) => return ImageAnswer::Unauthorized,
            Some(ImageFaultAnswer::Unreachable(words)) => return ImageAnswer::Unreachable(words),
            Some(ImageFaultAnswer::Slow(time)) => return ImageAnswer::Pullable(time),
            None => {}
        }
        let reference = Reference::parse(text);
        let own = reference.filter(|own| {
            own.host == HOST || self.registry_host.get().is_some_and(|host| *host == own.host)
        });
        let Some(reference) = own else { return ImageAnswer::Pullable(PULL) };
        let Some((registry, repository)) = split_registry(&reference.name) else {
            return ImageAnswer::NotFound;
        };
        let now = self.context.world.now_ms();
        let authorised = {
            let state = self.state();
            let mut offered = passwords(pull_secrets, &reference);
            offered.any(|password| docker_credentials::rights(&state, now, &password, registry).0)
        };
        if !authorised {
            return ImageAnswer::Unauthorized;
        }
        let images = &self.context.images;
        let Some(digest) = images.resolve(&reference.name, &reference.version) else {
            return ImageAnswer::NotFound;
        };
        let manifests = images.manifests(registry, repository);
        let bytes =
            manifests.iter().find(|own| own.digest == digest).map_or(0, |own| own.total_bytes());
        ImageAnswer::Pullable(PULL + Duration::from_millis(bytes / 50_000))
    }
}

/// The passwords that pull secrets hold for the host of a reference.
fn passwords<'a>(
    secrets: &'a [Value],
    reference: &'a Reference,
) -> impl Iterator<Item = String> + 'a {
    let entries = secrets.iter().filter_map(|secret| secret["auths"].as_object()).flatten();
    entries.filter_map(move |(key, entry)| {
        let key = key.trim_start_matches("https://").trim_end_matches('/');
        let (host, path) = key.split_once('/').unwrap_or((key, ""));
        let path = path.trim_end_matches("v1").trim_end_matches("v2").trim_end_matches('/');
        let below = path.is_empty() || reference.name.starts_with(&format!("{path}/"));
        if host != reference.host || !below {
            return None;
        }
        if let Some(password) = entry["password"].as_str() {
            return Some(password.to_owned());
        }
        let decoded = STANDARD.decode(entry["auth"].as_str()?).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        text.split_once(':').map(|(_, password)| password.to_owned())
    })
}

/// The load balancer that the cloud controller manager asks for.
fn wanted(state: &State, request: &LoadBalancerRequest) -> Option<NewLoadBalancer> {
    let cluster = state.clusters.get(&request.cluster_id)?;
    let annotation = |name: &str| {
        let key = format!("{ANNOTATION}{name}");
        request.annotations.iter().find(|(own, _)| *own == key).map(|(_, value)| value.clone())
    };
    let default_name = format!("a{}", request.service_uid.replace('-', ""));
    let name = annotation("name").unwrap_or_else(|| default_name.chars().take(32).collect());
    let rules: Vec<Value> = request
        .ports
        .iter()
        .map(|(_, protocol, port, node_port)| {
            let protocol = protocol.to_lowercase();
            json!({
                "entry_protocol": protocol,
                "entry_port": port,
                "target_protocol": protocol,
                "target_port": node_port,
                "certificate_id": "",
                "tls_passthrough": false,
            })
        })
        .collect();
    let size_unit = annotation("size-unit").and_then(|text| text.parse::<u64>().ok()).unwrap_or(1);
    let kind = annotation("type").unwrap_or_else(|| "REGIONAL_NETWORK".into());
    let network = annotation("network").unwrap_or_else(|| "EXTERNAL".into());
    let proxy = annotation("enable-proxy-protocol").is_some_and(|text| text == "true");
    let mut settings = Map::new();
    for (key, value) in [
        ("type", json!(kind)),
        ("size_unit", json!(size_unit)),
        ("size", json!("lb-small")),
        ("algorithm", json!("round_robin")),
        ("network", json!(network)),
        ("network_stack", json!("IPV4")),
        ("tls_cipher_policy", json!("DEFAULT")),
        ("http_idle_timeout_seconds", json!(60)),
        ("forwarding_rules", json!(rules)),
        (
            "health_check",
            json!({
                "protocol": "http",
                "port": 10256,
                "path": "/healthz",
                "check_interval_seconds": 3,
                "response_timeout_seconds": 5,
                "unhealthy_threshold": 3,
                "healthy_threshold": 5,
            }),
        ),
        ("sticky_sessions", json!({ "type": "none" })),
        ("firewall", json!({ "deny": [], "allow": [] })),
        ("redirect_http_to_https", json!(false)),
        ("enable_proxy_protocol", json!(proxy)),
        ("enable_backend_keepalive", json!(false)),
        ("disable_lets_encrypt_dns_records", json!(false)),
    ] {
        settings.insert(key.to_owned(), value);
    }
    Some(NewLoadBalancer {
        name,
        region: cluster.region.clone(),
        vpc_uuid: cluster.vpc_uuid.clone(),
        project_id: state.default_project(),
        droplet_ids: cluster.nodes().filter_map(|(_, node)| node.droplet).collect(),
        tag: None,
        settings,
        cluster: Some(cluster.id.clone()),
        service_uid: Some(request.service_uid.clone()),
    })
}

/// The answer while the world is being left.
const LEAVING: &str = "the emulated account is closing";

impl Surroundings for Cloud {
    fn ensure_load_balancer(&self, request: LoadBalancerRequest) -> BoxFuture<'_, Provisioned> {
        Box::pin(async move {
            self.0.upgrade().map_or_else(
                || Provisioned::Pending(LEAVING.into()),
                |cloud| cloud.ensure_load_balancer(&request),
            )
        })
    }

    fn release_load_balancer(&self, cluster_id: &str, service_uid: &str) -> BoxFuture<'_, bool> {
        let cloud = self.0.upgrade();
        let released =
            cloud.is_some_and(|cloud| cloud.release_load_balancer(cluster_id, service_uid));
        Box::pin(async move { released })
    }

    fn ensure_volume(&self, request: VolumeRequest) -> BoxFuture<'_, Provisioned> {
        Box::pin(async move {
            self.0.upgrade().map_or_else(
                || Provisioned::Pending(LEAVING.into()),
                |cloud| cloud.ensure_volume(&request),
            )
        })
    }

    fn release_volume(&self, handle: &str) -> BoxFuture<'_, bool> {
        let released = self.0.upgrade().is_some_and(|cloud| cloud.release_volume(handle));
        Box::pin(async move { released })
    }

    fn image(&self, reference: &str, pull_secrets: &[Value]) -> BoxFuture<'_, ImageAnswer> {
        let answer = self.0.upgrade().map_or_else(
            || ImageAnswer::Unreachable(LEAVING.into()),
            |cloud| cloud.image(reference, pull_secrets),
        );
        Box::pin(async move { answer })
    }

    fn storage_classes(&self) -> Vec<Value> {
        storage_classes()
    }
}

/// The four classes that DOKS ships.
fn storage_classes() -> Vec<Value> {
    let class = |name: &str, reclaim: &str, filesystem: Option<&str>, default: bool| {
        let mut value = json!({
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": { "name": name },
            "provisioner": "dobs.csi.digitalocean.com",
            "reclaimPolicy": reclaim,
            "volumeBindingMode": "Immediate",
            "allowVolumeExpansion": true,
        });
        if let Some(filesystem) = filesystem {
            value["parameters"] = json!({ "csi.storage.k8s.io/fstype": filesystem });
        }
        if default {
            let annotation = json!({ "storageclass.kubernetes.io/is-default-class": "true" });
            value["metadata"]["annotations"] = annotation;
        }
        value
    };
    vec![
        class("do-block-storage", "Delete", None, true),
        class("do-block-storage-retain", "Retain", None, false),
        class("do-block-storage-xfs", "Delete", Some("xfs"), false),
        class("do-block-storage-xfs-retain", "Retain", Some("xfs"), false),
    ]
}
