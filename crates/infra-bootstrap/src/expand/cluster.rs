//! The nodes of one cluster: what its items share, and its items.

use indexmap::IndexMap;
use infra_event::Diagnostic;
use infra_kube::Json;
use infra_plan::{Node, Value};
use infra_spec::NodeValue;
use infra_spec::model::{NodeSettings, ReclaimPolicy, StorageClass, VolumeBindingMode};

use super::item::{Draft, draft, finish};
use super::scope::{merged, shown, value_of};
use super::{ExpandRequest, cluster_inputs};
use crate::KUBERNETES;
use crate::kinds::namespace::entries_of;
use crate::kinds::storage_class::is_open;

/// Namespaces that every cluster has, and nobody deletes.
pub(super) const STANDING: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

pub(super) fn expand_cluster(
    request: &ExpandRequest<'_>,
    cluster: &str,
    nodes: &mut Vec<Node>,
    problems: &mut Vec<Diagnostic>,
) {
    let classes = storage_classes(request, cluster);
    let items = request.spec.stack.iter().filter(|item| item.cluster.as_str() == cluster);
    let mut drafts = Vec::new();
    for item in items {
        match draft(request, item) {
            Ok(draft) => drafts.push(draft),
            Err(found) => problems.extend(found),
        }
    }
    let namespaces = namespaces(cluster, &drafts);
    let names: Vec<String> = namespaces.keys().cloned().collect();
    nodes.extend(classes.iter().cloned());
    nodes.extend(node_settings(request, cluster));
    nodes.extend(namespaces.into_values());
    for draft in drafts {
        nodes.extend(finish(request, draft, &names, &classes));
    }
}

/// The namespaces that items live in, or describe: each is a node of its own, so that it is protected and goes last.
fn namespaces(cluster: &str, drafts: &[Draft<'_>]) -> IndexMap<String, Node> {
    let mut described: IndexMap<String, (Value, Value)> = IndexMap::new();
    let mut adopted = Vec::new();
    for draft in drafts {
        let own = described.entry(draft.namespace.clone());
        own.or_insert_with(|| (empty(), empty()));
        for desired in draft.desired.iter().filter(|desired| desired.object.kind == "Namespace") {
            let Some(object) = &desired.known else { continue };
            let entry =
                described.entry(desired.object.name.clone()).or_insert_with(|| (empty(), empty()));
            let add = |value: &mut Value, key: &str, object: &Json| {
                *value = merged(std::mem::take(value), entries_of(object, key));
            };
            add(&mut entry.0, "labels", object);
            add(&mut entry.1, "annotations", object);
        }
        if draft.item.adopt {
            adopted.push(draft.namespace.clone());
        }
    }
    described.retain(|name, _| !STANDING.contains(&name.as_str()));
    let nodes = described.into_iter().map(|(name, (labels, annotations))| {
        let address = infra_plan::Address::inside(cluster, format!("namespace.{name}"));
        let mut inputs = cluster_inputs(cluster);
        inputs.push(("name", name.as_str().into()));
        for (key, entries) in [("labels", labels), ("annotations", annotations)] {
            if matches!(&entries, Value::Map(map) if !map.is_empty()) {
                inputs.push((key, entries));
            }
        }
        if adopted.contains(&name) {
            inputs.push(("adopt", true.into()));
        }
        (name, Node::new(address, "namespace", KUBERNETES, Value::map(inputs)))
    });
    nodes.collect()
}

fn empty() -> Value {
    Value::map(std::iter::empty::<(String, Value)>())
}

/// Labels and taints of nodes, when the pools that the file describes have theirs.
fn node_settings(request: &ExpandRequest<'_>, cluster: &str) -> Vec<Node> {
    let Some(described) = request.spec.clusters.get(cluster) else { return Vec::new() };
    let texts = |entries: &IndexMap<String, String>| {
        Value::map(entries.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))))
    };
    let pools = request.cloud_nodes.iter().map(|node| &node.address);
    let prefix = format!("node_pool.{cluster}/");
    let pools: Vec<_> = pools.filter(|it| it.as_str().starts_with(&prefix)).cloned().collect();
    let node = |settings: &NodeSettings| {
        let taints = settings.taints.iter().map(|taint| {
            let key = format!("{}:{}", taint.key, taint.effect.as_str());
            (key, Value::from(taint.value.as_str()))
        });
        let select = Value::map([
            ("names", Value::from(settings.select.names.clone())),
            ("labels", texts(&settings.select.labels)),
        ]);
        let mut inputs = cluster_inputs(cluster);
        inputs.extend([
            ("select", select),
            ("labels", texts(&settings.labels)),
            ("taints", Value::map(taints)),
        ]);
        let place = format!("nodes.{}", settings.name);
        let address = infra_plan::Address::inside(cluster, place);
        let mut node = Node::new(address, "node_settings", KUBERNETES, Value::map(inputs));
        node.after.clone_from(&pools);
        node
    };
    described.nodes.iter().map(node).collect()
}

fn storage_classes(request: &ExpandRequest<'_>, cluster: &str) -> Vec<Node> {
    let here = |class: &&StorageClass| {
        class.clusters.is_empty() || class.clusters.iter().any(|named| named.as_str() == cluster)
    };
    let classes = request.spec.storage_classes.iter().filter(here);
    classes.map(|class| storage_class(request, cluster, class)).collect()
}

fn storage_class(request: &ExpandRequest<'_>, cluster: &str, class: &StorageClass) -> Node {
    let address = infra_plan::Address::inside(cluster, format!("storage_class.{}", class.name));
    let policy = class.reclaim_policy.map(|policy| match policy {
        ReclaimPolicy::Delete => "Delete",
        ReclaimPolicy::Retain => "Retain",
    });
    let mode = class.volume_binding_mode.map(|mode| match mode {
        VolumeBindingMode::Immediate => "Immediate",
        VolumeBindingMode::WaitForFirstConsumer => "WaitForFirstConsumer",
    });
    let parameters = class.parameters.iter().map(|(key, value)| (key.clone(), shown(value)));
    let mut inputs = cluster_inputs(cluster);
    inputs.extend([
        ("name", Value::from(class.name.as_str())),
        ("default", class.default.into()),
        ("provisioner", class.provisioner.as_deref().into()),
        ("parameters", Value::map(parameters)),
        ("reclaim_policy", policy.into()),
        ("volume_binding_mode", mode.into()),
        ("allow_volume_expansion", class.allow_volume_expansion.into()),
    ]);
    let mut inputs = Value::map(inputs);
    // In the words of the provider that the cluster is on: by its instance, else by its type.
    if let Some(cluster) = request.spec.clusters.get(cluster) {
        let instance = cluster.provider.as_str();
        let block = request.spec.providers.get(instance);
        let own = class
            .on
            .get(instance)
            .or_else(|| block.and_then(|block| class.on.get(block.provider_type.as_str())));
        if let Some(own) = own.filter(|own| matches!(own.value, NodeValue::Map(_))) {
            inputs = merged(inputs, value_of(own));
        }
    }
    if let Value::Map(fields) = &mut inputs {
        fields.retain(|_, value| !is_open(value));
    }
    Node::new(address, "storage_class", KUBERNETES, inputs)
}
