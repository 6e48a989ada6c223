//! `manifests`: a set of objects that is applied, waited for, pruned and deleted as one.
//!
//! While planning, its live objects are compared with what the files give; those differences are the rows of the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use infra_event::{Body, Diagnostic};
use infra_kube::readiness::{Readiness as Live, readiness, takes_time};
use infra_kube::{
    ApplyOptions, Clients, Cluster, Desired, FIELD_MANAGER, Finding, Inventory, Json, LiveDiff,
    ObjectRef, Port, WaitOptions, apply, binds_at_first_consumer, delete, fetch, kinds, live_diff,
    ports, removable, wait_gone, wait_ready,
};
use infra_plan::{Change, Effect, Field, IdentityClass, Kind, Observed, Readiness, Value};
use infra_provider::{Context, Created, ErrorKind, Goal, ProviderError, Resource, Subject};

use super::item::{Item, TIMEOUT, revision, settle_namespaces};
use super::place::{CALL, cluster, find_cluster};

/// What the planner must know.
pub static KIND: Kind = Kind {
    name: "manifests",
    fields: &[
        Field::at_create("cluster"),
        Field::replace("cluster_id"),
        Field::replace("namespace"),
    ],
    identity: IdentityClass::UniqueName,
    protected: false,
    waits: true,
    exclusive_within: None,
    // Its load balancers and volumes are in the cloud, and must be released before the cluster goes.
    dies_with: None,
    expected_seconds: 45.0,
};

/// Sets of manifests.
pub struct Manifests {
    clients: Arc<Clients>,
}

impl Manifests {
    /// With these connections.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }

    async fn look(
        &self,
        context: &Context,
        subject: &Subject,
    ) -> Result<Option<Observed>, ProviderError> {
        let Some(cluster) = find_cluster(&self.clients, context, subject).await? else {
            return Ok(None);
        };
        let item = Item::read(&subject.address, &subject.inputs)?;
        let mut desired = item.desired()?;
        settle_namespaces(&cluster, &item.namespace, &mut desired).await?;
        let inventory = Inventory::read(&cluster, &item.address).await?;
        if !inventory.exists {
            let live = fetch(&cluster, &references(&desired)).await?;
            if subject.id.is_none() || live.is_empty() {
                refuse_foreign(&item, &inventory, &live)?;
                return Ok(None);
            }
        }
        let diff = live_diff(&cluster, &desired, &inventory, item.force).await?;
        refuse_foreign(&item, &inventory, &diff.live)?;
        let (kept, _) = divide(&diff.orphans);
        let mut observed = Observed::ready(place(context, &item));
        observed.readiness = readiness_of(&cluster, &diff.live).await?;
        observed.rows = Some(diff.rows(&item.address, &desired, &kept));
        observed.remarks = remarks(&item, &diff, &kept);
        observed.outputs = outputs(&cluster, &item, &desired, &diff.live).await?;
        Ok(Some(observed))
    }

    async fn make(&self, context: &Context, subject: &Subject) -> Result<Created, ProviderError> {
        let cluster = cluster(&self.clients, context, subject).await?;
        let item = Item::read(&subject.address, &subject.inputs)?;
        let (desired, objects) = bound(&cluster, &item).await?;
        let mut inventory = Inventory::read(&cluster, &item.address).await?;
        let wanted = references(&desired);
        if !item.adopt {
            refuse_foreign(&item, &inventory, &fetch(&cluster, &wanted).await?)?;
        }
        inventory.write(&cluster, &item.address, &inventory.with(&wanted)).await?;
        context.progress.message(format!("applying {} objects", objects.len()));
        apply(&cluster, &objects, &[], ApplyOptions { force: item.force }).await?;
        prune(&cluster, &item, &mut inventory, &wanted, None).await?;
        let outputs = outputs(&cluster, &item, &desired, &BTreeMap::new()).await?;
        Ok(Created { id: place(context, &item), outputs })
    }

    async fn change(
        &self,
        context: &Context,
        subject: &Subject,
        changes: &[Change],
    ) -> Result<Value, ProviderError> {
        let cluster = cluster(&self.clients, context, subject).await?;
        let item = Item::read(&subject.address, &subject.inputs)?;
        let (desired, objects) = bound(&cluster, &item).await?;
        let mut inventory = Inventory::read(&cluster, &item.address).await?;
        let diff = live_diff(&cluster, &desired, &inventory, item.force).await?;
        refuse_foreign(&item, &inventory, &diff.live)?;
        let replace = replacements(&diff, changes)?;
        let mut differing = Vec::new();
        for (object, (_, finding)) in objects.iter().zip(&diff.findings) {
            if *finding != Finding::Unchanged {
                differing.push(object.clone());
            }
        }
        let wanted = references(&desired);
        inventory.write(&cluster, &item.address, &inventory.with(&wanted)).await?;
        context.progress.message(format!(
            "applying {} of {} objects",
            differing.len(),
            objects.len()
        ));
        apply(&cluster, &differing, &replace, ApplyOptions { force: item.force }).await?;
        prune(&cluster, &item, &mut inventory, &wanted, Some(&diff)).await?;
        outputs(&cluster, &item, &desired, &BTreeMap::new()).await
    }

    async fn remove(&self, context: &Context, subject: &Subject) -> Result<(), ProviderError> {
        let Some(cluster) = find_cluster(&self.clients, context, subject).await? else {
            return Ok(());
        };
        let item = Item::read(&subject.address, &subject.inputs)?;
        if item.keep {
            Inventory::remove(&cluster, &item.address).await?;
            return Ok(());
        }
        let (objects, left) = removable(&cluster, &applied(&cluster, &item).await?).await?;
        tell(context, &item, staying(&left, &[]));
        context.progress.message(format!("deleting {} objects", objects.len()));
        delete(&cluster, &objects, item.timeout.max(TIMEOUT)).await
    }

    async fn wait_until(
        &self,
        context: &Context,
        subject: &Subject,
        goal: Goal,
    ) -> Result<Value, ProviderError> {
        let item = Item::read(&subject.address, &subject.inputs)?;
        if goal == Goal::Gone {
            if let Some(cluster) = find_cluster(&self.clients, context, subject).await? {
                if !item.keep {
                    let (objects, _) =
                        removable(&cluster, &applied(&cluster, &item).await?).await?;
                    wait_gone(&cluster, &objects, item.timeout.max(TIMEOUT)).await?;
                }
                Inventory::remove(&cluster, &item.address).await?;
            }
            return Ok(Value::Null);
        }
        let cluster = cluster(&self.clients, context, subject).await?;
        let (desired, _) = bound(&cluster, &item).await?;
        let options = WaitOptions { timeout: item.timeout };
        let live = wait_ready(&cluster, &references(&desired), options).await?;
        outputs(&cluster, &item, &desired, &live).await
    }
}

fn references(desired: &[Desired]) -> Vec<ObjectRef> {
    desired.iter().map(|desired| desired.object.clone()).collect()
}

fn place(context: &Context, item: &Item) -> String {
    Inventory::place(&context.deployment, &item.address).to_string()
}

/// The objects with everything bound, proven to be those of the plan.
async fn bound(cluster: &Cluster, item: &Item) -> Result<(Vec<Desired>, Vec<Json>), ProviderError> {
    item.prove()?;
    let mut desired = item.desired()?;
    settle_namespaces(cluster, &item.namespace, &mut desired).await?;
    let known: Option<Vec<Json>> = desired.iter().map(|desired| desired.known.clone()).collect();
    let objects = known.ok_or_else(|| {
        let message = "a value is not known, or is sealed";
        ProviderError::new(ErrorKind::Unexpected, "render the manifests", message)
    })?;
    Ok((desired, objects))
}

/// Refuses objects that are there already and were made by somebody else.
fn refuse_foreign(
    item: &Item,
    inventory: &Inventory,
    live: &BTreeMap<ObjectRef, Json>,
) -> Result<(), ProviderError> {
    let known: BTreeSet<_> = inventory.objects.iter().map(ObjectRef::identity).collect();
    let ours =
        |object: &ObjectRef, live: &Json| known.contains(&object.identity()) || managed(live);
    let foreign: Vec<String> = live
        .iter()
        .filter(|(object, live)| !item.adopt && !ours(object, live))
        .map(|(object, _)| object.to_string())
        .collect();
    let Some(first) = foreign.first() else { return Ok(()) };
    let more = if foreign.len() > 1 {
        format!(" (and {} more)", foreign.len() - 1)
    } else {
        String::new()
    };
    let message = format!("{first}{more} is there already, and is not of this deployment");
    Err(ProviderError::new(ErrorKind::AlreadyExists, format!("compare {}", item.address), message)
        .set("rename it, or say `adopt: true` for the item to take it over"))
}

/// Whether infra has applied some of its fields.
fn managed(live: &Json) -> bool {
    let entries = live.pointer("/metadata/managedFields").and_then(Json::as_array);
    let managers = entries.into_iter().flatten().filter_map(|entry| entry.get("manager")?.as_str());
    managers.into_iter().any(|manager| manager == FIELD_MANAGER)
}

/// The objects that must be deleted to be changed, if the plan said so.
fn replacements(diff: &LiveDiff, changes: &[Change]) -> Result<Vec<ObjectRef>, ProviderError> {
    let planned = changes.iter().any(|change| change.effect == Effect::Replace);
    let mut replace = Vec::new();
    for (object, finding) in &diff.findings {
        let Finding::Replace(fields) = finding else { continue };
        if object.protected() {
            return Err(not_changeable(object, fields));
        }
        if !planned {
            let message = format!(
                "`{}` of {object} cannot be changed, and the plan did not say that it would be replaced",
                immutable_field(fields)
            );
            return Err(ProviderError::new(ErrorKind::Conflict, "compare the objects", message)
                .set("plan again"));
        }
        replace.push(object.clone());
    }
    Ok(replace)
}

/// What the plan must say: fields of others that it would take, what cannot be changed, what stays though it left the file.
fn remarks(item: &Item, diff: &LiveDiff, kept: &[ObjectRef]) -> Vec<Diagnostic> {
    let conflicts = diff.conflicts.iter().map(|(_, error)| error.to_diagnostic());
    let findings = diff.findings.iter().filter_map(|(object, finding)| match finding {
        Finding::Replace(fields) if object.protected() => {
            Some(not_changeable(object, fields).to_diagnostic())
        }
        _ => None,
    });
    let all = conflicts.chain(findings).chain(staying(&diff.left, kept));
    all.map(|remark| remark.about(&item.address)).collect()
}

/// What left the file and stays, and why.
fn staying(left: &[(ObjectRef, String)], kept: &[ObjectRef]) -> Vec<Diagnostic> {
    let left = left.iter().map(|(object, reason)| {
        Diagnostic::note("kept", format!("{object} left the file and stays: {reason}"))
    });
    let kept = kept.iter().map(|object| {
        let summary =
            format!("{object} left the file and stays, as deleting it loses what it holds");
        Diagnostic::warning("protected", summary).set("delete it by hand when its data is safe")
    });
    left.chain(kept).collect()
}

/// A protected object differs in a field that cannot be changed.
fn not_changeable(object: &ObjectRef, fields: &[Change]) -> ProviderError {
    let message = format!(
        "`{}` of {object} cannot be changed, and replacing it loses what it holds",
        immutable_field(fields)
    );
    ProviderError::new(ErrorKind::Conflict, "compare the objects", message).set(
        "undo the change, or give the object another name; delete the old one by hand when its data is safe",
    )
}

fn immutable_field(fields: &[Change]) -> &str {
    let field = fields.iter().find(|change| change.effect == Effect::Replace);
    field.map_or("a field", |change| change.path.as_str())
}

/// Those that stay because they are protected, and those that go.
fn divide(orphans: &[ObjectRef]) -> (Vec<ObjectRef>, Vec<ObjectRef>) {
    orphans.iter().cloned().partition(ObjectRef::protected)
}

/// Deletes what left the file, and brings the inventory to what is there.
async fn prune(
    cluster: &Cluster,
    item: &Item,
    inventory: &mut Inventory,
    wanted: &[ObjectRef],
    diff: Option<&LiveDiff>,
) -> Result<(), ProviderError> {
    let context = cluster.context();
    let (kept, pruned) = match diff {
        Some(diff) => divide(&diff.orphans),
        None => {
            let orphans: Vec<ObjectRef> = inventory.orphans(wanted).into_iter().cloned().collect();
            divide(&orphans)
        }
    };
    if !pruned.is_empty() {
        delete(cluster, &pruned, item.timeout).await?;
        wait_gone(cluster, &pruned, item.timeout).await?;
    }
    let left = diff.map(|diff| diff.left.as_slice()).unwrap_or_default();
    tell(context, item, staying(left, &kept));
    let there: Vec<ObjectRef> = wanted.iter().cloned().chain(kept).collect();
    inventory.write(cluster, &item.address, &there).await?;
    Ok(())
}

fn tell(context: &Context, item: &Item, notes: Vec<Diagnostic>) {
    for note in notes {
        context.progress.emit(Body::DiagnosticRaised { diagnostic: note.about(&item.address) });
    }
}

/// What the item applied: by its inventory, or (if that is gone) by its files.
async fn applied(cluster: &Cluster, item: &Item) -> Result<Vec<ObjectRef>, ProviderError> {
    let inventory = Inventory::read(cluster, &item.address).await?;
    if inventory.exists {
        return Ok(inventory.objects);
    }
    let mut desired = item.desired()?;
    settle_namespaces(cluster, &item.namespace, &mut desired).await?;
    let wanted = references(&desired);
    // Without an inventory, an object of that name may as well be somebody else's.
    let live = fetch(cluster, &wanted).await?.into_iter();
    Ok(live.filter(|(_, live)| managed(live)).map(|(object, _)| object).collect())
}

async fn readiness_of(
    cluster: &Cluster,
    live: &BTreeMap<ObjectRef, Json>,
) -> Result<Readiness, ProviderError> {
    for (object, live) in live {
        if !takes_time(&object.kind, kinds::builtin(object).is_some()) {
            continue;
        }
        match readiness(live) {
            Live::Ready => {}
            Live::Failed(reason) => {
                return Ok(Readiness::Failed { reason: format!("{object}: {reason}") });
            }
            Live::Pending(_)
                if object.kind == "PersistentVolumeClaim"
                    && binds_at_first_consumer(cluster, live).await? => {}
            Live::Pending(reason) => {
                let reason = format!("{object}: {reason}");
                return Ok(Readiness::Pending { reason, blocked: None });
            }
        }
    }
    Ok(Readiness::Ready)
}

async fn outputs(
    cluster: &Cluster,
    item: &Item,
    desired: &[Desired],
    live: &BTreeMap<ObjectRef, Json>,
) -> Result<Value, ProviderError> {
    let services: Vec<&Json> = live
        .iter()
        .filter(|(object, _)| object.kind == "Service" && object.group().is_empty())
        .map(|(_, live)| live)
        .collect();
    let ports = if services.is_empty() {
        Vec::new()
    } else {
        ports(cluster, &services, item.node_address.as_deref()).await?
    };
    Ok(Value::map([
        ("namespace", Value::from(item.namespace.as_str())),
        ("revision", revision(desired)),
        ("endpoints", Value::List(endpoints(item, &ports))),
    ]))
}

/// The endpoints that the file asks for; without any, all ports that are reached from outside.
fn endpoints(item: &Item, ports: &[Port]) -> Vec<Value> {
    let passwords = matches!(&item.secrets, Value::Map(map) if !map.is_empty());
    let endpoint = |name: String, url: String, note: Option<&str>| {
        let page = url.starts_with("http");
        let hint = (passwords && page).then_some("passwords: infra output --secrets");
        let note: Vec<&str> = note.into_iter().chain(hint).collect();
        let note = if note.is_empty() { Value::Null } else { Value::from(note.join("; ")) };
        Value::map([("name", Value::from(name)), ("url", url.into()), ("note", note)])
    };
    if item.endpoints.is_empty() {
        let several =
            |port: &Port| ports.iter().filter(|other| other.service == port.service).count() > 1;
        let name = |port: &Port| match port.name.as_str() {
            _ if !several(port) => port.service.clone(),
            "" => format!("{}-{}", port.service, port.port),
            label => format!("{}-{label}", port.service),
        };
        return ports
            .iter()
            .filter(|port| port.outside)
            .map(|port| endpoint(name(port), port.url(port.scheme, ""), port.note.as_deref()))
            .collect();
    }
    let found = item.endpoints.iter().filter_map(|wanted| {
        let port = ports.iter().find(|port| {
            port.service == wanted.service
                && port.namespace == wanted.namespace
                && wanted.port.is_none_or(|number| number == port.port)
        })?;
        let url = port.url(&wanted.scheme, &wanted.path);
        Some(endpoint(wanted.name.clone(), url, port.note.as_deref()))
    });
    found.collect()
}

impl Resource for Manifests {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn call_limit(&self) -> Duration {
        CALL
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        Box::pin(self.look(context, subject))
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        Box::pin(self.make(context, subject))
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        Box::pin(self.change(context, subject, changes))
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        Box::pin(self.remove(context, subject))
    }

    fn wait<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        Box::pin(self.wait_until(context, subject, goal))
    }
}
