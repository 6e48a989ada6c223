//! Droplets, which are the nodes of clusters here: reading and deleting; none can be created by itself.

use serde_json::{Value, json};

use super::call::Call;
use super::catalogue::{regions, sizes};
use super::clusters::nodes;
use super::paging::page;
use super::reply::{ApiError, Outcome, Reply};
use super::state::Droplet;

impl Droplet {
    pub(super) fn json(&self) -> Value {
        let size = sizes::find(&self.size);
        let number = |read: fn(&sizes::Size) -> u64| size.map_or(0, read);
        let (memory, vcpus) = (number(|size| size.memory), number(|size| size.vcpus));
        let disk = number(|size| size.disk);
        let network = |ip: &str, kind: &str| {
            let gateway = ip.rsplit_once('.').map_or("", |(start, _)| start);
            json!({
                "ip_address": ip,
                "netmask": "255.255.240.0",
                "gateway": format!("{gateway}.1"),
                "type": kind,
            })
        };
        let mut networks = vec![network(&self.private_ip, "private")];
        networks.extend(self.public_ip.as_deref().map(|ip| network(ip, "public")));
        json!({
            "id": self.id,
            "name": self.name,
            "memory": memory,
            "vcpus": vcpus,
            "disk": disk,
            "locked": false,
            "status": self.status,
            "created_at": self.created_at,
            "features": ["private_networking", "droplet_agent"],
            "backup_ids": [],
            "next_backup_window": null,
            "snapshot_ids": [],
            "image": {
                "id": 196_000_001,
                "name": "do-kube",
                "type": "admin",
                "distribution": "Debian",
                "slug": null,
                "public": false,
                "regions": [],
                "created_at": self.created_at,
                "min_disk_size": 0,
                "size_gigabytes": 4.0,
                "description": "",
                "tags": [],
                "status": "available",
            },
            "volume_ids": [],
            "size": size.map(sizes::Size::json),
            "size_slug": self.size,
            "networks": { "v4": networks, "v6": [] },
            "region": regions::json_of(&self.region),
            "tags": self.tags,
            "vpc_uuid": self.vpc_uuid,
        })
    }
}

/// `GET /v2/droplets?tag_name&name`.
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let (tag, name) = (call.query.get("tag_name"), call.query.get("name"));
    let wanted = |droplet: &&Droplet| {
        tag.is_none_or(|tag| droplet.tags.iter().any(|own| own.eq_ignore_ascii_case(tag)))
            && name.is_none_or(|name| droplet.name == name)
    };
    let droplets =
        call.state.droplets.values().filter(wanted).map(|droplet| with_volumes(call, droplet));
    let droplets = droplets.collect();
    Reply::ok(page(&call.address(), &call.query, "droplets", droplets)?)
}

fn with_volumes(call: &Call<'_>, droplet: &Droplet) -> Value {
    let mut value = droplet.json();
    let attached =
        call.state.volumes.values().filter(|volume| volume.droplet_ids.contains(&droplet.id));
    value["volume_ids"] = attached.map(|volume| volume.id.clone()).collect::<Vec<_>>().into();
    value
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Outcome {
    let droplet = find(call, id)?;
    Reply::ok(json!({ "droplet": with_volumes(call, droplet) }))
}

fn find<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Droplet, ApiError> {
    let id: u64 = id.parse().map_err(|_| ApiError::not_found())?;
    call.state.droplets.get(&id).ok_or_else(ApiError::not_found)
}

pub(super) fn create(_: &mut Call<'_>) -> Outcome {
    Err(ApiError::new(
        http::StatusCode::FORBIDDEN,
        "This emulator makes Droplets for nodes of clusters only.",
    ))
}

/// Deleting a node's Droplet: DOKS puts another node in its place.
pub(super) fn delete(call: &mut Call<'_>, id: &str) -> Outcome {
    let droplet = find(call, id)?;
    let (cluster_id, droplet_id) = (droplet.cluster.clone(), droplet.id);
    let node = call.state.clusters.get(&cluster_id).and_then(|cluster| {
        cluster
            .nodes()
            .find(|(_, node)| node.droplet == Some(droplet_id))
            .map(|(_, node)| node.id.clone())
    });
    if let Some(node) = node {
        let removed =
            nodes::remove(call.state, call.context, call.now, &cluster_id, &node, true, false);
        call.effects.extend(removed.unwrap_or_default());
    }
    Reply::nothing()
}
