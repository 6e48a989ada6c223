//! [`Inventory`]: what an item applied, kept in the cluster in a ConfigMap of `kube-system`, so that pruning never guesses.
//!
//! It is written before the deed with what was and what will be there, and after it with what is there.

use infra_plan::{Address, Marker};
use serde_json::json;

use crate::{Cluster, Failure, Json, ObjectRef, PREFIX};

/// What an item applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// The objects; in the order in which they were applied.
    pub objects: Vec<ObjectRef>,
    /// Whether there is an inventory at all.
    pub exists: bool,
}

const NAMESPACE: &str = "kube-system";

impl Inventory {
    /// Where the inventory of an item is. Deployments that share a cluster have inventories of their own.
    pub fn place(deployment: &Marker, item: &Address) -> ObjectRef {
        let name = item.as_str().split_once('/').map_or(item.as_str(), |(_, name)| name);
        let legal = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let id: String = deployment.deployment.chars().map(legal).take(40).collect();
        let name: String = name.chars().map(legal).take(150).collect();
        let name = format!("infra-{}-{}", name.trim_matches('-'), id.trim_matches('-'));
        ObjectRef::new("v1", "ConfigMap", Some(NAMESPACE), name.trim_matches('-'))
    }

    /// Reads it; empty if there is none.
    ///
    /// # Errors
    /// Any answer but success and "not found".
    pub async fn read(cluster: &Cluster, item: &Address) -> Result<Self, Failure> {
        let place = Self::place(&cluster.context().deployment, item);
        let Some(found) = cluster.get(&place).await? else { return Ok(Self::default()) };
        let objects = found.pointer("/data/objects").and_then(Json::as_str).unwrap_or("[]");
        let objects = serde_json::from_str(objects).map_err(|error| {
            Failure::unreachable(&format!("read {place}"), format!("it is malformed: {error}"))
        })?;
        Ok(Self { objects, exists: true })
    }

    /// Makes it hold these objects; writes only if that changes it.
    ///
    /// # Errors
    /// Any answer but success.
    pub async fn write(
        &mut self,
        cluster: &Cluster,
        item: &Address,
        objects: &[ObjectRef],
    ) -> Result<(), Failure> {
        if self.exists && self.objects == objects {
            return Ok(());
        }
        let deployment = &cluster.context().deployment;
        let place = Self::place(deployment, item);
        let lines: Vec<String> = objects
            .iter()
            .map(|object| serde_json::to_string(object).unwrap_or_default())
            .collect();
        let object = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": place.name,
                "namespace": place.namespace,
                "labels": { "app.kubernetes.io/managed-by": "infra" },
                "annotations": { format!("{PREFIX}/owner"): deployment.of(item) },
            },
            "data": { "objects": format!("[{}]", lines.join(",\n")) },
        });
        cluster.apply(&object, true, false).await?;
        *self = Self { objects: objects.to_vec(), exists: true };
        Ok(())
    }

    /// Deletes it.
    ///
    /// # Errors
    /// Any answer but success and "not found".
    pub async fn remove(cluster: &Cluster, item: &Address) -> Result<(), Failure> {
        let place = Self::place(&cluster.context().deployment, item);
        cluster.delete_object(&place, crate::request::Propagation::Background).await?;
        Ok(())
    }

    /// What it holds besides `desired`, and what `desired` adds: all that may be there while a change is under way.
    pub fn with(&self, desired: &[ObjectRef]) -> Vec<ObjectRef> {
        let more = self.orphans(desired).into_iter().cloned();
        desired.iter().cloned().chain(more).collect()
    }

    /// What it holds that `desired` does not.
    pub fn orphans(&self, desired: &[ObjectRef]) -> Vec<&ObjectRef> {
        let wanted: std::collections::BTreeSet<_> =
            desired.iter().map(ObjectRef::identity).collect();
        self.objects.iter().filter(|object| !wanted.contains(&object.identity())).collect()
    }
}
