//! From the file to nodes of the graph. Pure: everything that the API must tell is in the survey.

mod cluster;

use infra_event::{Diagnostic, ExitCode};
use infra_plan::{Address, Node, Ownership, Value};
use infra_provider::{ExpandRequest, Survey};
use infra_spec::Location;
use infra_spec::model::{Binding, Spec};

use crate::config::Config;
use crate::kinds::{address, address_binding, registry, registry_integration};

/// Tier of a registry when the file names none: the smallest with more than one repository.
const TIER: &str = "basic";

/// The nodes that the file asks of this instance.
pub(crate) fn expand(
    request: &ExpandRequest<'_>,
    config: &Config,
) -> Result<Vec<Node>, Vec<Diagnostic>> {
    let mut expansion = Expansion {
        spec: request.spec,
        instance: request.instance,
        survey: request.survey,
        config,
        nodes: Vec::new(),
        problems: Vec::new(),
    };
    if !expansion.has_region() {
        return Err(expansion.problems);
    }
    expansion.add_clusters();
    expansion.add_registries();
    expansion.add_addresses();
    if expansion.problems.is_empty() { Ok(expansion.nodes) } else { Err(expansion.problems) }
}

struct Expansion<'file> {
    spec: &'file Spec,
    instance: &'file str,
    survey: &'file Survey,
    config: &'file Config,
    nodes: Vec<Node>,
    problems: Vec<Diagnostic>,
}

impl Expansion<'_> {
    fn node(&self, address: Address, kind: &str, inputs: Value) -> Node {
        Node::new(address, kind, self.instance, inputs)
    }

    fn problem(&mut self, location: &Location, summary: String, help: String) {
        let diagnostic =
            Diagnostic::error("unsupported", summary).set(help).exit(ExitCode::Invalid);
        self.problems.push(Diagnostic { location: Some(location.into()), ..diagnostic });
    }

    /// Whether there is Kubernetes in the region; without it no size and no version can be judged.
    fn has_region(&mut self) -> bool {
        let region = &self.config.region;
        let regions: Vec<_> = self
            .survey
            .facts
            .get("regions")
            .and_then(|regions| regions.as_array())
            .into_iter()
            .flatten()
            .collect();
        if regions.iter().any(|known| known.as_str() == Some(region)) {
            return true;
        }
        let names: Vec<_> = regions.iter().filter_map(|region| region.as_str()).collect();
        let help = format!("choose one of {}", names.join(", "));
        if let Some(block) = self.spec.providers.get(self.instance) {
            self.problem(
                &block.location,
                format!("there is no Kubernetes in the region `{region}`"),
                help,
            );
        }
        false
    }

    fn add_registries(&mut self) {
        let (spec, instance) = (self.spec, self.instance);
        let registries =
            spec.registries.iter().filter(|registry| registry.provider.name == instance);
        for registry in registries {
            let address = Address::of("registry", &registry.name);
            // The name is unique in all of DigitalOcean, so the deployment's stands before it.
            let own = format!("{}-{}", self.spec.name, registry.name);
            let name = registry
                .existing
                .as_ref()
                .map_or(own.as_str(), |existing| existing.name(&registry.name));
            let inputs = Value::map([
                ("name", Value::from(name)),
                ("region", Value::from(registry.region.as_deref().unwrap_or(&self.config.region))),
                ("tier", Value::from(registry.tier.as_deref().unwrap_or(TIER))),
            ]);
            let mut node = self.node(address.clone(), registry::KIND.name, inputs);
            if registry.existing.is_some() {
                node.ownership = Ownership::Referenced;
            }
            self.nodes.push(node);
            for cluster in &registry.integrate {
                self.integrate(&address, &registry.name, &cluster.name);
            }
        }
    }

    fn integrate(&mut self, registry: &Address, name: &str, cluster: &str) {
        let of_ours = self
            .spec
            .clusters
            .get(cluster)
            .is_some_and(|cluster| cluster.provider.name == self.instance);
        if !of_ours {
            return;
        }
        let cluster_address = Address::of("cluster", cluster);
        let inputs = Value::map([
            ("cluster", Value::from(cluster_address.as_str())),
            ("cluster_id", Value::reference(&cluster_address, "id")),
            ("registry", Value::reference(registry, "id")),
        ]);
        let address = Address::of("registry_integration", format!("{cluster}/{name}"));
        let node = self.node(address, registry_integration::KIND.name, inputs);
        self.nodes.push(node);
    }

    fn add_addresses(&mut self) {
        let (spec, instance) = (self.spec, self.instance);
        let addresses = spec.addresses.iter().filter(|address| address.provider.name == instance);
        for entry in addresses {
            let at = Address::of("address", &entry.name);
            let existing = entry.existing.as_ref().map(|existing| existing.name(&entry.name));
            let mut node = self.node(
                at.clone(),
                address::KIND.name,
                Value::map([
                    ("region", Value::from(self.config.region.as_str())),
                    ("ip", Value::from(existing)),
                ]),
            );
            if existing.is_some() {
                node.ownership = Ownership::Referenced;
            }
            self.nodes.push(node);
            match &entry.bind {
                None => {}
                Some(Binding::Node { cluster, pool }) => {
                    let pool = pool.as_ref().map(|pool| pool.name.as_str());
                    self.bind(&entry.name, &at, &cluster.name, pool, &entry.location);
                }
                Some(Binding::LoadBalancer) => self.problem(
                    &entry.location,
                    format!("the address `{}` cannot sit on a load balancer: a reserved IP of DigitalOcean binds to a node", entry.name),
                    "bind it to a node (`bind: { cluster: NAME }`), or leave `bind` out and use the load balancer's own address, which stays as long as the service does".to_owned(),
                ),
            }
        }
    }

    fn bind(
        &mut self,
        name: &str,
        at: &Address,
        cluster: &str,
        pool: Option<&str>,
        location: &Location,
    ) {
        let described = self.spec.clusters.get(cluster);
        let first =
            described.and_then(|cluster| cluster.pools.first()).map(|pool| pool.name.as_str());
        let Some(pool) = pool.or(first) else {
            let summary = format!(
                "the address `{name}` has no node to sit on: the cluster `{cluster}` has no pool"
            );
            return self.problem(location, summary, "give the cluster a pool".to_owned());
        };
        let pool = Address::of("node_pool", format!("{cluster}/{pool}"));
        let inputs = Value::map([
            ("ip", Value::reference(at, "ip")),
            ("droplets", Value::reference(&pool, "droplets")),
        ]);
        let node =
            self.node(Address::of("address_binding", name), address_binding::KIND.name, inputs);
        self.nodes.push(node);
    }
}
