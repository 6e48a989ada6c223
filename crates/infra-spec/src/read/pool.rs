//! Reads node pools, sizes and taints.

use super::Scope;
use super::fields::{Fields, wrong_type};
use super::names::{name_of, taint_of};
use super::values::{Unique, labels, on};
use crate::error::{Code, Problems};
use crate::model::{Autoscale, Needs, Pool, Size, Taint};
use crate::node::{Map, Node, NodeValue};
use crate::quantity::{Bytes, Cpus};

/// The most nodes of a pool: beyond what Kubernetes is tested for (5,000 nodes in a cluster).
const MOST_NODES: u32 = 5_000;
/// The most graphics processors of a node.
const MOST_GPUS: u32 = 64;
/// Less memory than this (in bytes) is a forgotten unit: no node of Kubernetes runs on it.
const LEAST_MEMORY: u64 = 64 << 20;
/// More memory than this (in bytes) no node has.
const MOST_MEMORY: u64 = 64 << 40;
/// More processors than this no node has.
const MOST_CPUS: u64 = 4_096;

/// Reads `pools` of a cluster.
pub(crate) fn read_pools(cluster: &mut Fields<'_>, scope: &mut Scope<'_>) -> Vec<Pool> {
    let mut unique = Unique::default();
    cluster
        .list("pools", scope.problems)
        .iter()
        .filter_map(|node| read_pool(node, &mut unique, scope))
        .collect()
}

fn read_pool(node: &Node, unique: &mut Unique, scope: &mut Scope<'_>) -> Option<Pool> {
    let mut fields = Fields::open(node, "a pool", scope.problems)?;
    let name_node = fields.required("name", scope.problems);
    let name = name_node.and_then(|node| name_of(node, "the pool name", scope.problems));
    if let (Some(node), Some(name)) = (name_node, &name) {
        unique.note("a pool", name, &node.location, scope.problems);
    }
    let autoscale = autoscale(&mut fields, scope.problems);
    let count = fields.whole("count", 0..=MOST_NODES, scope.problems);
    if let (Some(count), Some(Autoscale { min, max })) = (count, autoscale)
        && !(min..=max).contains(&count)
    {
        let summary = format!("`count` is {count}, outside of `autoscale` from {min} to {max}");
        let error = fields.key_location("count").error(Code::InvalidValue, summary);
        scope.problems.push(error.with_next_step("remove `count`, or bring it within the bounds"));
    }
    let size = fields.node("size").and_then(|node| size(node, scope.problems));
    let pool = Pool {
        name: name.unwrap_or_default(),
        count: count.unwrap_or(autoscale.map_or(1, |bounds| bounds.min)),
        autoscale,
        size,
        labels: labels(&mut fields, "labels", scope.problems),
        taints: taints(&mut fields, scope.problems),
        tags: fields.texts("tags", scope.problems),
        on: on(&mut fields, scope),
        location: node.location.clone(),
    };
    fields.finish(scope.problems);
    Some(pool)
}

fn autoscale(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Autoscale> {
    let node = fields.node("autoscale")?;
    let mut inner = Fields::open(node, "`autoscale`", problems)?;
    let needed =
        inner.required("min", problems).is_some() & inner.required("max", problems).is_some();
    let bounds = if needed {
        let min = inner.whole("min", 0..=MOST_NODES, problems);
        let max = inner.whole("max", 1..=MOST_NODES, problems);
        min.zip(max)
    } else {
        None
    };
    if let Some((min, max)) = bounds
        && min > max
    {
        let summary = format!("`min` is {min}, more than `max` with {max}");
        problems.push(inner.key_location("min").error(Code::InvalidValue, summary));
    }
    inner.finish(problems);
    bounds.filter(|(min, max)| min <= max).map(|(min, max)| Autoscale { min, max })
}

fn size(node: &Node, problems: &mut Problems) -> Option<Size> {
    match &node.value {
        NodeValue::String(name) if !name.is_empty() => Some(Size::Named(name.clone())),
        NodeValue::Map(_) => needs(node, problems).map(Size::Needs),
        _ => {
            let expected = "a map of needs such as `{ cpus: 4, memory: 8GiB }`, or the provider's name of a size";
            problems.push(wrong_type(node, "`size`", expected));
            None
        }
    }
}

fn needs(node: &Node, problems: &mut Problems) -> Option<Needs> {
    let mut inner = Fields::open(node, "`size`", problems)?;
    let cpus_node = inner.node("cpus");
    let memory_node = inner.node("memory");
    let cpus = cpus_node.and_then(|node| cpus(node, problems));
    let memory = memory_node.and_then(|node| memory(node, problems));
    let gpus = inner.whole("gpus", 0..=MOST_GPUS, problems).unwrap_or(0);
    if node.as_map().is_some_and(Map::is_empty) || only_no_gpus(cpus_node, memory_node, node) {
        let summary = "`size` says neither `cpus` nor `memory` nor `gpus`";
        problems.push(node.location.error(Code::MissingKey, summary));
    }
    inner.finish(problems);
    Some(Needs { cpus, memory, gpus })
}

/// `{ gpus: 0 }` alone says nothing.
fn only_no_gpus(cpus: Option<&Node>, memory: Option<&Node>, size: &Node) -> bool {
    let gpus = size.get("gpus").map(|node| &node.value);
    cpus.is_none() && memory.is_none() && gpus == Some(&NodeValue::Integer(0))
}

fn cpus(node: &Node, problems: &mut Problems) -> Option<Cpus> {
    let parsed = match &node.value {
        NodeValue::Integer(number) => number.to_string().parse::<Cpus>(),
        NodeValue::Float(_, text) => text.parse(),
        NodeValue::String(text) => text.parse(),
        _ => {
            problems.push(wrong_type(node, "`cpus`", "a number"));
            return None;
        }
    };
    let message = match parsed {
        Ok(cpus) if cpus.millis() == 0 => "`cpus` must be more than 0".to_owned(),
        Ok(cpus) if cpus.whole() > MOST_CPUS => format!("`cpus` must be at most {MOST_CPUS}"),
        Ok(cpus) => return Some(cpus),
        Err(_) if node.is_secret() => {
            format!("the value {} is no number of processors", node.shown())
        }
        Err(message) => format!("`cpus`: {message}"),
    };
    problems.push(node.location.error(Code::InvalidValue, message));
    None
}

fn memory(node: &Node, problems: &mut Problems) -> Option<Bytes> {
    let parsed = match &node.value {
        NodeValue::Integer(number) => number.to_string().parse::<Bytes>(),
        NodeValue::Float(_, text) => text.parse(),
        NodeValue::String(text) => text.parse(),
        _ => {
            problems.push(wrong_type(node, "`memory`", "an amount such as `8GiB`"));
            return None;
        }
    };
    let mut help = None;
    let message = match parsed {
        Ok(bytes) if bytes.get() == 0 => "`memory` must be more than 0".to_owned(),
        Ok(bytes) if bytes.get() < LEAST_MEMORY => {
            if let NodeValue::Integer(number) = node.value {
                help = Some(format!("did you mean `{number}GiB`?"));
            }
            format!("`memory` of {} bytes is less than any node has", bytes.get())
        }
        Ok(bytes) if bytes.get() > MOST_MEMORY => {
            format!("`memory` of {bytes} is more than any node has")
        }
        Ok(bytes) => return Some(bytes),
        Err(_) if node.is_secret() => format!("the value {} is no amount of memory", node.shown()),
        Err(message) => format!("`memory`: {message}"),
    };
    let mut error = node.location.error(Code::InvalidValue, message);
    error.help = help;
    problems.push(error);
    None
}

pub(crate) fn taints(fields: &mut Fields<'_>, problems: &mut Problems) -> Vec<Taint> {
    let mut taints: Vec<Taint> = Vec::new();
    for node in fields.list("taints", problems) {
        let Some(taint) = taint_of(node, problems) else { continue };
        // The API identifies a taint by key and effect.
        if taints.iter().any(|other| other.key == taint.key && other.effect == taint.effect) {
            let summary =
                format!("a second taint `{}` with the effect {}", taint.key, taint.effect.as_str());
            problems.push(node.location.error(Code::DuplicateName, summary));
            continue;
        }
        taints.push(taint);
    }
    taints
}
