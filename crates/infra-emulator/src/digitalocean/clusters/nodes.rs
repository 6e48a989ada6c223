//! Single nodes: made for a pool, recycled, deleted.

use super::model::{Cluster, Node};
use crate::digitalocean::call::Call;
use crate::digitalocean::context::Context;
use crate::digitalocean::events::{Effect, Event};
use crate::digitalocean::fields::Fields;
use crate::digitalocean::reply::{ApiError, Outcome, Reply};
use crate::digitalocean::state::State;
use crate::runtime::Dates;

/// A node that is not there yet.
pub(in crate::digitalocean) fn blank(state: &mut State, pool_id: &str) -> Node {
    let now = Dates::date_now();
    Node {
        id: state.uuid("node", pool_id),
        name: String::new(),
        state: "provisioning".into(),
        message: String::new(),
        droplet: None,
        created_at: now.clone(),
        updated_at: now,
        joined: false,
    }
}

/// Adds nodes to a pool of a running cluster.
pub(in crate::digitalocean) fn add(
    state: &mut State,
    context: &Context,
    now: u64,
    cluster_id: &str,
    pool_id: &str,
    count: u64,
) {
    for _ in 0..count {
        let node = blank(state, pool_id);
        let node_id = node.id.clone();
        let Some(cluster) = state.clusters.get_mut(cluster_id) else { return };
        let cluster_name = cluster.name.clone();
        let Some(pool) = cluster.pool_mut(pool_id) else { return };
        let fault = context.faults.create("node", &format!("{cluster_name}/{}", pool.name));
        pool.nodes.push(node);
        let boot = state.takes("node boot", &node_id, (20, 40));
        let cluster = cluster_id.to_owned();
        let booted = Event::NodeBooted { cluster: cluster.clone(), node: node_id.clone() };
        state.after(now, boot, booted);
        let joined = state.takes("node joined", &node_id, (100, 140)) + fault.slow;
        let event = match fault.fail {
            Some(message) => Event::NodeFailed { cluster, node: node_id, message },
            None => Event::NodeRunning { cluster, node: node_id },
        };
        state.after(now, joined, event);
    }
}

/// Starts to remove a node, and to make another in its place if asked; nothing if there is no such node or it already leaves.
pub(in crate::digitalocean) fn remove(
    state: &mut State,
    context: &Context,
    now: u64,
    cluster_id: &str,
    node_id: &str,
    replace: bool,
    drain: bool,
) -> Option<Vec<Effect>> {
    let cluster = state.clusters.get_mut(cluster_id)?;
    let (index, node) = cluster.node_mut(node_id)?;
    if node.leaves() {
        return None;
    }
    node.state = if drain { "draining" } else { "deleting" }.into();
    node.updated_at = Dates::date_now();
    let joined = node.joined;
    let pool_id = cluster.pools[index].id.clone();
    let range = if drain { (20, 40) } else { (3, 6) };
    let takes = state.takes("node draining", node_id, range);
    state.cancel(|event| match event {
        Event::NodeRunning { node, .. } | Event::NodeBooted { node, .. } => node == node_id,
        _ => false,
    });
    let (cluster, node) = (cluster_id.to_owned(), node_id.to_owned());
    state.after(now, takes, Event::NodeDrained { cluster, node });
    if replace {
        add(state, context, now, cluster_id, &pool_id, 1);
    }
    let effect = Effect::DrainNode { cluster: cluster_id.to_owned(), node: node_id.to_owned() };
    Some(if joined && drain { vec![effect] } else { Vec::new() })
}

/// `DELETE .../node_pools/{pool}/nodes/{node}?skip_drain&replace`.
pub(in crate::digitalocean) fn delete(
    call: &mut Call<'_>,
    cluster_id: &str,
    pool_id: &str,
    node_id: &str,
) -> Outcome {
    let (replace, drain) = (call.query.flag("replace"), !call.query.flag("skip_drain"));
    let cluster = call.cluster(cluster_id)?;
    let pool = cluster.pool(pool_id).ok_or_else(ApiError::not_found)?;
    if !pool.nodes.iter().any(|node| node.id == node_id) {
        return Err(ApiError::not_found());
    }
    if !replace {
        last_node(cluster, pool_id, 1)?;
    }
    let now = call.now;
    let removed = remove(call.state, call.context, now, cluster_id, node_id, replace, drain);
    let cluster = call.state.clusters.get_mut(cluster_id);
    let pool = cluster.and_then(|cluster| cluster.pool_mut(pool_id));
    if let Some(pool) = pool.filter(|_| removed.is_some() && !replace) {
        pool.count = pool.count.saturating_sub(1);
    }
    call.effects.extend(removed.unwrap_or_default());
    Reply::accepted_nothing()
}

/// `POST .../node_pools/{pool}/recycle`.
pub(in crate::digitalocean) fn recycle(
    call: &mut Call<'_>,
    cluster_id: &str,
    pool_id: &str,
) -> Outcome {
    let body = call.body_or_empty();
    let wanted = Fields::of(&body)?.texts("nodes")?;
    let cluster = call.cluster(cluster_id)?;
    let pool = cluster.pool(pool_id).ok_or_else(ApiError::not_found)?;
    let known: Vec<String> = pool.nodes.iter().map(|node| node.id.clone()).collect();
    let chosen = wanted.filter(|wanted| !wanted.is_empty()).unwrap_or_else(|| known.clone());
    if let Some(unknown) = chosen.iter().find(|id| !known.contains(id)) {
        return Err(ApiError::unprocessable(format!("node {unknown} not found in node pool")));
    }
    for node in chosen {
        let now = call.now;
        let removed = remove(call.state, call.context, now, cluster_id, &node, true, true);
        call.effects.extend(removed.unwrap_or_default());
    }
    Reply::accepted_nothing()
}

/// A cluster keeps at least one worker node.
pub(in crate::digitalocean) fn last_node(
    cluster: &Cluster,
    pool_id: &str,
    fewer: u64,
) -> Result<(), ApiError> {
    let others: u64 = cluster
        .pools
        .iter()
        .filter(|pool| pool.id != pool_id && !pool.deleting)
        .map(|pool| pool.count)
        .sum();
    let left = cluster.pool(pool_id).map_or(0, |pool| pool.count.saturating_sub(fewer));
    if others + left == 0 {
        return Err(ApiError::unprocessable(
            "validation error: cluster must have at least one worker node",
        ));
    }
    Ok(())
}
