//! The built-in resources: the rows of the table and what is the same for all.

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};

use super::registry::{GroupVersionKind, Resource, Subresource};
use super::rows::{ROWS, Row};
use crate::kubernetes::machinery::schema::Builder;

const ALL: &str = "create delete deletecollection get list patch update watch";
const PARTIAL: &str = "get patch update";

struct Built {
    resources: Vec<Arc<Resource>>,
    definitions: Map<String, Value>,
}

static BUILT: LazyLock<Built> = LazyLock::new(|| {
    let mut builder = Builder::new();
    let resources = ROWS.iter().map(|row| Arc::new(resource(row, &mut builder))).collect();
    Built { resources, definitions: builder.into_definitions() }
});

/// All built-in resources in the order of discovery.
pub(super) fn resources() -> Vec<Arc<Resource>> {
    BUILT.resources.clone()
}

/// The JSON schemas of the types of built-in resources, by their full names.
pub(super) fn definitions() -> &'static Map<String, Value> {
    &BUILT.definitions
}

fn resource(row: &Row, builder: &mut Builder) -> Resource {
    let kind = GroupVersionKind::new(row.group, row.version, row.kind);
    Resource {
        list_kind: format!("{}List", row.kind),
        plural: row.plural.to_owned(),
        singular: row.kind.to_lowercase(),
        short_names: words(row.short_names),
        categories: words(row.categories),
        namespaced: row.namespaced,
        verbs: words(if row.verbs.is_empty() { ALL } else { row.verbs }),
        subresources: row
            .subresources
            .split_whitespace()
            .map(|text| subresource(text, &kind))
            .collect(),
        schema: (row.schema)(builder),
        custom: None,
        kind,
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn subresource(text: &str, owner: &GroupVersionKind) -> Subresource {
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default();
    let kind = match (name, parts.next()) {
        ("scale", None) => GroupVersionKind::new("autoscaling", "v1", "Scale"),
        ("eviction", None) => GroupVersionKind::new("policy", "v1", "Eviction"),
        ("token", None) => GroupVersionKind::new("authentication.k8s.io", "v1", "TokenRequest"),
        (_, Some(kind)) if !kind.is_empty() => {
            GroupVersionKind { kind: kind.to_owned(), ..owner.clone() }
        }
        _ => owner.clone(),
    };
    let verbs = parts.next().map_or_else(
        || words(if matches!(name, "eviction" | "token") { "create" } else { PARTIAL }),
        |verbs| verbs.split(',').map(str::to_owned).collect(),
    );
    Subresource { name: name.to_owned(), kind, verbs }
}
