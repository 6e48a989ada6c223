//! All names of the file, gathered before anything is read, and the choice of a default among them.

use indexmap::{IndexMap, IndexSet};

use crate::error::{Code, Problems, SpecError};
use crate::model::{ItemReference, Reference};
use crate::node::merge::item_name;
use crate::node::{Map, Node};
use crate::source::Location;
use crate::suggest::closest;

/// What a reference leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Target {
    Provider,
    Cluster,
    Address,
    Registry,
}

impl Target {
    fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Cluster => "cluster",
            Self::Address => "address",
            Self::Registry => "registry",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Provider => "providers",
            Self::Cluster => "clusters",
            Self::Address => "addresses",
            Self::Registry => "registries",
        }
    }
}

/// The names of the file.
#[derive(Default)]
pub(crate) struct Index {
    /// Provider instances with their types.
    pub(crate) providers: IndexMap<String, String>,
    /// Clusters, with the provider that each names.
    pub(crate) clusters: IndexMap<String, Option<String>>,
    /// Pools by cluster.
    pools: IndexMap<String, Vec<String>>,
    addresses: Vec<String>,
    registries: Vec<String>,
    /// Stack items with the cluster that each goes to; one that names none goes to the first, which is the only one or an
    /// error elsewhere.
    items: IndexSet<ItemReference>,
    /// The provider chosen on the command line, if the file has it.
    pub(crate) chosen: Option<String>,
    /// Provider types that this program knows; empty when it was not said.
    pub(crate) known_types: Vec<String>,
}

fn text_at(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(Node::as_str).map(str::to_owned)
}

fn entries<'n>(root: &'n Map, key: &str) -> impl Iterator<Item = (&'n str, &'n Node)> {
    root.get(key)
        .and_then(Node::as_map)
        .into_iter()
        .flat_map(|map| map.iter().map(|entry| (entry.key.as_str(), &entry.node)))
}

fn items<'n>(root: &'n Map, key: &str) -> &'n [Node] {
    root.get(key).and_then(Node::as_list).unwrap_or_default()
}

fn place(root: &Map, node: &Node) -> Option<ItemReference> {
    let first = || entries(root, "clusters").next().map(|(name, _)| name.to_owned());
    let cluster = text_at(node, "cluster").or_else(first).unwrap_or_default();
    Some(ItemReference { cluster, item: item_name(node)?.to_owned() })
}

impl Index {
    /// Gathers the names of a file; what is malformed is left to the readers.
    pub(crate) fn gather(root: &Map) -> Self {
        let names =
            |key| items(root, key).iter().filter_map(|node| text_at(node, "name")).collect();
        Self {
            providers: entries(root, "providers")
                .map(|(name, node)| {
                    let kind = text_at(node, "type").unwrap_or_else(|| name.to_owned());
                    (name.to_owned(), kind)
                })
                .collect(),
            clusters: entries(root, "clusters")
                .map(|(name, node)| (name.to_owned(), text_at(node, "provider")))
                .collect(),
            pools: entries(root, "clusters")
                .map(|(name, node)| {
                    let pools = node.get("pools").and_then(Node::as_list).unwrap_or_default();
                    let names = pools.iter().filter_map(|pool| text_at(pool, "name")).collect();
                    (name.to_owned(), names)
                })
                .collect(),
            addresses: names("addresses"),
            registries: names("registries"),
            items: items(root, "stack").iter().filter_map(|node| place(root, node)).collect(),
            chosen: None,
            known_types: Vec::new(),
        }
    }

    pub(crate) fn registry_names(&self) -> &[String] {
        &self.registries
    }

    fn names(&self, target: Target) -> Vec<&str> {
        match target {
            Target::Provider => self.providers.keys().map(String::as_str).collect(),
            Target::Cluster => self.clusters.keys().map(String::as_str).collect(),
            Target::Address => self.addresses.iter().map(String::as_str).collect(),
            Target::Registry => self.registries.iter().map(String::as_str).collect(),
        }
    }

    /// Whether the file has this stack item.
    pub(crate) fn has_item(&self, reference: &ItemReference) -> bool {
        self.items.contains(reference)
    }

    /// Names of the stack items of a cluster.
    pub(crate) fn items_of(&self, cluster: &str) -> Vec<&str> {
        self.items
            .iter()
            .filter(|placed| placed.cluster == cluster)
            .map(|placed| placed.item.as_str())
            .collect()
    }

    /// A reference to something that must exist.
    pub(crate) fn check(
        &self,
        target: Target,
        node: &Node,
        what: &str,
        problems: &mut Problems,
    ) -> Option<Reference> {
        let name = super::fields::text_of(node, what, problems)?;
        let names = self.names(target);
        if names.contains(&name) {
            return Some(Reference { name: name.to_owned(), location: node.location.clone() });
        }
        problems.push(unknown(target.word(), target.plural(), node, name, &names));
        None
    }

    /// The name of a pool of a cluster.
    pub(crate) fn check_pool(
        &self,
        cluster: &Reference,
        node: &Node,
        problems: &mut Problems,
    ) -> Option<Reference> {
        let name = super::fields::text_of(node, "`pool`", problems)?;
        let pools = self.pools.get(&cluster.name).map(Vec::as_slice).unwrap_or_default();
        let known: Vec<&str> = pools.iter().map(String::as_str).collect();
        if known.contains(&name) {
            return Some(Reference { name: name.to_owned(), location: node.location.clone() });
        }
        problems.push(unknown("pool", "pools", node, name, &known));
        None
    }

    /// The reference at a key, or the default: the only one there is.
    pub(crate) fn cluster_or_only(
        &self,
        named: Option<&Node>,
        what: &str,
        location: &Location,
        problems: &mut Problems,
    ) -> Option<Reference> {
        if let Some(node) = named {
            return self.check(Target::Cluster, node, "`cluster`", problems);
        }
        let mut clusters = self.clusters.keys();
        match (clusters.next(), clusters.next()) {
            (Some(only), None) => {
                Some(Reference { name: only.clone(), location: location.clone() })
            }
            (None, _) => {
                let summary = format!("{what} needs a cluster, and the file has none");
                let error = location.error(Code::UnknownReference, summary);
                problems.push(error.with_next_step("add `cluster: ...`"));
                None
            }
            _ => {
                let summary = format!("{what} must say which cluster it goes to");
                let names = list(&self.names(Target::Cluster));
                let error = location.error(Code::AmbiguousReference, summary);
                problems.push(
                    error
                        .with_note(format!("the file has: {names}"))
                        .with_next_step("add `cluster: NAME`"),
                );
                None
            }
        }
    }

    /// The provider that something names, or the default: `--provider`, else the only one, else that of all clusters.
    pub(crate) fn provider_or_default(
        &self,
        named: Option<&Node>,
        what: &str,
        location: &Location,
        problems: &mut Problems,
    ) -> Option<Reference> {
        if let Some(node) = named {
            return self.check(Target::Provider, node, "`provider`", problems);
        }
        if let Some(name) = self.default_provider() {
            return Some(Reference { name, location: location.clone() });
        }
        let error = if self.providers.is_empty() {
            location
                .error(Code::MissingKey, format!("{what} needs a provider, and the file has none"))
                .with_next_step("add a block under `providers`")
        } else {
            let names = list(&self.names(Target::Provider));
            location
                .error(Code::AmbiguousReference, format!("{what} must say which provider it is on"))
                .with_note(format!("the file has: {names}"))
                .with_next_step("give `--provider NAME`, or add `provider: NAME`")
        };
        problems.push(error);
        None
    }

    /// The provider of what names none.
    pub(crate) fn default_provider(&self) -> Option<String> {
        if let Some(chosen) = &self.chosen {
            return Some(chosen.clone());
        }
        if self.providers.len() == 1 {
            return self.providers.keys().next().cloned();
        }
        let mut named = self.clusters.values();
        let first = named.next()?.clone()?;
        named.all(|other| other.as_ref() == Some(&first)).then_some(first)
    }

    /// A word under `on:`: the name or type of a provider.
    pub(crate) fn check_on(
        &self,
        word: &str,
        location: &Location,
        problems: &mut Problems,
    ) -> bool {
        let mut known: Vec<&str> = Vec::new();
        for (name, kind) in &self.providers {
            known.extend([name.as_str(), kind.as_str()]);
        }
        known.extend(self.known_types.iter().map(String::as_str));
        if known.contains(&word) {
            return true;
        }
        let summary =
            format!("`{}` is neither the name nor the type of a provider", crate::node::cut(word));
        let error = location.error(Code::UnknownProvider, summary);
        problems.push(error.with_suggestion(closest(word, known)));
        false
    }
}

/// A reference that leads nowhere. `name` is the text of `node`, or the part of it that names something.
pub(crate) fn unknown(
    word: &str,
    plural: &str,
    node: &Node,
    name: &str,
    known: &[&str],
) -> SpecError {
    let shown =
        if node.is_secret() { node.shown() } else { format!("`{}`", crate::node::cut(name)) };
    let error =
        node.location.error(Code::UnknownReference, format!("there is no {word} called {shown}"));
    match closest(name, known.iter().copied()).filter(|_| !node.is_secret()) {
        Some(suggestion) => error.with_suggestion(Some(suggestion)),
        None if known.is_empty() => error.with_note(format!("the file has no {plural}")),
        None => error.with_note(format!("the file has: {}", list(known))),
    }
}

/// The first few names of a list.
fn list(names: &[&str]) -> String {
    const MOST: usize = 12;
    let shown = names[..names.len().min(MOST)].join(", ");
    if names.len() > MOST { format!("{shown}, ...") } else { shown }
}
