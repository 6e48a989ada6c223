//! Reads clusters.

use indexmap::IndexMap;

use super::Scope;
use super::fields::{Fields, text_of, wrong_type};
use super::names::{check_name, name_of};
use super::pool::{read_pools, taints};
use super::values::{Unique, labels, on, word};
use crate::error::{Code, Problems};
use crate::model::{
    Cluster, KubeconfigEntry, KubernetesVersion, MaintenanceDay, MaintenanceWindow, Network,
    NodeSelection, NodeSettings,
};
use crate::node::{Entry, Node, NodeValue};

/// The most control plane nodes: etcd gains nothing from more.
const MOST_MASTERS: u32 = 9;

/// Days of a maintenance window.
pub(crate) const DAYS: [(&str, MaintenanceDay); 8] = [
    ("any", MaintenanceDay::Any),
    ("monday", MaintenanceDay::Monday),
    ("tuesday", MaintenanceDay::Tuesday),
    ("wednesday", MaintenanceDay::Wednesday),
    ("thursday", MaintenanceDay::Thursday),
    ("friday", MaintenanceDay::Friday),
    ("saturday", MaintenanceDay::Saturday),
    ("sunday", MaintenanceDay::Sunday),
];

/// Reads `clusters`.
pub(crate) fn read_clusters(
    root: &mut Fields<'_>,
    scope: &mut Scope<'_>,
) -> IndexMap<String, Cluster> {
    let Some(map) = root.map("clusters", scope.problems) else { return IndexMap::new() };
    map.iter()
        .filter_map(|entry| read_cluster(entry, scope).map(|cluster| (entry.key.clone(), cluster)))
        .collect()
}

fn read_cluster(entry: &Entry, scope: &mut Scope<'_>) -> Option<Cluster> {
    if let Err(reason) = check_name(&entry.key) {
        let summary = format!("the cluster name `{}` {reason}", crate::node::cut(&entry.key));
        scope.problems.push(entry.key_location.error(Code::InvalidName, summary));
    }
    // `cluster:` without a body is a cluster with nothing but defaults.
    let empty = Node::empty_map(entry.key_location.clone());
    let node = if entry.node.is_null() { &empty } else { &entry.node };
    let mut fields = Fields::open(node, "a cluster", scope.problems)?;
    let what = format!("the cluster `{}`", entry.key);
    let provider = scope.index.provider_or_default(
        fields.node("provider"),
        &what,
        &entry.key_location,
        scope.problems,
    );
    let cluster = Cluster {
        name: entry.key.clone(),
        provider: provider.unwrap_or_else(|| super::root::nowhere(&entry.key_location)),
        existing: fields.existing(scope.problems),
        version: version(&mut fields, scope.problems),
        masters: masters(&mut fields, scope.problems),
        high_availability: fields.boolean("high_availability", scope.problems),
        network: network(&mut fields, scope.problems),
        maintenance_window: maintenance(&mut fields, scope.problems),
        auto_upgrade: fields.boolean("auto_upgrade", scope.problems),
        surge_upgrade: fields.boolean("surge_upgrade", scope.problems),
        pools: read_pools(&mut fields, scope),
        nodes: nodes(&mut fields, scope.problems),
        labels: labels(&mut fields, "labels", scope.problems),
        tags: fields.texts("tags", scope.problems),
        kubeconfig: kubeconfig(&mut fields, scope.problems),
        on: on(&mut fields, scope),
        location: entry.key_location.clone(),
    };
    if cluster.masters == Some(1) && cluster.high_availability == Some(true) {
        let at = fields.key_location("masters");
        let error = at.error(Code::Conflict, "one master is not highly available");
        scope
            .problems
            .push(error.with_next_step("set `masters: 3`, or remove one of the two keys"));
    }
    fields.finish(scope.problems);
    Some(cluster)
}

/// Labels and taints of nodes that are there.
fn nodes(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<NodeSettings> {
    let mut unique = Unique::default();
    let read = fields.list("nodes", problems).iter().filter_map(|node| {
        let mut inner = Fields::open(node, "an entry of `nodes`", problems)?;
        let name = inner.required("name", problems);
        let name = name.and_then(|node| name_of(node, "the name of an entry of `nodes`", problems));
        let select = inner.node("select").and_then(|node| {
            let mut select = Fields::open(node, "`select`", problems)?;
            let names = select.texts("names", problems);
            let labels = labels(&mut select, "labels", problems);
            select.finish(problems);
            Some(NodeSelection { names, labels })
        });
        let labels = labels(&mut inner, "labels", problems);
        let taints = taints(&mut inner, problems);
        if labels.is_empty() && taints.is_empty() {
            let summary = "an entry of `nodes` needs `labels` or `taints`";
            problems.push(node.location.error(Code::MissingKey, summary));
        }
        inner.finish(problems);
        let name = name?;
        unique.note("an entry of `nodes`", &name, &node.location, problems);
        let location = node.location.clone();
        Some(NodeSettings { name, select: select.unwrap_or_default(), labels, taints, location })
    });
    read.collect()
}

fn version(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<KubernetesVersion> {
    let node = fields.node("version")?;
    if let NodeValue::Float(number, text) = &node.value {
        let summary =
            format!("`version` must be a string: without quotes {text} is the number {number}");
        let error = node.location.error(Code::WrongType, summary);
        let error = error.with_help(format!("write `\"{text}\"`"));
        problems.push(error.with_next_step("put the version in quotes"));
        return None;
    }
    let text = text_of(node, "`version`", problems)?;
    match text.parse() {
        Ok(version) => Some(version),
        Err(message) => {
            let message = if node.is_secret() {
                format!("the value {} is no version, such as `\"1.33\"`", node.shown())
            } else {
                message
            };
            problems.push(node.location.error(Code::InvalidValue, message));
            None
        }
    }
}

fn masters(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<u32> {
    let masters = fields.whole("masters", 1..=MOST_MASTERS, problems)?;
    if masters % 2 == 0 {
        let summary =
            format!("{masters} masters survive the loss of no more nodes than {}", masters - 1);
        let warning = fields.key_location("masters").warning(Code::Unwise, summary);
        problems.push(warning.with_next_step("use an odd number"));
    }
    Some(masters)
}

fn network(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Network> {
    let node = fields.node("network")?;
    if node.as_str().is_some() {
        let name = text_of(node, "`network`", problems)?.to_owned();
        let (range, pod_range, service_range) = (None, None, None);
        return Some(Network { name: Some(name), existing: true, range, pod_range, service_range });
    }
    if node.as_map().is_none() {
        problems.push(wrong_type(
            node,
            "`network`",
            "a map, or the name of an existing network in quotes",
        ));
        return None;
    }
    let mut inner = Fields::open(node, "`network`", problems)?;
    let network = Network {
        name: inner.text("name", problems),
        existing: inner.boolean("existing", problems).unwrap_or(false),
        range: cidr(&mut inner, "range", problems),
        pod_range: cidr(&mut inner, "pod_range", problems),
        service_range: cidr(&mut inner, "service_range", problems),
    };
    if network.existing && network.name.is_none() {
        let error = inner
            .key_location("existing")
            .error(Code::MissingKey, "an existing network needs its name");
        problems.push(error.with_next_step("add `name: NAME`"));
    }
    inner.finish(problems);
    Some(network)
}

/// A block of addresses such as `10.0.0.0/16`.
fn cidr(fields: &mut Fields<'_>, key: &'static str, problems: &mut Problems) -> Option<String> {
    let node = fields.node(key)?;
    let text = text_of(node, &format!("`{key}`"), problems)?;
    let legal = text.split_once('/').is_some_and(|(address, bits)| {
        let Ok(address) = address.parse::<std::net::IpAddr>() else { return false };
        let most = if address.is_ipv4() { 32 } else { 128 };
        bits.parse::<u8>().is_ok_and(|bits| bits <= most)
    });
    if !legal {
        let summary = format!(
            "`{key}` must be a block of addresses such as `10.0.0.0/16`, not {}",
            node.shown()
        );
        problems.push(node.location.error(Code::InvalidValue, summary));
        return None;
    }
    Some(text.to_owned())
}

fn maintenance(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<MaintenanceWindow> {
    let node = fields.node("maintenance_window")?;
    let mut inner = Fields::open(node, "`maintenance_window`", problems)?;
    let day = word(&mut inner, "day", &DAYS, problems).unwrap_or(MaintenanceDay::Any);
    let start = inner.required("start", problems);
    inner.finish(problems);
    let start = start?;
    let time = start.as_str().and_then(time_of_day);
    match time {
        Some((hour, minute)) => Some(MaintenanceWindow { day, hour, minute }),
        None => {
            let summary = format!(
                "`start` must be a time such as `\"04:00\"`, UTC, not {}",
                start.describe()
            );
            problems.push(start.location.error(Code::InvalidValue, summary));
            None
        }
    }
}

fn time_of_day(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.chars().all(|c| c.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let time: (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    (time.0 < 24 && time.1 < 60).then_some(time)
}

fn kubeconfig(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<KubeconfigEntry> {
    let node = fields.node("kubeconfig")?;
    let mut inner = Fields::open(node, "`kubeconfig`", problems)?;
    let entry = KubeconfigEntry {
        context: inner.text("context", problems),
        path: inner.path("path", problems),
    };
    inner.finish(problems);
    Some(entry)
}
