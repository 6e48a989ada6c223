//! Reads what stands beside clusters: storage classes, addresses, registries, images.

use super::Scope;
use super::fields::{Fields, wrong_type};
use super::index::Target;
use super::names::{check_image_name, check_tag, checked, name_of, subdomain_of};
use super::values::{Unique, on, references, text_map, word};
use crate::error::{Code, Problems};
use crate::model::{
    Address, Binding, Image, ReclaimPolicy, Reference, Registry, StorageClass, VolumeBindingMode,
};
use crate::node::Node;
use crate::source::Location;

/// Reads `storage_classes`.
pub(crate) fn read_storage_classes(
    root: &mut Fields<'_>,
    scope: &mut Scope<'_>,
) -> Vec<StorageClass> {
    let mut unique = Unique::default();
    let classes: Vec<StorageClass> = root
        .list("storage_classes", scope.problems)
        .iter()
        .filter_map(|node| read_storage_class(node, &mut unique, scope))
        .collect();
    for (index, class) in classes.iter().enumerate().filter(|(_, class)| class.default) {
        let first = classes[..index].iter().find(|other| {
            other.default && other.clusters.iter().any(|c| class.clusters.contains(c))
        });
        if let Some(first) = first {
            let summary = format!("`{}` is a second default storage class", class.name);
            let note = format!("the first one, `{}`: {}", first.name, first.location);
            let error = class.location.error(Code::Conflict, summary).with_note(note);
            scope.problems.push(error.with_next_step("leave `default: true` at one of them"));
        }
    }
    classes
}

fn read_storage_class(
    node: &Node,
    unique: &mut Unique,
    scope: &mut Scope<'_>,
) -> Option<StorageClass> {
    let mut fields = Fields::open(node, "a storage class", scope.problems)?;
    let name = named(&mut fields, "a storage class", unique, scope.problems, |node, problems| {
        subdomain_of(node, "the name of a storage class", problems)
    });
    let class = StorageClass {
        name: name.unwrap_or_default(),
        default: fields.boolean("default", scope.problems).unwrap_or(false),
        clusters: references(&mut fields, "clusters", Target::Cluster, scope)
            .unwrap_or_else(|| all_clusters(scope, &node.location)),
        provisioner: fields.text("provisioner", scope.problems),
        parameters: text_map(&mut fields, "parameters", scope.problems),
        reclaim_policy: word(
            &mut fields,
            "reclaim_policy",
            &[("Delete", ReclaimPolicy::Delete), ("Retain", ReclaimPolicy::Retain)],
            scope.problems,
        ),
        volume_binding_mode: word(
            &mut fields,
            "volume_binding_mode",
            &[
                ("Immediate", VolumeBindingMode::Immediate),
                ("WaitForFirstConsumer", VolumeBindingMode::WaitForFirstConsumer),
            ],
            scope.problems,
        ),
        allow_volume_expansion: fields.boolean("allow_volume_expansion", scope.problems),
        on: on(&mut fields, scope),
        location: node.location.clone(),
    };
    fields.finish(scope.problems);
    Some(class)
}

fn all_clusters(scope: &Scope<'_>, location: &Location) -> Vec<Reference> {
    scope
        .index
        .clusters
        .keys()
        .map(|name| Reference { name: name.clone(), location: location.clone() })
        .collect()
}

/// The key `name`, by a rule, unique among its like.
fn named(
    fields: &mut Fields<'_>,
    what: &str,
    unique: &mut Unique,
    problems: &mut Problems,
    rule: impl FnOnce(&Node, &mut Problems) -> Option<String>,
) -> Option<String> {
    let node = fields.required("name", problems)?;
    let name = rule(node, problems)?;
    unique.note(what, &name, &node.location, problems);
    Some(name)
}

/// Reads `addresses`.
pub(crate) fn read_addresses(root: &mut Fields<'_>, scope: &mut Scope<'_>) -> Vec<Address> {
    let mut unique = Unique::default();
    root.list("addresses", scope.problems)
        .iter()
        .filter_map(|node| read_address(node, &mut unique, scope))
        .collect()
}

fn read_address(node: &Node, unique: &mut Unique, scope: &mut Scope<'_>) -> Option<Address> {
    let mut fields = Fields::open(node, "an address", scope.problems)?;
    let name = named(&mut fields, "an address", unique, scope.problems, |node, problems| {
        name_of(node, "the name of an address", problems)
    });
    let provider = scope.index.provider_or_default(
        fields.node("provider"),
        "an address",
        &node.location,
        scope.problems,
    );
    let address = Address {
        name: name.unwrap_or_default(),
        provider: provider.unwrap_or_else(|| super::root::nowhere(&node.location)),
        existing: fields.existing(scope.problems),
        bind: fields.node("bind").and_then(|bind| binding(bind, scope)),
        on: on(&mut fields, scope),
        location: node.location.clone(),
    };
    fields.finish(scope.problems);
    Some(address)
}

fn binding(node: &Node, scope: &mut Scope<'_>) -> Option<Binding> {
    match node.as_str() {
        Some("load_balancer") => return Some(Binding::LoadBalancer),
        Some("node") => {
            let cluster = scope.index.cluster_or_only(
                None,
                "a binding to a node",
                &node.location,
                scope.problems,
            )?;
            return Some(Binding::Node { cluster, pool: None });
        }
        _ => {}
    }
    if node.as_map().is_none() {
        let expected = "`load_balancer`, `node` or `{ pool: NAME }`";
        scope.problems.push(wrong_type(node, "`bind`", expected));
        return None;
    }
    let mut inner = Fields::open(node, "`bind`", scope.problems)?;
    let cluster = scope.index.cluster_or_only(
        inner.node("cluster"),
        "a binding to a node",
        &node.location,
        scope.problems,
    );
    let pool = inner
        .required("pool", scope.problems)
        .zip(cluster.as_ref())
        .and_then(|(node, cluster)| scope.index.check_pool(cluster, node, scope.problems));
    inner.finish(scope.problems);
    Some(Binding::Node { cluster: cluster?, pool })
}

/// Reads `registries`.
pub(crate) fn read_registries(root: &mut Fields<'_>, scope: &mut Scope<'_>) -> Vec<Registry> {
    let mut unique = Unique::default();
    root.list("registries", scope.problems)
        .iter()
        .filter_map(|node| read_registry(node, &mut unique, scope))
        .collect()
}

fn read_registry(node: &Node, unique: &mut Unique, scope: &mut Scope<'_>) -> Option<Registry> {
    let mut fields = Fields::open(node, "a registry", scope.problems)?;
    let name = named(&mut fields, "a registry", unique, scope.problems, |node, problems| {
        name_of(node, "the name of a registry", problems)
    });
    let provider = scope.index.provider_or_default(
        fields.node("provider"),
        "a registry",
        &node.location,
        scope.problems,
    );
    let provider = provider.unwrap_or_else(|| super::root::nowhere(&node.location));
    let integrate = references(&mut fields, "integrate", Target::Cluster, scope)
        .unwrap_or_else(|| same_provider(scope, &provider, &node.location));
    let registry = Registry {
        name: name.unwrap_or_default(),
        provider,
        existing: fields.existing(scope.problems),
        tier: fields.text("tier", scope.problems),
        region: fields.text("region", scope.problems),
        integrate,
        on: on(&mut fields, scope),
        location: node.location.clone(),
    };
    fields.finish(scope.problems);
    Some(registry)
}

fn same_provider(scope: &Scope<'_>, provider: &Reference, location: &Location) -> Vec<Reference> {
    let default = scope.index.default_provider();
    scope
        .index
        .clusters
        .iter()
        .filter(|(_, named)| named.as_ref().or(default.as_ref()) == Some(&provider.name))
        .map(|(name, _)| Reference { name: name.clone(), location: location.clone() })
        .collect()
}

/// Reads `images`.
pub(crate) fn read_images(root: &mut Fields<'_>, scope: &mut Scope<'_>) -> Vec<Image> {
    let mut unique = Unique::default();
    root.list("images", scope.problems)
        .iter()
        .filter_map(|node| read_image(node, &mut unique, scope))
        .collect()
}

fn read_image(node: &Node, unique: &mut Unique, scope: &mut Scope<'_>) -> Option<Image> {
    let mut fields = Fields::open(node, "an image", scope.problems)?;
    let name_node = fields.required("name", scope.problems);
    let name = name_node
        .and_then(|node| checked(node, "the image name", scope.problems, check_image_name));
    let tag = match fields.node("tag") {
        Some(node) => checked(node, "the tag", scope.problems, check_tag),
        None => Some("latest".to_owned()),
    };
    if let (Some(node), Some(name), Some(tag)) = (name_node, &name, &tag) {
        unique.note("an image", &format!("{name}:{tag}"), &node.location, scope.problems);
    }
    let oci_layout = fields.required("oci_layout", scope.problems);
    let oci_layout = oci_layout.and_then(|_| fields.path("oci_layout", scope.problems));
    let to = references(&mut fields, "to", Target::Registry, scope);
    let to = to.or_else(|| only_registry(node, scope));
    fields.finish(scope.problems);
    Some(Image {
        name: name.unwrap_or_default(),
        oci_layout: oci_layout?,
        tag: tag.unwrap_or_default(),
        to: to?,
        location: node.location.clone(),
    })
}

fn only_registry(node: &Node, scope: &mut Scope<'_>) -> Option<Vec<Reference>> {
    let registries = scope.index.registry_names();
    if let [only] = registries {
        return Some(vec![Reference { name: only.clone(), location: node.location.clone() }]);
    }
    let error = if registries.is_empty() {
        node.location
            .error(Code::UnknownReference, "an image needs a registry, and the file has none")
            .with_next_step("add one under `registries`")
    } else {
        node.location
            .error(Code::AmbiguousReference, "an image must say which registries it is pushed to")
            .with_note(format!("the file has: {}", registries.join(", ")))
            .with_next_step("add `to: [NAME]`")
    };
    scope.problems.push(error);
    None
}
