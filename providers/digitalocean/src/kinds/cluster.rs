//! `cluster`: a DOKS cluster. Marked at create by a tag. Its first pool is made with it, as the API wants one.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use infra_plan::{Address, Change, Field, IdentityClass, Kind, Observed, Readiness, Value};
use infra_provider::{
    Context, Created, ErrorKind, Goal, Probe, ProviderError, Resource, Schedule, Subject, decode,
    poll,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::api::kubernetes::{AssociatedItem, Cluster, MaintenancePolicy};
use crate::client::Client;
use crate::kinds::node_pool::PoolInputs;

/// The kind.
pub(crate) static KIND: Kind = Kind {
    name: "cluster",
    fields: &[
        Field::replace("name"),
        Field::replace("region"),
        Field::replace("vpc"),
        Field::update("version"),
        Field::at_create("version_wanted"),
        Field::update("high_availability"),
        Field::update("auto_upgrade"),
        Field::update("surge_upgrade"),
        Field::update("maintenance"),
        Field::update("tags"),
        Field::at_create("first_pool"),
    ],
    identity: IdentityClass::MarkedAtCreate,
    protected: true,
    waits: true,
    exclusive_within: None,
    dies_with: None,
    expected_seconds: 300.0,
};

/// What a cluster is made of.
#[derive(Deserialize)]
struct Inputs {
    name: String,
    region: String,
    vpc: Option<String>,
    version: String,
    high_availability: bool,
    auto_upgrade: bool,
    surge_upgrade: bool,
    maintenance: Option<MaintenancePolicy>,
    #[serde(default)]
    tags: Vec<String>,
    first_pool: Option<PoolInputs>,
}

/// The kind `cluster`.
pub(crate) struct ClusterResource {
    pub(crate) client: Client,
}

impl ClusterResource {
    async fn find(
        &self,
        context: &Context,
        subject: &Subject,
    ) -> Result<Option<Cluster>, ProviderError> {
        if let Some(id) = &subject.id {
            return self.client.cluster(context, id).await;
        }
        let marker = context.deployment.of(&subject.address);
        let name = subject.inputs.text_at("name").unwrap_or_default().to_owned();
        let mut named = None;
        for cluster in self.client.clusters(context).await? {
            if has_tag(&cluster.tags, &marker) {
                return Ok(Some(cluster));
            }
            if cluster.name == name && !is_going(&cluster) {
                named = Some(cluster);
            }
        }
        Ok(named)
    }

    fn seen(context: &Context, subject: &Subject, cluster: &Cluster) -> Observed {
        let marker = context.deployment.of(&subject.address);
        Observed {
            id: cluster.id.clone(),
            fields: fields(subject, cluster),
            outputs: outputs(cluster),
            readiness: readiness(cluster),
            ours: has_tag(&cluster.tags, &marker),
            rows: None,
            remarks: Vec::new(),
        }
    }

    async fn probe(
        &self,
        context: &Context,
        subject: &Subject,
        goal: Goal,
    ) -> Result<Probe, ProviderError> {
        let id = subject.id.as_deref().unwrap_or_default();
        let cluster = self.client.cluster(context, id).await?;
        let Some(cluster) = cluster else {
            return match goal {
                Goal::Gone => {
                    // The markers of its pools go with it, as do the pools.
                    let (prefix, cloud) = (context.deployment.prefix(), format!("k8s:{id}"));
                    let ours = |tag: &str| tag.starts_with(&prefix) || tag == cloud;
                    self.client.tidy_tags(context, ours).await?;
                    Ok(Probe::Reached(Value::Null))
                }
                Goal::Ready => Err(ProviderError::new(
                    ErrorKind::NotFound,
                    "wait for the cluster",
                    "it is not there any more",
                )),
            };
        };
        if goal == Goal::Gone {
            return Ok(Probe::NotYet {
                reason: format!("the cluster is {}", state(&cluster)),
                blocked: None,
            });
        }
        match readiness(&cluster) {
            Readiness::Ready => Ok(Probe::Reached(outputs(&cluster))),
            Readiness::Failed { reason } => {
                Err(ProviderError::new(ErrorKind::Failed, "wait for the cluster", reason)
                    .set("take it down with `infra down` and try again, or in another region"))
            }
            _ => {
                Ok(Probe::NotYet { reason: self.progress(context, &cluster).await, blocked: None })
            }
        }
    }

    /// The newest status message, which says more than the state.
    async fn progress(&self, context: &Context, cluster: &Cluster) -> String {
        let messages =
            self.client.status_messages(context, &cluster.id).await.unwrap_or_default().messages;
        let last =
            messages.last().map(|message| message.message.clone()).filter(|text| !text.is_empty());
        let state = state(cluster);
        last.map_or_else(
            || format!("the control plane is {state}"),
            |text| format!("{state}: {text}"),
        )
    }

    async fn make(&self, context: &Context, subject: &Subject) -> Result<Created, ProviderError> {
        let inputs: Inputs = decode(&subject.inputs)?;
        let pool = inputs.first_pool.as_ref().ok_or_else(|| {
            ProviderError::new(ErrorKind::Invalid, "create the cluster", "it has no node pool")
                .set("give the cluster a pool: DigitalOcean makes none without")
        })?;
        let mut tags = inputs.tags.clone();
        tags.push(context.deployment.of(&subject.address));
        let pool_address = pool_address(&subject.address, &pool.name);
        let body = json!({
            "name": inputs.name,
            "region": inputs.region,
            "version": inputs.version,
            "vpc_uuid": inputs.vpc,
            "ha": inputs.high_availability,
            "auto_upgrade": inputs.auto_upgrade,
            "surge_upgrade": inputs.surge_upgrade,
            "maintenance_policy": inputs.maintenance,
            "tags": tags,
            "node_pools": [pool.body(&context.deployment.of(&pool_address))],
        });
        let cluster = self.client.create_cluster(context, without_nulls(body)).await?;
        Ok(Created { id: cluster.id.clone(), outputs: outputs(&cluster) })
    }

    async fn change(
        &self,
        context: &Context,
        subject: &Subject,
        changes: &[Change],
    ) -> Result<Value, ProviderError> {
        let inputs: Inputs = decode(&subject.inputs)?;
        let id = subject.id.as_deref().unwrap_or_default();
        let upgrade = changes.iter().any(|change| change.path == "version");
        let mut cluster = None;
        if changes.iter().any(|change| change.path != "version") {
            let mut tags = inputs.tags.clone();
            tags.push(context.deployment.of(&subject.address));
            let mut body = json!({
                "name": inputs.name,
                "tags": tags,
                "auto_upgrade": inputs.auto_upgrade,
                "surge_upgrade": inputs.surge_upgrade,
                "maintenance_policy": inputs.maintenance,
            });
            // It can be turned on and never off; sent only when it is on.
            if inputs.high_availability
                && let Some(body) = body.as_object_mut()
            {
                body.insert("ha".into(), Json::Bool(true));
            }
            cluster = Some(self.client.update_cluster(context, id, without_nulls(body)).await?);
        }
        if upgrade {
            self.client.upgrade_cluster(context, id, &inputs.version).await?;
        }
        let cluster = match cluster {
            Some(cluster) => Some(cluster),
            None => self.client.cluster(context, id).await?,
        };
        Ok(cluster.as_ref().map(outputs).unwrap_or_default())
    }

    /// Deletes it with what it has left behind in the cloud; one that is being deleted already is left to that.
    async fn destroy(&self, context: &Context, subject: &Subject) -> Result<(), ProviderError> {
        let Some(id) = subject.id.as_deref() else { return Ok(()) };
        let refused = match self.destroy_all(context, id).await {
            Err(error) if matches!(error.kind, ErrorKind::Invalid | ErrorKind::Conflict) => error,
            result => return result,
        };
        // The API refuses a second deletion, also when the answer to the first one was lost.
        match self.client.cluster(context, id).await? {
            Some(cluster) if !is_going(&cluster) => Err(refused),
            _ => Ok(()),
        }
    }

    /// Deletes it with its load balancers and volumes in the cloud, by their ids, and says which.
    async fn destroy_all(&self, context: &Context, id: &str) -> Result<(), ProviderError> {
        let Some(associated) = self.client.associated(context, id).await? else { return Ok(()) };
        let ids = |kind: &str, items: &Option<Vec<AssociatedItem>>| -> Vec<String> {
            let items = items.as_deref().unwrap_or_default();
            for item in items {
                context.progress.message(format!("deleting the {kind} {} with it", item.name));
            }
            items.iter().map(|item| item.id.clone()).collect()
        };
        let body = json!({
            "load_balancers": ids("load balancer", &associated.load_balancers),
            "volumes": ids("volume", &associated.volumes),
            "volume_snapshots": ids("volume snapshot", &associated.volume_snapshots),
        });
        self.client.destroy_cluster(context, id, body).await
    }
}

impl Resource for ClusterResource {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        async move {
            let found = self.find(context, subject).await?;
            Ok(found
                .filter(|cluster| state(cluster) != "deleted")
                .map(|cluster| Self::seen(context, subject, &cluster)))
        }
        .boxed()
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        self.make(context, subject).boxed()
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        self.change(context, subject, changes).boxed()
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        self.destroy(context, subject).boxed()
    }

    fn wait<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        // Three to eight minutes as a rule, more than twenty on slow days.
        let usual = Duration::from_secs(if goal == Goal::Ready { 240 } else { 60 });
        let schedule = Schedule::usual(usual, Duration::from_secs(45 * 60));
        let operation = if goal == Goal::Ready {
            "wait for the cluster"
        } else {
            "wait until the cluster is gone"
        };
        async move { poll(context, operation, schedule, || self.probe(context, subject, goal)).await }.boxed()
    }
}

/// The address of a pool of the cluster at an address.
fn pool_address(cluster: &Address, pool: &str) -> Address {
    let name = cluster.as_str().trim_start_matches("cluster.");
    Address::of("node_pool", format!("{name}/{pool}"))
}

fn fields(subject: &Subject, cluster: &Cluster) -> Value {
    let desired = subject.inputs.text_at("version").unwrap_or_default();
    let wanted = subject.inputs.text_at("version_wanted").unwrap_or_default();
    // A cluster that satisfies what the file asks for is not upgraded because a newer patch has come out.
    let version = if satisfies(&cluster.version, wanted) { desired } else { &cluster.version };
    let maintenance = cluster.maintenance_policy.as_ref().map(|policy| {
        Value::map([
            ("start_time", Value::from(policy.start_time.as_str())),
            ("day", Value::from(policy.day.as_str())),
        ])
    });
    let asked_for_vpc = subject.inputs.get("vpc").is_some_and(|vpc| !vpc.is_null());
    // Without a wish of ours the cloud's defaults stand, and are no difference.
    let asked_for_maintenance =
        subject.inputs.get("maintenance").is_some_and(|policy| !policy.is_null())
            || subject
                .prior
                .as_ref()
                .and_then(|prior| prior.get("maintenance"))
                .is_some_and(|policy| !policy.is_null());
    Value::map([
        ("name", Value::from(cluster.name.as_str())),
        ("region", Value::from(cluster.region.as_str())),
        ("vpc", Value::from(cluster.vpc_uuid.clone().filter(|_| asked_for_vpc))),
        ("version", Value::from(version)),
        ("high_availability", Value::from(cluster.ha)),
        ("auto_upgrade", Value::from(cluster.auto_upgrade)),
        ("surge_upgrade", Value::from(cluster.surge_upgrade)),
        ("maintenance", maintenance.filter(|_| asked_for_maintenance).unwrap_or_default()),
        ("tags", own_tags(&cluster.tags)),
    ])
}

/// Whether a version slug satisfies `latest`, a minor version such as `1.36`, a patch version, or a slug.
fn satisfies(slug: &str, wanted: &str) -> bool {
    let version = slug.split_once("-do.").map_or(slug, |(version, _)| version);
    wanted == "latest"
        || slug == wanted
        || version == wanted
        || version.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
}

/// Tags without those that the cloud and this program set, sorted.
pub(crate) fn own_tags(tags: &[String]) -> Value {
    let foreign = |tag: &&String| {
        tag.as_str() != "k8s" && !tag.starts_with("k8s:") && !tag.starts_with("infra:")
    };
    let mut own: Vec<_> = tags.iter().filter(foreign).cloned().collect();
    own.sort();
    Value::from(own)
}

/// Whether there is such a tag; the cloud keeps the case of the first use of a tag.
pub(crate) fn has_tag(tags: &[String], tag: &str) -> bool {
    tags.iter().any(|one| one.eq_ignore_ascii_case(tag))
}

fn state(cluster: &Cluster) -> &str {
    &cluster.status.state
}

fn is_going(cluster: &Cluster) -> bool {
    matches!(state(cluster), "deleting" | "deleted")
}

fn readiness(cluster: &Cluster) -> Readiness {
    let said = || {
        let message = &cluster.status.message;
        if message.is_empty() {
            format!("the cluster is {}", state(cluster))
        } else {
            message.clone()
        }
    };
    match state(cluster) {
        "running" => Readiness::Ready,
        "error" => Readiness::Failed { reason: said() },
        "deleting" | "deleted" => Readiness::Deleting,
        // `provisioning`, `upgrading`, `degraded` and whatever comes later (rule P-10).
        _ => Readiness::Pending { reason: said(), blocked: None },
    }
}

fn outputs(cluster: &Cluster) -> Value {
    Value::map([
        ("id", Value::from(cluster.id.as_str())),
        ("name", Value::from(cluster.name.as_str())),
        ("endpoint", Value::from(cluster.endpoint.clone().filter(|endpoint| !endpoint.is_empty()))),
        ("version", Value::from(cluster.version.as_str())),
    ])
}

/// Drops keys without a value: the API reads null as a wish in some places.
pub(crate) fn without_nulls(mut body: Json) -> Json {
    if let Some(map) = body.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_satisfied_by_its_patches() {
        assert!(satisfies("1.36.1-do.0", "1.36"));
        assert!(satisfies("1.36.1-do.0", "1.36.1"));
        assert!(satisfies("1.36.1-do.0", "1.36.1-do.0"));
        assert!(satisfies("1.36.1-do.0", "latest"));
        assert!(!satisfies("1.36.1-do.0", "1.3"));
        assert!(!satisfies("1.36.1-do.0", "1.37"));
        assert!(!satisfies("1.36.1-do.0", ""));
    }
}
