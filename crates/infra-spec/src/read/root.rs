//! Reads the root of the file, and decides which provider blocks are in use.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::Scope;
use super::cluster::read_clusters;
use super::fields::{Fields, text_of};
use super::index::Index;
use super::names::{check_name, name_of};
use super::resources::{read_addresses, read_images, read_registries, read_storage_classes};
use super::stack::read_stack;
use super::state::read_state;
use crate::error::{Code, Problems};
use crate::model::{ProviderBlock, Reference, Spec};
use crate::node::{Entry, Map, Node, NodeValue};
use crate::secret::{Provenance, is_secret_key};
use crate::source::Location;
use crate::suggest::closest;

/// The version of the file format that is read.
pub(crate) const API_VERSION: &str = "infra/v1";

/// A reference that could not be read; an error about it is among the problems, so that it is never handed out.
pub(crate) fn nowhere(location: &Location) -> Reference {
    Reference { name: String::new(), location: location.clone() }
}

/// Reads the whole file. The result is only good when no error was reported.
pub(crate) fn read_spec(root: &Node, scope: &mut Scope<'_>) -> Option<Spec> {
    let mut fields = Fields::open(root, "the file", scope.problems)?;
    let api_version = api_version(&mut fields, scope.problems);
    let name = fields
        .required("name", scope.problems)
        .and_then(|node| name_of(node, "the name of the deployment", scope.problems));
    let spec = Spec {
        api_version: api_version.unwrap_or_default(),
        name: name.unwrap_or_default(),
        providers: read_providers(&mut fields, scope),
        clusters: read_clusters(&mut fields, scope),
        storage_classes: read_storage_classes(&mut fields, scope),
        addresses: read_addresses(&mut fields, scope),
        registries: read_registries(&mut fields, scope),
        images: read_images(&mut fields, scope),
        stack: read_stack(&mut fields, scope),
        state: read_state(&mut fields, scope.problems),
    };
    // `cluster` was turned into `clusters` before; asked for only to be suggested.
    let _ = fields.node("cluster");
    let start = fields.location();
    fields.finish(scope.problems);
    warn_of_nothing(&spec, start, scope.problems);
    Some(spec)
}

fn api_version(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<String> {
    let node = fields.node("apiVersion");
    let Some(node) = node else {
        let error = fields.key_location("apiVersion");
        let error = error.error(Code::MissingKey, "the file needs the key `apiVersion`");
        problems.push(error.with_next_step(format!("add `apiVersion: {API_VERSION}`")));
        return None;
    };
    let text = text_of(node, "`apiVersion`", problems)?;
    if text == API_VERSION {
        return Some(text.to_owned());
    }
    let summary = format!("the file format {} is unknown", node.shown());
    let error = node.location.error(Code::InvalidValue, summary);
    problems.push(error.with_next_step(format!("write `apiVersion: {API_VERSION}`")));
    None
}

fn read_providers(root: &mut Fields<'_>, scope: &mut Scope<'_>) -> IndexMap<String, ProviderBlock> {
    let Some(map) = root.map("providers", scope.problems) else { return IndexMap::new() };
    map.iter()
        .filter_map(|entry| read_provider(entry, scope).map(|block| (entry.key.clone(), block)))
        .collect()
}

fn read_provider(entry: &Entry, scope: &mut Scope<'_>) -> Option<ProviderBlock> {
    if let Err(reason) = check_name(&entry.key) {
        let summary = format!("the provider name `{}` {reason}", crate::node::cut(&entry.key));
        scope.problems.push(entry.key_location.error(Code::InvalidName, summary));
    }
    let empty = Map::default();
    let map = match &entry.node.value {
        NodeValue::Map(map) => map,
        NodeValue::Null => &empty,
        _ => {
            let what = format!("the provider block `{}`", entry.key);
            scope.problems.push(super::fields::wrong_type(&entry.node, &what, "a map"));
            return None;
        }
    };
    let (provider_type, location) = match map.entry("type") {
        Some(kind) => {
            (text_of(&kind.node, "`type`", scope.problems)?.to_owned(), kind.node.location.clone())
        }
        None => (entry.key.clone(), entry.key_location.clone()),
    };
    let known = &scope.index.known_types;
    if !known.is_empty() && !known.contains(&provider_type) {
        let summary =
            format!("there is no provider of the type `{}`", crate::node::cut(&provider_type));
        let suggestion = closest(&provider_type, known.iter().map(String::as_str));
        let mut error = location.error(Code::UnknownProvider, summary).with_suggestion(suggestion);
        error.notes.push(format!("known: {}", known.join(", ")));
        scope
            .problems
            .push(error.with_next_step("correct the name of the block, or add `type: ...` to it"));
    }
    warn_of_literal_secrets(map, scope.problems);
    // Of a missing key the block's name is the place.
    let location = entry.key_location.clone();
    let config =
        Node { value: NodeValue::Map(map.without("type")), ..Node::empty_map(location.clone()) };
    Some(ProviderBlock { name: entry.key.clone(), provider_type, config, in_use: false, location })
}

fn warn_of_literal_secrets(map: &Map, problems: &mut Problems) {
    for entry in map.iter() {
        if is_secret_key(&entry.key) && matches!(entry.node.provenance(), Some(Provenance::Literal))
        {
            let summary =
                format!("`{}` stands in the file in clear text", crate::node::cut(&entry.key));
            problems.push(entry.key_location.warning(Code::LiteralSecret, summary));
        }
    }
}

/// The provider blocks that something in the tree uses, as far as can be said before it is read.
pub(crate) fn providers_in_use(root: &Map, index: &Index) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let default = index.default_provider();
    let clusters = root.get("clusters").and_then(Node::as_map).into_iter().flat_map(Map::iter);
    let lists = ["addresses", "registries"].into_iter().filter_map(|key| root.get(key)?.as_list());
    for node in clusters.map(|entry| &entry.node).chain(lists.flatten()) {
        let named = node.get("provider").and_then(Node::as_str).map(str::to_owned);
        used.extend(named.or_else(|| default.clone()));
    }
    used
}

fn warn_of_nothing(spec: &Spec, start: &Location, problems: &mut Problems) {
    let resources = spec.addresses.len() + spec.registries.len() + spec.clusters.len();
    if resources == 0 && !problems.has_errors() {
        let warning = start.warning(Code::NoEffect, "the file describes nothing to make");
        problems.push(warning.with_next_step("add `cluster`, `registries` or `addresses`"));
    }
}
