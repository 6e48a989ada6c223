//! What happens to clusters and nodes by themselves: booting, joining, draining, upgrading, going away.

use std::time::Duration;

use super::model::{Cluster, Node};
use super::nodes;
use crate::digitalocean::catalogue::versions;
use crate::digitalocean::context::Context;
use crate::digitalocean::events::{Effect, Event};
use crate::digitalocean::state::{Droplet, State};
use crate::runtime::Dates;

/// A cluster as it is made: when its parts will be there.
pub(in crate::digitalocean) fn schedule_creation(
    state: &mut State,
    context: &Context,
    now: u64,
    cluster: &Cluster,
) {
    let id = cluster.id.clone();
    let outcome = context.faults.create("cluster", &cluster.name);
    if let Some(message) = outcome.fail {
        let delay = state.takes("cluster failure", &id, (40, 80)) + outcome.slow;
        state.after(now, delay, Event::ClusterFailed { cluster: id, message });
        return;
    }
    let api = state.takes("cluster api server", &id, (170, 190)) + outcome.slow;
    let mut last = api + state.takes("cluster hand-over", &id, (45, 60));
    for (pool, node) in cluster.nodes() {
        let node_id = node.id.clone();
        let boot = state.takes("node boot", &node_id, (50, 80));
        let joining = state.takes("node joining", &node_id, (15, 40));
        let fault = context.faults.create("node", &format!("{}/{}", cluster.name, pool.name));
        state.after(now, boot, Event::NodeBooted { cluster: id.clone(), node: node_id.clone() });
        if let Some(message) = fault.fail {
            let event = Event::NodeFailed { cluster: id.clone(), node: node_id, message };
            state.after(now, api + fault.slow, event);
            continue;
        }
        let running = api + joining + fault.slow;
        last = last.max(running + Duration::from_secs(5));
        state.after(now, running, Event::NodeRunning { cluster: id.clone(), node: node_id });
    }
    state.after(now, api, Event::ApiServerUp { cluster: id.clone() });
    state.after(now, last, Event::ClusterRunning { cluster: id });
}

pub(in crate::digitalocean) fn api_server_up(state: &mut State, id: &str) -> Vec<Effect> {
    let Some(cluster) = state.clusters.get_mut(id) else { return Vec::new() };
    cluster.api_up = true;
    cluster.say("Control plane is up");
    cluster.touch();
    vec![Effect::StartCluster { cluster: id.to_owned() }]
}

pub(in crate::digitalocean) fn running(state: &mut State, id: &str) -> Vec<Effect> {
    if let Some(cluster) = state.clusters.get_mut(id) {
        cluster.state = "running".into();
        cluster.message = String::new();
        cluster.say("Cluster is running");
        cluster.touch();
    }
    Vec::new()
}

pub(in crate::digitalocean) fn failed(state: &mut State, id: &str, message: &str) -> Vec<Effect> {
    if let Some(cluster) = state.clusters.get_mut(id) {
        cluster.state = "error".into();
        message.clone_into(&mut cluster.message);
        cluster.say(message);
        cluster.touch();
    }
    Vec::new()
}

/// Starts to delete a cluster. Load balancers, volumes and snapshots stay, as DigitalOcean leaves them.
pub(in crate::digitalocean) fn delete(state: &mut State, now: u64, id: &str) {
    let takes = state.takes("cluster deletion", id, (30, 60));
    state.cancel(|event| concerns(event, id));
    if let Some(cluster) = state.clusters.get_mut(id) {
        cluster.state = "deleting".into();
        cluster.message = String::new();
        cluster.touch();
        for node in cluster.pools.iter_mut().flat_map(|pool| pool.nodes.iter_mut()) {
            node.state = "deleting".into();
        }
    }
    state.after(now, takes, Event::ClusterGone { cluster: id.to_owned() });
}

pub(in crate::digitalocean) fn gone(state: &mut State, id: &str) -> Vec<Effect> {
    let Some(cluster) = state.clusters.shift_remove(id) else { return Vec::new() };
    for (_, node) in cluster.nodes() {
        drop_droplet(state, node.droplet);
    }
    vec![Effect::EndCluster { cluster: id.to_owned() }]
}

fn concerns(event: &Event, id: &str) -> bool {
    match event {
        Event::ApiServerUp { cluster }
        | Event::ClusterRunning { cluster }
        | Event::ClusterFailed { cluster, .. }
        | Event::ClusterGone { cluster }
        | Event::NodeBooted { cluster, .. }
        | Event::NodeRunning { cluster, .. }
        | Event::NodeFailed { cluster, .. }
        | Event::NodeDrained { cluster, .. }
        | Event::NodeGone { cluster, .. }
        | Event::ControlPlaneUpgraded { cluster, .. }
        | Event::UpgradeNextNode { cluster, .. }
        | Event::TokenExpired { cluster, .. } => cluster == id,
        _ => false,
    }
}

pub(in crate::digitalocean) fn node_booted(
    state: &mut State,
    cluster_id: &str,
    node_id: &str,
) -> Vec<Effect> {
    let Some(cluster) = state.clusters.get(cluster_id) else { return Vec::new() };
    let Some((pool, _)) = cluster.nodes().find(|(_, node)| node.id == node_id) else {
        return Vec::new();
    };
    let (region, size, tags) = (cluster.region.clone(), pool.size.clone(), pool.tags.clone());
    let (vpc_uuid, isolated) = (cluster.vpc_uuid.clone(), cluster.isolated_workers);
    let letters = state.seed().letters(&format!("node name/{node_id}"), 5);
    let name = format!("{}-{letters}", pool.name);
    let id = state.number("droplet", node_id);
    let public_ip = (!isolated).then(|| state.address("198.18", node_id));
    let private_ip = state.address("10.120", node_id);
    let droplet = Droplet {
        id,
        name: name.clone(),
        region,
        size,
        status: "active".into(),
        created_at: Dates::date_now(),
        tags,
        vpc_uuid,
        public_ip,
        private_ip,
        cluster: cluster_id.to_owned(),
    };
    state.droplets.insert(id, droplet);
    change_node(state, cluster_id, node_id, |node| {
        node.name = name;
        node.droplet = Some(id);
    });
    Vec::new()
}

pub(in crate::digitalocean) fn node_running(
    state: &mut State,
    now: u64,
    cluster_id: &str,
    node_id: &str,
) -> Vec<Effect> {
    let Some(cluster) = state.clusters.get(cluster_id) else { return Vec::new() };
    if !cluster.api_up {
        // The control plane is slower than its nodes; they try again.
        let event = Event::NodeRunning { cluster: cluster_id.into(), node: node_id.into() };
        state.after(now, Duration::from_secs(5), event);
        return Vec::new();
    }
    change_node(state, cluster_id, node_id, |node| {
        node.joined = true;
        if !node.leaves() {
            node.state = "running".into();
            node.message = String::new();
        }
    });
    join_load_balancers(state, cluster_id, node_id);
    vec![Effect::AddNode { cluster: cluster_id.to_owned(), node: node_id.to_owned() }]
}

/// The cloud controller manager puts every node behind the cluster's load balancers.
fn join_load_balancers(state: &mut State, cluster_id: &str, node_id: &str) {
    let nodes = state.clusters.get(cluster_id).into_iter().flat_map(Cluster::nodes);
    let Some(droplet) =
        nodes.filter(|(_, node)| node.id == node_id).find_map(|(_, node)| node.droplet)
    else {
        return;
    };
    for balancer in state.load_balancers.values_mut() {
        let own = balancer.cluster.as_deref() == Some(cluster_id);
        if own && !balancer.droplet_ids.contains(&droplet) {
            balancer.droplet_ids.push(droplet);
        }
    }
}

pub(in crate::digitalocean) fn node_failed(
    state: &mut State,
    cluster_id: &str,
    node_id: &str,
    message: &str,
) -> Vec<Effect> {
    change_node(state, cluster_id, node_id, |node| message.clone_into(&mut node.message));
    if let Some(cluster) = state.clusters.get_mut(cluster_id) {
        cluster.say(message);
    }
    Vec::new()
}

pub(in crate::digitalocean) fn node_drained(
    state: &mut State,
    now: u64,
    cluster_id: &str,
    node_id: &str,
) -> Vec<Effect> {
    change_node(state, cluster_id, node_id, |node| node.state = "deleting".into());
    let takes = state.takes("node deletion", node_id, (15, 30));
    let event = Event::NodeGone { cluster: cluster_id.to_owned(), node: node_id.to_owned() };
    state.after(now, takes, event);
    Vec::new()
}

pub(in crate::digitalocean) fn node_gone(
    state: &mut State,
    cluster_id: &str,
    node_id: &str,
) -> Vec<Effect> {
    let Some(cluster) = state.clusters.get_mut(cluster_id) else { return Vec::new() };
    let mut removed = None;
    for pool in &mut cluster.pools {
        if let Some(index) = pool.nodes.iter().position(|node| node.id == node_id) {
            removed = Some(pool.nodes.remove(index));
        }
    }
    cluster.pools.retain(|pool| !pool.deleting || !pool.nodes.is_empty());
    cluster.touch();
    let Some(node) = removed else { return Vec::new() };
    drop_droplet(state, node.droplet);
    if node.joined {
        vec![Effect::RemoveNode { cluster: cluster_id.to_owned(), name: node.name }]
    } else {
        Vec::new()
    }
}

pub(in crate::digitalocean) fn control_plane_upgraded(
    state: &mut State,
    now: u64,
    cluster_id: &str,
    version: &str,
) -> Vec<Effect> {
    let Some(cluster) = state.clusters.get_mut(cluster_id) else { return Vec::new() };
    version.clone_into(&mut cluster.version);
    cluster.say(format!("Control plane runs {}", versions::upstream(version)));
    cluster.touch();
    let old = cluster.nodes().map(|(_, node)| node.id.clone()).collect();
    let next = Event::UpgradeNextNode { cluster: cluster_id.to_owned(), old };
    state.after(now, Duration::from_secs(1), next);
    vec![Effect::SetVersion { cluster: cluster_id.to_owned(), version: version.to_owned() }]
}

/// Replaces the nodes of a cluster one after the other.
pub(in crate::digitalocean) fn upgrade_next_node(
    state: &mut State,
    context: &Context,
    now: u64,
    cluster_id: &str,
    mut old: Vec<String>,
) -> Vec<Effect> {
    while !old.is_empty() {
        let node = old.remove(0);
        let effects = nodes::remove(state, context, now, cluster_id, &node, true, true);
        if let Some(effects) = effects {
            let cluster = cluster_id.to_owned();
            // A new node has joined by then.
            state.after(now, Duration::from_secs(160), Event::UpgradeNextNode { cluster, old });
            return effects;
        }
    }
    running(state, cluster_id)
}

fn drop_droplet(state: &mut State, droplet: Option<u64>) {
    let Some(id) = droplet else { return };
    state.droplets.shift_remove(&id);
    for address in state.reserved_ips.values_mut().filter(|address| address.droplet == Some(id)) {
        address.droplet = None;
    }
    for volume in state.volumes.values_mut() {
        volume.droplet_ids.retain(|attached| *attached != id);
    }
    for balancer in state.load_balancers.values_mut() {
        balancer.droplet_ids.retain(|backend| *backend != id);
    }
}

fn change_node(state: &mut State, cluster_id: &str, node_id: &str, change: impl FnOnce(&mut Node)) {
    let Some(cluster) = state.clusters.get_mut(cluster_id) else { return };
    if let Some((_, node)) = cluster.node_mut(node_id) {
        change(node);
        node.updated_at = Dates::date_now();
    }
}
