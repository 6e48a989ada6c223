//! What an address tells about where its resource belongs. Forms: `cluster.NAME`, `node_pool.CLUSTER/NAME`, `registry.NAME`;
//! inside a cluster `CLUSTER/ITEM` and `CLUSTER/ITEM/Kind[.group]/[namespace/]name`.

use std::collections::BTreeSet;

/// Where the resource of an address belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Name of the cluster.
    pub(crate) cluster: Option<String>,
    /// Name of the stack item.
    pub(crate) item: Option<String>,
}

/// The clusters and the stack items that appear in the addresses of a run.
#[derive(Debug, Default)]
pub(crate) struct Gazetteer {
    clusters: Vec<String>,
    items: BTreeSet<(String, String)>,
}

impl Gazetteer {
    pub(crate) fn of<'a>(addresses: impl Iterator<Item = &'a str>) -> Self {
        let mut this = Self::default();
        for address in addresses {
            match split_kind(address) {
                Some(("cluster", name)) => this.know_cluster(name),
                Some(("node_pool", name)) => {
                    this.know_cluster(name.split('/').next().unwrap_or(name));
                }
                Some(_) => {}
                None => {
                    let mut parts = address.split('/');
                    if let (Some(cluster), Some(item)) = (parts.next(), parts.next()) {
                        this.know_cluster(cluster);
                        this.items.insert((cluster.to_owned(), item.to_owned()));
                    }
                }
            }
        }
        this
    }

    fn know_cluster(&mut self, name: &str) {
        if !self.clusters.iter().any(|known| known == name) {
            self.clusters.push(name.to_owned());
        }
    }

    /// Where an address belongs.
    pub(crate) fn place(&self, address: &str) -> Place {
        let Some((kind, name)) = split_kind(address) else {
            let mut parts = address.split('/').map(str::to_owned);
            let cluster = parts.next();
            let item = parts.next();
            return match item {
                Some(_) => Place { cluster, item },
                None => Place::default(),
            };
        };
        let mut parts = name.split('/');
        let first = parts.next().unwrap_or(name);
        if kind == "cluster" || (name.contains('/') && self.clusters.iter().any(|c| c == first)) {
            let second = parts.next().unwrap_or("");
            let item = (first.to_owned(), second.to_owned());
            let item = self.items.contains(&item).then_some(item.1);
            return Place { cluster: Some(first.to_owned()), item };
        }
        let owner = self.items.iter().find(|(_, item)| item == first && name.contains('/'));
        match owner {
            Some((cluster, item)) => {
                Place { cluster: Some(cluster.clone()), item: Some(item.clone()) }
            }
            None => Place::default(),
        }
    }
}

/// `cluster.main` as (`cluster`, `main`); none for what is inside a cluster.
fn split_kind(address: &str) -> Option<(&str, &str)> {
    let dot = address.find('.')?;
    match address.find('/') {
        Some(slash) if slash < dot => None,
        _ => Some((&address[..dot], &address[dot + 1..])),
    }
}

/// The short name of an object inside the item `of`: `main/arl/Deployment.apps/arl/scheduler` as `Deployment scheduler`.
pub(crate) fn object_label(object: &str) -> String {
    let parts: Vec<&str> = object.split('/').collect();
    match parts.as_slice() {
        [_, _, kind, .., name] => {
            format!("{} {name}", kind.split('.').next().unwrap_or(kind))
        }
        _ => object.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_tell_where_things_belong() {
        let addresses = [
            "cluster.main",
            "node_pool.main/gpu",
            "registry.images",
            "password.arl/notebook",
            "main/namespace.arl",
            "main/arl",
            "main/arl/Deployment.apps/arl/scheduler",
            "smoke_test.main/arl",
            "odd",
        ];
        let gazetteer = Gazetteer::of(addresses.iter().copied());
        let places: Vec<String> = addresses
            .iter()
            .map(|address| {
                let place = gazetteer.place(address);
                format!(
                    "{} {}",
                    place.cluster.as_deref().unwrap_or("-"),
                    place.item.as_deref().unwrap_or("-")
                )
            })
            .collect();
        let expected = [
            "main -",
            "main -",
            "- -",
            "main arl",
            "main namespace.arl",
            "main arl",
            "main arl",
            "main arl",
            "- -",
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn objects_have_short_names() {
        assert_eq!(object_label("main/arl/Deployment.apps/arl/scheduler"), "Deployment scheduler");
        assert_eq!(object_label("main/arl/Namespace/arl"), "Namespace arl");
        assert_eq!(object_label("odd"), "odd");
    }
}
