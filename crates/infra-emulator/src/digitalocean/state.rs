//! Everything that exists in an emulated DigitalOcean account, as it lies in `digitalocean.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::clusters::model::Cluster;
use super::events::Due;
use super::registries::model::{DockerCredential, GarbageCollection, Registry, Subscription};
use crate::runtime::{Dates, Seed};

/// The account.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    pub(super) seed: u64,
    pub(super) token: String,
    /// How many names were drawn for each purpose.
    drawn: BTreeMap<String, u64>,
    /// What will happen and when; not sorted.
    pub(super) schedule: Vec<Due>,
    pub(super) clusters: IndexMap<String, Cluster>,
    pub(super) droplets: IndexMap<u64, Droplet>,
    pub(super) load_balancers: IndexMap<String, LoadBalancer>,
    pub(super) volumes: IndexMap<String, Volume>,
    pub(super) snapshots: IndexMap<String, Snapshot>,
    pub(super) vpcs: IndexMap<String, Vpc>,
    /// By their name in lower case.
    pub(super) tags: IndexMap<String, Tag>,
    pub(super) reserved_ips: IndexMap<String, ReservedIp>,
    pub(super) actions: IndexMap<u64, Action>,
    pub(super) projects: IndexMap<String, Project>,
    pub(super) certificates: IndexMap<String, Value>,
    pub(super) spaces_keys: IndexMap<String, SpacesKey>,
    pub(super) ssh_keys: IndexMap<u64, Value>,
    pub(super) subscription: Option<Subscription>,
    pub(super) registries: IndexMap<String, Registry>,
    pub(super) docker_credentials: Vec<DockerCredential>,
    pub(super) garbage_collections: IndexMap<String, GarbageCollection>,
    /// Something changed since the file was written.
    #[serde(skip)]
    pub(super) changed: bool,
    /// The world was left: nothing is written any more.
    #[serde(skip)]
    pub(super) closed: bool,
}

/// A Droplet. The emulator makes them for nodes of clusters only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Droplet {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) region: String,
    pub(super) size: String,
    pub(super) status: String,
    pub(super) created_at: String,
    pub(super) tags: Vec<String>,
    pub(super) vpc_uuid: String,
    pub(super) public_ip: Option<String>,
    pub(super) private_ip: String,
    pub(super) cluster: String,
}

/// A load balancer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LoadBalancer {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) region: String,
    pub(super) status: String,
    pub(super) ip: String,
    pub(super) created_at: String,
    pub(super) vpc_uuid: String,
    pub(super) project_id: String,
    pub(super) droplet_ids: Vec<u64>,
    pub(super) tag: Option<String>,
    /// The settings as they were sent, with defaults filled in.
    pub(super) settings: Map<String, Value>,
    /// The cluster whose cloud controller made it, and the Service.
    pub(super) cluster: Option<String>,
    pub(super) service_uid: Option<String>,
    /// Why it ended in `errored`.
    pub(super) message: String,
    pub(super) deleting: bool,
}

/// A volume.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Volume {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) region: String,
    pub(super) size_gigabytes: u64,
    pub(super) created_at: String,
    pub(super) droplet_ids: Vec<u64>,
    pub(super) tags: Vec<String>,
    pub(super) filesystem_type: String,
    pub(super) filesystem_label: String,
    pub(super) cluster: Option<String>,
    pub(super) claim_uid: Option<String>,
    /// World time at which the CSI driver is told that it is there.
    pub(super) ready_ms: u64,
    pub(super) message: Option<String>,
}

/// A snapshot of a volume.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Snapshot {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) created_at: String,
    pub(super) volume: String,
    pub(super) region: String,
    pub(super) size_gigabytes: u64,
    pub(super) tags: Vec<String>,
    pub(super) cluster: Option<String>,
}

/// A virtual private cloud.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Vpc {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) region: String,
    pub(super) ip_range: String,
    pub(super) default: bool,
    pub(super) created_at: String,
}

/// A tag, with what it is on by its own assignment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Tag {
    pub(super) name: String,
}

/// A reserved IPv4 address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ReservedIp {
    pub(super) ip: String,
    pub(super) region: String,
    pub(super) droplet: Option<u64>,
    pub(super) project_id: String,
    /// Actions that have not ended.
    pub(super) pending: Vec<u64>,
}

/// Something asynchronous that happens to a resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Action {
    pub(super) id: u64,
    pub(super) status: String,
    pub(super) kind: String,
    pub(super) started_at: String,
    pub(super) completed_at: Option<String>,
    /// Numeric id, where the resource has one.
    pub(super) resource_id: Option<u64>,
    pub(super) resource_type: String,
    pub(super) region: String,
    /// Id or address by which the resource is found.
    pub(super) resource: String,
    /// Droplet that it is about.
    pub(super) droplet: Option<u64>,
    /// New size in GB.
    pub(super) size_gigabytes: Option<u64>,
}

/// A project.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) purpose: String,
    pub(super) environment: String,
    pub(super) is_default: bool,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    /// URN to the date of its assignment.
    pub(super) resources: IndexMap<String, String>,
}

/// A key of Spaces.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SpacesKey {
    pub(super) name: String,
    pub(super) access_key: String,
    pub(super) secret_key: String,
    pub(super) grants: Value,
    pub(super) created_at: String,
}

impl State {
    /// An account in which nothing has been made yet.
    pub(super) fn new(seed: Seed) -> Self {
        let mut state = Self { seed: seed.0, changed: true, ..Self::default() };
        state.token = format!("dop_v1_{}", seed.hex("digitalocean token"));
        let (id, now) = (state.uuid("project", "default"), Dates::date_now());
        state.projects.insert(
            id.clone(),
            Project {
                id,
                name: "first-project".into(),
                description: "Update your project information under Settings".into(),
                purpose: "Just trying out DigitalOcean".into(),
                environment: "Development".into(),
                is_default: true,
                created_at: now.clone(),
                updated_at: now,
                resources: IndexMap::new(),
            },
        );
        state
    }

    pub(super) fn seed(&self) -> Seed {
        Seed(self.seed)
    }

    /// A purpose that was not drawn for before.
    pub(super) fn purpose(&mut self, kind: &str, name: &str) -> String {
        let count = self.drawn.entry(format!("{kind}/{name}")).or_default();
        *count += 1;
        format!("digitalocean/{kind}/{name}/{count}")
    }

    pub(super) fn uuid(&mut self, kind: &str, name: &str) -> String {
        let purpose = self.purpose(kind, name);
        self.seed().uuid(&purpose)
    }

    /// A duration that belongs to this thing.
    pub(super) fn takes(&mut self, kind: &str, name: &str, seconds: (u64, u64)) -> Duration {
        let purpose = self.purpose(&format!("{kind} takes"), name);
        let (shortest, longest) = seconds;
        self.seed().between(&purpose, Duration::from_secs(shortest), Duration::from_secs(longest))
    }

    /// A number for a Droplet or an action that is not in use.
    pub(super) fn number(&mut self, kind: &str, name: &str) -> u64 {
        loop {
            let purpose = self.purpose(kind, name);
            let number = 400_000_000 + self.seed().below(&purpose, 100_000_000);
            if !self.droplets.contains_key(&number) && !self.actions.contains_key(&number) {
                return number;
            }
        }
    }

    /// A free address in a range of at most 16 bits that starts with this prefix, such as `203.0.113`.
    pub(super) fn address(&mut self, prefix: &str, purpose: &str) -> String {
        let used = self.addresses();
        loop {
            let purpose = self.purpose("address", purpose);
            let octets = 4 - prefix.split('.').count();
            let mut address = prefix.to_owned();
            for octet in 0..octets {
                let number = 1 + self.seed().below(&format!("{purpose}/{octet}"), 254);
                address.push_str(&format!(".{number}"));
            }
            if !used.contains(&address) {
                return address;
            }
        }
    }

    fn addresses(&self) -> BTreeSet<String> {
        let droplets = self.droplets.values();
        let public = droplets.clone().filter_map(|droplet| droplet.public_ip.clone());
        let private = droplets.map(|droplet| droplet.private_ip.clone());
        let balancers = self.load_balancers.values().map(|balancer| balancer.ip.clone());
        public.chain(private).chain(balancers).chain(self.reserved_ips.keys().cloned()).collect()
    }

    pub(super) fn default_project(&self) -> String {
        let project = self.projects.values().find(|project| project.is_default);
        project.map(|project| project.id.clone()).unwrap_or_default()
    }

    /// Tags exist from the moment when something carries them.
    pub(super) fn ensure_tags(&mut self, names: &[String]) {
        for name in names {
            self.tags.entry(name.to_lowercase()).or_insert_with(|| Tag { name: name.clone() });
        }
    }

    /// The default VPC of a region, which DigitalOcean makes with the first resource in it.
    pub(super) fn default_vpc(&mut self, region: &str) -> String {
        let known = self.vpcs.values().find(|vpc| vpc.default && vpc.region == region);
        if let Some(vpc) = known {
            return vpc.id.clone();
        }
        let id = self.uuid("vpc", &format!("default-{region}"));
        let ip_range = self.free_range();
        let vpc = Vpc {
            id: id.clone(),
            name: format!("default-{region}"),
            description: String::new(),
            region: region.to_owned(),
            ip_range,
            default: true,
            created_at: Dates::date_now(),
        };
        self.vpcs.insert(id.clone(), vpc);
        id
    }

    /// A range of 20 bits that no VPC has.
    pub(super) fn free_range(&self) -> String {
        let used: BTreeSet<&str> = self.vpcs.values().map(|vpc| vpc.ip_range.as_str()).collect();
        let candidates =
            (100..=250).flat_map(|second| (0..16).map(move |third| (second, third * 16)));
        let mut ranges = candidates.map(|(second, third)| format!("10.{second}.{third}.0/20"));
        ranges.find(|range| !used.contains(range.as_str())).unwrap_or_default()
    }
}

impl Action {
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "status": self.status,
            "type": self.kind,
            "started_at": self.started_at,
            "completed_at": self.completed_at,
            "resource_id": self.resource_id,
            "resource_type": self.resource_type,
            "region": super::catalogue::regions::json_of(&self.region),
            "region_slug": self.region,
        })
    }
}
