//! [`Target`]: what a command speaks to, by the words of the command line.

use infra_event::{Diagnostic, ExitCode};
use infra_kube::pods::{PodSelection, pods_behind};
use infra_kube::{Clients, Cluster, Inventory, ObjectRef};
use infra_plan::{Address, Record};

use crate::arguments::TargetArguments;
use crate::commands::kubeconfig::chosen;
use crate::output::{Outcome, Told};
use crate::run::Deployment;

/// Words for kinds of objects behind which pods stand: as kubectl knows them.
const KINDS: [(&str, &str, &[&str]); 8] = [
    ("v1", "Pod", &["pod", "pods", "po"]),
    ("v1", "Service", &["service", "services", "svc"]),
    ("v1", "ReplicationController", &["replicationcontroller", "replicationcontrollers", "rc"]),
    ("apps/v1", "Deployment", &["deployment", "deployments", "deploy"]),
    ("apps/v1", "StatefulSet", &["statefulset", "statefulsets", "sts"]),
    ("apps/v1", "DaemonSet", &["daemonset", "daemonsets", "ds"]),
    ("apps/v1", "ReplicaSet", &["replicaset", "replicasets", "rs"]),
    ("batch/v1", "Job", &["job", "jobs"]),
];

/// What a command speaks to.
pub(super) struct Target {
    pub(super) cluster: Cluster,
    /// An object, or the objects of an item.
    pub(super) objects: Vec<ObjectRef>,
    /// The item, if it is a whole one.
    pub(super) item: Option<Record>,
    /// As it is called in sentences.
    pub(super) title: String,
}

impl Target {
    /// Finds it: an item (`arl`, `main/arl`), an object of one by its address, `KIND/NAME`, or a pod's name with `--namespace`.
    pub(super) async fn find(
        deployment: &Deployment,
        arguments: &TargetArguments,
    ) -> Outcome<Self> {
        let items = items(deployment);
        let text = arguments.target.as_str();
        if let Some((record, rest)) = named(&items, text, arguments.cluster.as_deref())? {
            let name = record.address.as_str().split('/').next().unwrap_or_default();
            let cluster = open(deployment, &Address::of("cluster", name)).await?;
            let objects = Inventory::read(&cluster, &record.address).await.map_err(told)?.objects;
            return Self::of_item(cluster, record.clone(), objects, rest);
        }
        let address = chosen(deployment, arguments.cluster.as_deref())?;
        let cluster = open(deployment, &address).await?;
        let object = match (text.split_once('/'), &arguments.namespace) {
            (Some((word, name)), namespace) => {
                let Some((version, kind)) = kind_of(word) else {
                    return Err(unknown(text, &items));
                };
                let inside = match namespace {
                    Some(namespace) => namespace.clone(),
                    None => namespace_of(&cluster, &items, kind, name).await?,
                };
                ObjectRef::new(version, kind, Some(&inside), name)
            }
            (None, Some(namespace)) => ObjectRef::new("v1", "Pod", Some(namespace), text),
            (None, None) => return Err(unknown(text, &items)),
        };
        let title = object.to_string();
        Ok(Self { cluster, objects: vec![object], item: None, title })
    }

    fn of_item(
        cluster: Cluster,
        record: Record,
        objects: Vec<ObjectRef>,
        rest: Option<String>,
    ) -> Outcome<Self> {
        let Some(rest) = rest else {
            let title = record.address.to_string();
            return Ok(Self { cluster, objects, item: Some(record), title });
        };
        let short = |object: &ObjectRef| format!("{}/{}", object.kind, object.name);
        let found =
            objects.iter().find(|object| object.to_string() == rest || short(object) == rest);
        match found {
            Some(object) => {
                let (title, objects) = (object.to_string(), vec![object.clone()]);
                Ok(Self { cluster, objects, item: None, title })
            }
            None => {
                let names: Vec<String> = objects.iter().map(ToString::to_string).collect();
                let problem = Diagnostic::error(
                    "not-found",
                    format!("{} has no object `{rest}`", record.address),
                );
                let help = format!("it has {}", names.join(", "));
                Err(problem.set(help).exit(ExitCode::Invalid).into())
            }
        }
    }

    /// The pods behind it; objects without any are left out.
    pub(super) async fn pods(&self) -> Outcome<Vec<PodSelection>> {
        let mut selections = Vec::new();
        for object in &self.objects {
            // A Service selects what workloads of the item have made: those pods are there already.
            if self.item.is_some() && object.kind == "Service" {
                continue;
            }
            match pods_behind(&self.cluster, object).await {
                Ok(selection) => selections.extend(selection),
                Err(failure) if failure.is_not_found() && self.item.is_some() => {}
                Err(failure) => return Err(told(failure)),
            }
        }
        if selections.is_empty() {
            let problem =
                Diagnostic::error("no-pods", format!("no pods stand behind {}", self.title));
            return Err(problem.set("name a pod, or an object that makes pods").into());
        }
        Ok(selections)
    }
}

/// A failure of the API as people are told it.
pub(super) fn told(failure: infra_kube::Failure) -> Told {
    infra_provider::ProviderError::from(failure).into()
}

async fn open(deployment: &Deployment, address: &Address) -> Outcome<Cluster> {
    let cluster = Clients::new().cluster(&deployment.context, address).await?;
    cluster.ok_or_else(|| {
        let problem = Diagnostic::error("no-cluster", format!("there is no {address} yet"));
        problem.run("infra up").exit(ExitCode::Failed).into()
    })
}

/// The items of the stack that exist.
fn items(deployment: &Deployment) -> Vec<Record> {
    let knowledge = deployment.knowledge.lock();
    knowledge.records.values().filter(|record| record.kind == "manifests").cloned().collect()
}

/// The item that a text begins with, and what of it is meant beyond that.
fn named<'items>(
    items: &'items [Record],
    text: &str,
    cluster: Option<&str>,
) -> Outcome<Option<(&'items Record, Option<String>)>> {
    let mut found = Vec::new();
    for record in items {
        let whole = record.address.as_str();
        let Some((own, short)) = whole.split_once('/') else { continue };
        if cluster.is_some_and(|cluster| cluster != own) {
            continue;
        }
        for name in [whole, short] {
            match text.strip_prefix(name) {
                Some("") => found.push((record, None)),
                Some(rest) => {
                    let rest = rest.strip_prefix('/').map(str::to_owned);
                    found.extend(rest.map(|rest| (record, Some(rest))));
                }
                None => {}
            }
        }
    }
    match found.len() {
        0 | 1 => Ok(found.pop()),
        _ => {
            let names: Vec<_> = found.iter().map(|(record, _)| record.address.as_str()).collect();
            let problem = Diagnostic::error("ambiguous", format!("there are several `{text}`"));
            let help = format!("name one of {}", names.join(", "));
            Err(problem.set(help).exit(ExitCode::Invalid).into())
        }
    }
}

fn kind_of(word: &str) -> Option<(&'static str, &'static str)> {
    let word = word.to_ascii_lowercase();
    // `deployment.apps` is what `kubectl get -o name` prints.
    let plain = word.split('.').next().unwrap_or_default();
    let found = KINDS.iter().find(|(_, _, words)| words.contains(&plain))?;
    Some((found.0, found.1))
}

/// The namespace in which an item has an object of this kind and name; `default` if none has.
async fn namespace_of(
    cluster: &Cluster,
    items: &[Record],
    kind: &str,
    name: &str,
) -> Outcome<String> {
    let mut found = Vec::new();
    for record in items {
        let objects = Inventory::read(cluster, &record.address).await.map_err(told)?.objects;
        let same = objects.into_iter().filter(|object| object.kind == kind && object.name == name);
        found.extend(same.filter_map(|object| object.namespace));
    }
    found.sort();
    found.dedup();
    match found.as_slice() {
        [] => Ok("default".to_owned()),
        [one] => Ok(one.clone()),
        several => {
            let summary = format!("there is a {kind} `{name}` in several namespaces");
            let help = format!("choose one with --namespace: {}", several.join(", "));
            Err(Diagnostic::error("ambiguous", summary).set(help).exit(ExitCode::Invalid).into())
        }
    }
}

fn unknown(text: &str, items: &[Record]) -> Told {
    let names: Vec<&str> = items.iter().map(|record| record.address.as_str()).collect();
    let known = if names.is_empty() {
        "no item exists yet (`infra up` makes them)".to_owned()
    } else {
        format!("name an item ({}), or KIND/NAME such as deployment/web", names.join(", "))
    };
    let summary = format!("there is nothing called `{text}`");
    Diagnostic::error("not-found", summary).set(known).exit(ExitCode::Invalid).into()
}
