//! Reads the stack.

use indexmap::IndexMap;

use super::Scope;
use super::content::{contents, volumes};
use super::fields::{Fields, text_of, wrong_type};
use super::index::{Index, Target, unknown};
use super::names::{label_of, name_of};
use super::order::check_order;
use super::values::Unique;
use super::workload::{endpoints, passwords, pull_secrets, smoke_test};
use crate::error::{Code, Problems, SpecError};
use crate::model::{Chart, ChartSource, ItemReference, ItemSource, Reference, StackItem};
use crate::node::{Node, NodeValue};
use crate::source::Location;
use crate::text::Text;

/// The keys that say what an item is.
const SOURCES: [&str; 4] = ["use", "chart", "manifests", "kustomize"];

/// Reads `stack`.
pub(crate) fn read_stack(root: &mut Fields<'_>, scope: &mut Scope<'_>) -> Vec<StackItem> {
    let mut unique = Unique::default();
    let mut edges: Vec<Location> = Vec::new();
    let items: Vec<StackItem> = root
        .list("stack", scope.problems)
        .iter()
        .filter_map(|node| {
            let (item, after) = read_item(node, scope)?;
            let name = item.reference().to_string();
            let shown = if scope.index.clusters.len() > 1 { &name } else { &item.name };
            unique.note("a stack item", shown, &item.location, scope.problems);
            edges.push(after);
            Some(item)
        })
        .collect();
    check_order(&items, &edges, scope.problems);
    items
}

/// An item, and where its `after` stands.
fn read_item(node: &Node, scope: &mut Scope<'_>) -> Option<(StackItem, Location)> {
    let mut fields = Fields::open(node, "a stack item", scope.problems)?;
    let source = source(&mut fields, scope.problems);
    let name = name(&mut fields, scope.problems);
    let what = format!("the stack item `{}`", name.as_deref().unwrap_or("?"));
    let cluster_node = fields.node("cluster");
    let cluster = scope.index.cluster_or_only(cluster_node, &what, &node.location, scope.problems);
    let cluster = cluster.unwrap_or_else(|| super::root::nowhere(&node.location));
    let after = after(&mut fields, &cluster, scope);
    let after_location = fields.key_location("after").clone();
    let values = values(&mut fields, source.as_ref(), scope.problems);
    let item = StackItem {
        name: name.unwrap_or_default(),
        namespace: fields
            .node("namespace")
            .and_then(|n| label_of(n, "the namespace", scope.problems)),
        after,
        timeout: fields.duration("timeout", scope.problems),
        address: reference(&mut fields, "address", Target::Address, scope),
        values_files: values_files(&mut fields, source.as_ref(), scope.problems),
        set: set(&mut fields, source.as_ref(), scope.problems),
        values,
        smoke_test: smoke_test(&mut fields, scope.problems),
        endpoints: endpoints(&mut fields, scope.problems),
        pull_secrets: pull_secrets(&mut fields, scope),
        passwords: passwords(&mut fields, scope.problems),
        config_maps: contents(&mut fields, "config_maps", scope.problems),
        secrets: contents(&mut fields, "secrets", scope.problems),
        volumes: volumes(&mut fields, scope.problems),
        keep: fields.boolean("keep", scope.problems).unwrap_or(false),
        adopt: fields.boolean("adopt", scope.problems).unwrap_or(false),
        force_conflicts: fields.boolean("force_conflicts", scope.problems).unwrap_or(false),
        location: node.location.clone(),
        cluster,
        // Without a source an error was reported; the item is kept for the checks that follow.
        source: source.unwrap_or_else(|| ItemSource::Manifests(Vec::new())),
    };
    fields.finish(scope.problems);
    Some((item, after_location))
}

/// `name`, or else what the item uses.
fn name(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<String> {
    if let Some(node) = fields.node("name") {
        return name_of(node, "the name of a stack item", problems);
    }
    if let Some(node) = fields.node("use") {
        return node.as_str().map(str::to_owned);
    }
    fields.required("name", problems);
    None
}

fn source(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<ItemSource> {
    let given: Vec<&'static str> =
        SOURCES.into_iter().filter(|key| fields.node(key).is_some()).collect();
    match given.as_slice() {
        [first, second, ..] => {
            let summary = format!("`{first}` and `{second}` exclude each other");
            let error = fields.key_location(second).error(Code::Conflict, summary);
            problems.push(error.with_next_step("make two items of it, or remove one of the keys"));
            None
        }
        ["use"] => {
            let node = fields.node("use")?;
            let name = name_of(node, "the catalogue item", problems)?;
            Some(ItemSource::Use(Reference { name, location: node.location.clone() }))
        }
        ["chart"] => chart(fields.node("chart")?, problems).map(ItemSource::Chart),
        ["manifests"] => {
            let node = fields.node("manifests")?;
            let paths = fields.paths("manifests", problems);
            if node.as_list().is_some_and(<[Node]>::is_empty) {
                problems.push(node.location.error(Code::InvalidValue, "`manifests` is empty"));
            }
            Some(ItemSource::Manifests(paths))
        }
        ["kustomize"] => fields.path("kustomize", problems).map(ItemSource::Kustomize),
        _ => {
            let summary = "a stack item needs one of `use`, `chart`, `manifests` and `kustomize`";
            let error = fields.location().error(Code::MissingKey, summary);
            problems.push(error.with_next_step("say what the item is with one of them"));
            None
        }
    }
}

fn chart(node: &Node, problems: &mut Problems) -> Option<Chart> {
    if node.as_map().is_none() {
        let expected = "a map with `repo` and `name`, with `oci`, or with `path`";
        problems.push(wrong_type(node, "`chart`", expected));
        return None;
    }
    let mut inner = Fields::open(node, "`chart`", problems)?;
    let given: Vec<&'static str> =
        ["repo", "oci", "path"].into_iter().filter(|key| inner.node(key).is_some()).collect();
    let name_node = inner.node("name");
    let source = match given.as_slice() {
        [first, second, ..] => {
            let summary = format!("`{first}` and `{second}` exclude each other");
            problems.push(inner.key_location(second).error(Code::Conflict, summary));
            None
        }
        ["repo"] => {
            let url = inner.node("repo").and_then(|node| repository(node, problems));
            let name = inner.required_text("name", problems);
            url.zip(name).map(|(url, name)| ChartSource::Repository { url, name })
        }
        ["oci"] => inner.node("oci").and_then(|node| oci(node, problems)).map(ChartSource::Oci),
        ["path"] => inner.path("path", problems).map(ChartSource::Path),
        _ => {
            let summary = "`chart` needs one of `repo`, `oci` and `path`";
            problems.push(node.location.error(Code::MissingKey, summary));
            None
        }
    };
    if name_node.is_some() && matches!(given.as_slice(), ["oci" | "path"]) {
        let at = inner.key_location("name");
        problems.push(
            at.error(Code::Conflict, "`name` goes with `repo` only; here the chart names itself"),
        );
    }
    let version_node = inner.node("version");
    let version =
        version_node.and_then(|node| text_of(node, "`version`", problems)).map(str::to_owned);
    if let (Some(node), ["path"]) = (version_node, given.as_slice()) {
        let summary = "`version` has no effect on a chart on disk";
        problems.push(node.location.warning(Code::NoEffect, summary));
    }
    inner.finish(problems);
    Some(Chart { source: source?, version })
}

fn repository(node: &Node, problems: &mut Problems) -> Option<Text> {
    let text = text_of(node, "`repo`", problems)?;
    let fail = |help: &str| {
        let summary = format!("`repo` must be the URL of a chart repository, not {}", node.shown());
        node.location.error(Code::InvalidValue, summary).with_help(help)
    };
    if text.starts_with("oci://") {
        problems.push(fail("use `oci: oci://...` for a chart in a registry"));
        return None;
    }
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    if host.is_none_or(|host| {
        host.is_empty() || host.starts_with('/') || host.contains(char::is_whitespace)
    }) {
        problems.push(fail("such as `https://example.org/charts`"));
        return None;
    }
    node.to_text()
}

fn oci(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = text_of(node, "`oci`", problems)?;
    let legal = text.strip_prefix("oci://").is_some_and(|rest| {
        rest.split_once('/').is_some_and(|(host, path)| !host.is_empty() && !path.is_empty())
            && !rest.contains(char::is_whitespace)
    });
    if !legal {
        let summary =
            format!("`oci` must be a reference such as `oci://host/path`, not {}", node.shown());
        problems.push(node.location.error(Code::InvalidValue, summary));
        return None;
    }
    let last = text.rsplit('/').next().unwrap_or_default();
    if last.contains([':', '@']) {
        let error = node.location.error(Code::InvalidValue, "`oci` holds a tag or digest");
        problems.push(error.with_next_step("give the tag as `version`"));
        return None;
    }
    Some(text.to_owned())
}

fn after(
    fields: &mut Fields<'_>,
    cluster: &Reference,
    scope: &mut Scope<'_>,
) -> Vec<ItemReference> {
    let mut found: Vec<ItemReference> = Vec::new();
    for node in fields.list("after", scope.problems) {
        let Some(text) = text_of(node, "each of `after`", scope.problems) else { continue };
        let reference = match text.split_once('/') {
            Some((cluster, item)) => {
                ItemReference { cluster: cluster.to_owned(), item: item.to_owned() }
            }
            None => ItemReference { cluster: cluster.name.clone(), item: text.to_owned() },
        };
        if scope.index.has_item(&reference) {
            if !found.contains(&reference) {
                found.push(reference);
            }
        } else if !reference.cluster.is_empty() {
            scope.problems.push(unknown_item(node, &reference, &scope.index));
        }
    }
    found
}

fn unknown_item(node: &Node, reference: &ItemReference, index: &Index) -> SpecError {
    if !index.clusters.contains_key(&reference.cluster) {
        let clusters: Vec<&str> = index.clusters.keys().map(String::as_str).collect();
        return unknown("cluster", "clusters", node, &reference.cluster, &clusters);
    }
    let elsewhere = index.clusters.keys().find(|cluster| {
        index.has_item(&ItemReference { cluster: (*cluster).clone(), item: reference.item.clone() })
    });
    let known = index.items_of(&reference.cluster);
    let mut error = unknown("stack item", "stack items", node, &reference.item, &known);
    if index.clusters.len() > 1 {
        error.summary.push_str(&format!(" on the cluster `{}`", reference.cluster));
    }
    match elsewhere {
        Some(cluster) => error.with_help(format!("write `{cluster}/{}`", reference.item)),
        None => error,
    }
}

fn reference(
    fields: &mut Fields<'_>,
    key: &'static str,
    target: Target,
    scope: &mut Scope<'_>,
) -> Option<Reference> {
    let node = fields.node(key)?;
    scope.index.check(target, node, &format!("`{key}`"), scope.problems)
}

/// Values have no effect on a kustomization.
fn refuse_on_kustomize(
    key: &str,
    at: &Location,
    source: Option<&ItemSource>,
    problems: &mut Problems,
) {
    if matches!(source, Some(ItemSource::Kustomize(_))) {
        let summary = format!("`{key}` has no effect on a kustomization");
        let error = at.error(Code::Conflict, summary);
        problems
            .push(error.with_next_step("remove it, or patch in an overlay of the kustomization"));
    }
}

fn values(fields: &mut Fields<'_>, source: Option<&ItemSource>, problems: &mut Problems) -> Node {
    let empty = Node::empty_map(fields.location().clone());
    let Some(node) = fields.node("values") else { return empty };
    refuse_on_kustomize("values", fields.key_location("values"), source, problems);
    if node.as_map().is_none() {
        problems.push(wrong_type(node, "`values`", "a map"));
        return empty;
    }
    node.clone()
}

fn values_files(
    fields: &mut Fields<'_>,
    source: Option<&ItemSource>,
    problems: &mut Problems,
) -> Vec<crate::model::SpecPath> {
    let paths = fields.paths("values_files", problems);
    if !paths.is_empty() {
        refuse_on_kustomize("values_files", fields.key_location("values_files"), source, problems);
    }
    paths
}

fn set(
    fields: &mut Fields<'_>,
    source: Option<&ItemSource>,
    problems: &mut Problems,
) -> IndexMap<String, Node> {
    let mut values = IndexMap::new();
    let Some(map) = fields.map("set", problems) else { return values };
    refuse_on_kustomize("set", fields.key_location("set"), source, problems);
    for entry in map.iter() {
        if matches!(entry.node.value, NodeValue::List(_) | NodeValue::Map(_)) {
            let what = format!("`{}` in `set`", crate::node::cut(&entry.key));
            let error = wrong_type(&entry.node, &what, "a single value");
            problems.push(error.with_next_step("move maps and lists to `values`"));
            continue;
        }
        values.insert(entry.key.clone(), entry.node.clone());
    }
    values
}
