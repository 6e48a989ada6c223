//! Clusters and their pools.

use infra_plan::{Address, Node, Ownership, Value};
use infra_provider::{OfferedSize, choose_size};
use infra_spec::model::{Cluster, Needs, Pool, Size};
use serde::Deserialize;

use super::Expansion;
use crate::kinds::{cluster, node_pool};

/// Price a month of a highly available control plane, in US dollars.
const HIGH_AVAILABILITY: f64 = 40.0;

/// `on: { digitalocean: ... }` of a cluster.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ClusterWords {
    /// Name or id of the VPC.
    #[serde(default)]
    vpc: Option<String>,
}

/// `on: { digitalocean: ... }` of a pool.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PoolWords {
    /// Slug of the size.
    #[serde(default)]
    size: Option<String>,
}

impl Expansion<'_> {
    pub(super) fn add_clusters(&mut self) {
        let (spec, instance) = (self.spec, self.instance);
        for described in spec.clusters.values().filter(|cluster| cluster.provider.name == instance)
        {
            match &described.existing {
                Some(existing) => self.add_existing(described, existing.name(&described.name)),
                None => self.add_cluster(described),
            }
        }
    }

    fn add_existing(&mut self, described: &Cluster, name: &str) {
        let inputs = Value::map([("name", Value::from(name))]);
        let mut node =
            self.node(Address::of("cluster", &described.name), cluster::KIND.name, inputs);
        node.ownership = Ownership::Referenced;
        self.nodes.push(node);
    }

    fn add_cluster(&mut self, described: &Cluster) {
        let address = Address::of("cluster", &described.name);
        let pools: Vec<_> =
            described.pools.iter().filter_map(|pool| self.pool(described, pool)).collect();
        let Some(version) = self.version(described) else { return };
        let Some(vpc) = self.vpc(described) else { return };
        if described.pools.is_empty() {
            let summary = format!(
                "the cluster `{}` has no pool, and DigitalOcean makes none without",
                described.name
            );
            return self.problem(
                &described.location,
                summary,
                "add `pools: [{ name: default, count: 2 }]`".to_owned(),
            );
        }
        let wanted = described.version.as_ref().map_or("latest".to_owned(), ToString::to_string);
        let maintenance = described.maintenance_window.as_ref().map(|window| {
            let day = format!("{:?}", window.day).to_lowercase();
            let start = format!("{:02}:{:02}", window.hour, window.minute);
            Value::map([("start_time", Value::from(start)), ("day", Value::from(day))])
        });
        let mut tags = described.tags.clone();
        tags.sort();
        let high_availability = described.high_availability.unwrap_or(false);
        let inputs = Value::map([
            ("name", Value::from(self.physical_name(&described.name))),
            ("region", Value::from(self.config.region.as_str())),
            ("version", Value::from(version.as_str())),
            ("version_wanted", Value::from(wanted)),
            ("vpc", Value::from(vpc)),
            ("high_availability", Value::from(high_availability)),
            ("auto_upgrade", Value::from(described.auto_upgrade.unwrap_or(false))),
            ("surge_upgrade", Value::from(described.surge_upgrade.unwrap_or(false))),
            ("maintenance", maintenance.unwrap_or_default()),
            ("tags", Value::from(tags)),
            ("first_pool", pools.first().map(|(node, _)| first_pool(node)).unwrap_or_default()),
        ]);
        let mut node = self.node(address, cluster::KIND.name, inputs);
        node.note = Some(format!("Kubernetes {version}"));
        node.monthly_cost = high_availability.then_some(HIGH_AVAILABILITY);
        self.nodes.push(node);
        self.nodes.extend(pools.into_iter().map(|(node, _)| node));
    }

    /// `hub` for the only cluster of the deployment `hub`, else `hub-NAME`.
    fn physical_name(&self, cluster: &str) -> String {
        if self.spec.clusters.len() == 1 {
            self.spec.name.clone()
        } else {
            format!("{}-{cluster}", self.spec.name)
        }
    }

    fn pool(&mut self, described: &Cluster, pool: &Pool) -> Option<(Node, OfferedSize)> {
        let size = self.size(pool)?;
        let cluster = Address::of("cluster", &described.name);
        let mut taints: Vec<_> = pool
            .taints
            .iter()
            .map(|taint| (taint.key.as_str(), taint.value.as_str(), taint.effect.as_str()))
            .collect();
        taints.sort_unstable();
        let taints = taints.into_iter().map(|(key, value, effect)| {
            Value::map([
                ("key", Value::from(key)),
                ("value", Value::from(value)),
                ("effect", Value::from(effect)),
            ])
        });
        let labels =
            pool.labels.iter().map(|(key, value)| (key.as_str(), Value::from(value.as_str())));
        let autoscale = pool.autoscale.map(|scale| {
            Value::map([("min", Value::from(scale.min)), ("max", Value::from(scale.max))])
        });
        let mut tags = pool.tags.clone();
        tags.sort();
        let inputs = Value::map([
            ("name", Value::from(pool.name.as_str())),
            ("cluster", Value::from(cluster.as_str())),
            ("cluster_id", Value::reference(&cluster, "id")),
            ("size", Value::from(size.name.as_str())),
            ("count", Value::from(pool.autoscale.is_none().then_some(pool.count))),
            ("autoscale", autoscale.unwrap_or_default()),
            ("labels", Value::map(labels)),
            ("taints", Value::List(taints.collect())),
            ("tags", Value::from(tags)),
        ]);
        let address = Address::of("node_pool", format!("{}/{}", described.name, pool.name));
        let mut node = self.node(address, node_pool::KIND.name, inputs);
        let count = pool.autoscale.map_or(pool.count, |scale| scale.min);
        node.monthly_cost = size.monthly.map(|price| price * f64::from(count));
        node.note = Some(describe(&size));
        Some((node, size))
    }

    /// The size that the file names, or the cheapest that satisfies its needs.
    fn size(&mut self, pool: &Pool) -> Option<OfferedSize> {
        let words = match pool.on.get(self.instance).or_else(|| pool.on.get(crate::TYPE)) {
            Some(words) => match words.decode::<PoolWords>() {
                Ok(words) => words,
                Err(errors) => {
                    self.problems.extend(errors.iter().map(Into::into));
                    return None;
                }
            },
            None => PoolWords::default(),
        };
        let named = words.size.or_else(|| match &pool.size {
            Some(Size::Named(name)) => Some(name.clone()),
            _ => None,
        });
        if let Some(name) = named {
            let found = self.survey.sizes.iter().find(|size| size.name == name).cloned();
            if found.is_none() {
                let mut near: Vec<_> =
                    self.survey.sizes.iter().map(|size| size.name.as_str()).collect();
                near.sort_by_key(|offered| std::cmp::Reverse(common_prefix(offered, &name)));
                near.truncate(4);
                let summary =
                    format!("there is no size `{name}` for Kubernetes in {}", self.config.region);
                self.problem(
                    &pool.location,
                    summary,
                    format!("choose one that is there, such as {}", near.join(", ")),
                );
            }
            return found;
        }
        let needs = match &pool.size {
            Some(Size::Needs(needs)) => *needs,
            _ => Needs::default(),
        };
        let cpus = needs.cpus.map_or(1.0, |cpus| cpus.millis() as f64 / 1000.0);
        let memory = needs.memory.map_or(2 << 30, |memory| memory.get());
        match choose_size(&self.survey.sizes, cpus, memory, needs.gpus) {
            Ok(size) => Some(size.clone()),
            Err(largest) => {
                let summary = format!(
                    "no size in {} has what the pool `{}` needs",
                    self.config.region, pool.name
                );
                let help = format!("ask for less; the largest are {}", largest.join(", "));
                self.problem(&pool.location, summary, help);
                None
            }
        }
    }

    /// The slug of the version that the file asks for: the newest that satisfies it.
    fn version(&mut self, described: &Cluster) -> Option<String> {
        let wanted = described.version.as_ref().map(ToString::to_string);
        let satisfied = |slug: &&String| match wanted.as_deref() {
            None | Some("latest") => true,
            Some(wanted) => {
                let version = slug.split_once("-do.").map_or(slug.as_str(), |(version, _)| version);
                slug.as_str() == wanted
                    || version == wanted
                    || version.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
            }
        };
        let found = self.survey.versions.iter().find(satisfied).cloned();
        if found.is_none() {
            let summary = format!("DigitalOcean has no Kubernetes {}", wanted.unwrap_or_default());
            let help = format!("choose one of {}, or `latest`", self.survey.versions.join(", "));
            self.problem(&described.location, summary, help);
        }
        found
    }

    /// The id of the VPC that the file names; `Some(None)` if it names none.
    fn vpc(&mut self, described: &Cluster) -> Option<Option<String>> {
        let words = match described.on.get(self.instance).or_else(|| described.on.get(crate::TYPE))
        {
            Some(words) => match words.decode::<ClusterWords>() {
                Ok(words) => words,
                Err(errors) => {
                    self.problems.extend(errors.iter().map(Into::into));
                    return None;
                }
            },
            None => ClusterWords::default(),
        };
        let network = described.network.as_ref().and_then(|network| network.name.clone());
        let Some(name) = words.vpc.or(network) else { return Some(None) };
        let vpcs = self.survey.facts.get("vpcs").and_then(|vpcs| vpcs.as_object());
        let found = vpcs.and_then(|vpcs| {
            let by_id = || vpcs.values().find(|id| id.as_str() == Some(&name));
            vpcs.get(&name).or_else(by_id).and_then(|id| id.as_str()).map(str::to_owned)
        });
        if found.is_none() {
            let names: Vec<_> = vpcs.into_iter().flat_map(|vpcs| vpcs.keys().cloned()).collect();
            let summary = format!("there is no VPC `{name}` in {}", self.config.region);
            self.problem(
                &described.location,
                summary,
                format!("choose one of {}", names.join(", ")),
            );
            return None;
        }
        Some(found)
    }
}

/// What of a pool goes into the request that makes its cluster.
fn first_pool(node: &Node) -> Value {
    let Value::Map(mut inputs) = node.inputs.clone() else { return Value::Null };
    inputs.shift_remove("cluster_id");
    inputs.shift_remove("cluster");
    Value::Map(inputs)
}

fn describe(size: &OfferedSize) -> String {
    const GIBIBYTE: f64 = (1_u64 << 30) as f64;
    let memory = size.memory as f64 / GIBIBYTE;
    let gpus = if size.gpus > 0 { format!(", {} GPUs", size.gpus) } else { String::new() };
    let price =
        size.monthly.map(|price| format!(", {price:.2} USD a month each")).unwrap_or_default();
    format!("{}: {} CPUs, {memory} GiB{gpus}{price}", size.name, size.cpus)
}

fn common_prefix(one: &str, two: &str) -> usize {
    one.bytes().zip(two.bytes()).take_while(|(one, two)| one == two).count()
}
