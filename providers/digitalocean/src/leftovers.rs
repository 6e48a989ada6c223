//! What is still there of a deployment, listed independently of its state: by owner marker, by cluster id, by known id.

use infra_event::Leftover;
use infra_plan::{Ownership, Record};
use infra_provider::{Context, Findings, ProviderError};

use crate::client::Client;

/// Price a month of a load balancer of one unit, of a GiB of a volume, and of a reserved IP without a Droplet, in US dollars.
const LOAD_BALANCER: f64 = 12.0;
const VOLUME_GIBIBYTE: f64 = 0.1;
const RESERVED_IP: f64 = 5.0;

/// Lists everything.
pub(crate) async fn list(
    client: &Client,
    context: &Context,
    marker_prefix: &str,
    known: &[Record],
) -> Result<Findings, ProviderError> {
    let (clusters, load_balancers, volumes, addresses, registries, tags) = futures::try_join!(
        client.clusters(context),
        client.load_balancers(context),
        client.volumes(context),
        client.reserved_ips(context),
        client.registries(context),
        client.tags(context),
    )?;
    let known: Vec<&Record> =
        known.iter().filter(|record| record.ownership == Ownership::Owned).collect();
    let search = Search { marker_prefix, known: &known };
    let mut found = Vec::new();
    for cluster in clusters
        .iter()
        .filter(|cluster| !matches!(cluster.status.state.as_str(), "deleting" | "deleted"))
    {
        let because =
            search.marked(&cluster.tags).or_else(|| search.recorded("cluster", &cluster.id));
        found.extend(
            because.map(|because| leftover("cluster", &cluster.id, &cluster.name, None, because)),
        );
    }
    for balancer in &load_balancers {
        let tags = balancer.tags.as_deref().unwrap_or_default();
        let cost = LOAD_BALANCER * balancer.size_unit.unwrap_or(1.0);
        let because = search.marked(tags).or_else(|| search.of_cluster(tags));
        found.extend(because.map(|because| {
            leftover("load_balancer", &balancer.id, &balancer.name, Some(cost), because)
        }));
    }
    for volume in &volumes {
        let tags = volume.tags.as_deref().unwrap_or_default();
        let cost = VOLUME_GIBIBYTE * volume.size_gigabytes;
        let because = search.marked(tags).or_else(|| search.of_cluster(tags));
        found.extend(
            because
                .map(|because| leftover("volume", &volume.id, &volume.name, Some(cost), because)),
        );
    }
    for address in &addresses {
        let because = search.recorded("address", &address.ip);
        found.extend(because.map(|because| {
            leftover("reserved_ip", &address.ip, &address.ip, Some(RESERVED_IP), because)
        }));
    }
    for registry in &registries {
        let because = search.recorded("registry", &registry.name);
        found
            .extend(because.map(|because| {
                leftover("registry", &registry.name, &registry.name, None, because)
            }));
    }
    for tag in &tags {
        let because = search.marked(std::slice::from_ref(&tag.name));
        found.extend(because.map(|because| leftover("tag", &tag.name, &tag.name, None, because)));
    }
    let asked = ["clusters", "load balancers", "volumes", "reserved IPs", "registries", "tags"];
    Ok(Findings { found, asked: asked.map(str::to_owned).to_vec() })
}

struct Search<'call> {
    marker_prefix: &'call str,
    known: &'call [&'call Record],
}

impl Search<'_> {
    fn marked(&self, tags: &[String]) -> Option<String> {
        let prefix = self.marker_prefix.to_ascii_lowercase();
        let tag = tags.iter().find(|tag| tag.to_ascii_lowercase().starts_with(&prefix))?;
        Some(format!("tag {tag}"))
    }

    /// What a cluster made in the cloud bears its id as a tag.
    fn of_cluster(&self, tags: &[String]) -> Option<String> {
        let of = |record: &&&Record| {
            record.kind == "cluster" && tags.contains(&format!("k8s:{}", record.id))
        };
        self.known.iter().find(of).map(|record| format!("tag k8s:{}", record.id))
    }

    fn recorded(&self, kind: &str, id: &str) -> Option<String> {
        let record = self.known.iter().find(|record| record.kind == kind && record.id == id)?;
        Some(format!("it was {}", record.address))
    }
}

fn leftover(
    kind: &str,
    id: &str,
    name: &str,
    monthly_cost: Option<f64>,
    because: String,
) -> Leftover {
    Leftover {
        // The engine knows under which name the file has this instance.
        provider: String::new(),
        kind: kind.to_owned(),
        id: id.to_owned(),
        name: name.to_owned(),
        monthly_cost,
        because,
    }
}
