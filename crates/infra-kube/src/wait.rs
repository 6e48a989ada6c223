//! [`wait_ready`]: waits by watch until a set of objects is ready, says what is missing and why, and ends at once when waiting
//! cannot help.

use std::collections::BTreeMap;
use std::time::Duration;

use infra_provider::{ErrorKind, ProviderError};

use crate::blocked::{self, Cause};
use crate::follow::{PodLogs, is_of_job};
use crate::readiness::{Readiness, readiness, takes_time};
use crate::watch::{Told, Watches};
use crate::{Cluster, Failure, Json, ObjectRef, kinds};

/// How to wait.
#[derive(Clone, Copy, Debug)]
pub struct WaitOptions {
    /// World time after which the wait is given up.
    pub timeout: Duration,
}

/// The objects of one collection, as a watch tells them.
struct Collection {
    wanted: Vec<ObjectRef>,
    live: Option<BTreeMap<String, Json>>,
}

struct Waiting<'wait> {
    cluster: &'wait Cluster,
    watches: Watches,
    collections: Vec<Collection>,
    /// Namespace to the numbers of the watches of its pods and events.
    surroundings: BTreeMap<String, (usize, usize)>,
    pods: BTreeMap<usize, BTreeMap<String, Json>>,
    /// Whether an event came while we watched, or was there before, and the event.
    events: BTreeMap<usize, BTreeMap<String, (bool, Json)>>,
    said: Option<(String, Option<String>)>,
    /// What the pods of the Jobs among the objects print.
    logs: PodLogs,
}

/// What is still missing.
struct Missing {
    object: ObjectRef,
    reason: String,
}

/// Waits until all objects are ready; gives the live state of those whose kind takes time.
///
/// # Errors
/// When one has failed for good, or something stands in its way that waiting does not remove; when the time is over; when the
/// run is cancelled.
pub async fn wait_ready(
    cluster: &Cluster,
    objects: &[ObjectRef],
    options: WaitOptions,
) -> Result<BTreeMap<ObjectRef, Json>, ProviderError> {
    let mut waiting = Waiting::start(cluster, objects).await?;
    let deadline = cluster.context().clock.now() + options.timeout;
    loop {
        let news = tokio::select! {
            news = waiting.watches.next() => news,
            () = cluster.context().clock.sleep_until(deadline), if !waiting.collections.is_empty() => {
                return Err(waiting.too_late(options.timeout));
            }
            () = cluster.context().cancel.cancelled() => {
                return Err(ProviderError::cancelled("wait until it is ready"));
            }
        };
        if let Some((number, told)) = news {
            waiting.take(number, told)?;
        }
        while let Some((number, told)) = waiting.watches.waiting() {
            waiting.take(number, told)?;
        }
        match waiting.look().await {
            Ok(None) => {}
            Ok(Some(live)) => {
                waiting.logs.finish().await;
                return Ok(live);
            }
            Err(error) => {
                waiting.logs.finish().await;
                return Err(error);
            }
        }
    }
}

impl<'wait> Waiting<'wait> {
    async fn start(cluster: &'wait Cluster, objects: &[ObjectRef]) -> Result<Self, ProviderError> {
        let mut waiting = Self {
            cluster,
            watches: Watches::new(),
            collections: Vec::new(),
            surroundings: BTreeMap::new(),
            pods: BTreeMap::new(),
            events: BTreeMap::new(),
            said: None,
            logs: PodLogs::new(cluster),
        };
        let mut by_path: BTreeMap<String, Vec<ObjectRef>> = BTreeMap::new();
        for object in objects {
            if takes_time(&object.kind, kinds::builtin(object).is_some()) {
                let resource = cluster.resource(object).await?;
                let path = resource.collection(object.namespace.as_deref());
                by_path.entry(path).or_default().push(object.clone());
            }
        }
        for (path, wanted) in by_path {
            waiting.watches.add(cluster, waiting.collections.len(), path);
            waiting.collections.push(Collection { wanted, live: None });
        }
        if waiting.collections.is_empty() {
            // Nothing takes time: one look, without news, ends the wait.
            waiting.watches.nothing();
        }
        Ok(waiting)
    }

    fn take(&mut self, number: usize, told: Told) -> Result<(), ProviderError> {
        if let Some(collection) = self.collections.get_mut(number) {
            let live = collection.live.get_or_insert_default();
            if let Some(object) = put(live, told)? {
                live.insert(name_of(&object), object);
            }
            // Items of a listing do not say of which kind they are.
            for object in &collection.wanted {
                if let Some(live) = live.get_mut(&object.name) {
                    live["apiVersion"] = object.api_version.clone().into();
                    live["kind"] = object.kind.clone().into();
                }
            }
        } else if self.surroundings.values().any(|(pods, _)| *pods == number) {
            let pods = self.pods.entry(number).or_default();
            // Who may not see pods or events still can wait.
            if let Ok(Some(pod)) = put(pods, told) {
                pods.insert(name_of(&pod), pod);
            }
            self.print_jobs(number);
        } else {
            let events = self.events.entry(number).or_default();
            match told {
                Told::All(all) => {
                    let old = all.into_iter().map(|event| (name_of(&event), (false, event)));
                    *events = old.collect();
                }
                Told::Changed(event) => {
                    events.insert(name_of(&event), (true, event));
                }
                Told::Gone(event) => {
                    events.remove(&name_of(&event));
                }
                Told::Failed(_) => {}
            }
        }
        Ok(())
    }

    /// Follows the logs of the pods of Jobs that are waited for.
    fn print_jobs(&mut self, number: usize) {
        let place = self.surroundings.iter().find(|(_, (pods, _))| *pods == number);
        let Some((namespace, _)) = place else { return };
        let jobs = self.collections.iter().flat_map(|collection| &collection.wanted);
        let jobs = jobs
            .filter(|object| object.kind == "Job" && object.namespace.as_ref() == Some(namespace));
        let pods = self.pods.get(&number).into_iter().flat_map(BTreeMap::values);
        for job in jobs {
            for pod in pods.clone().filter(|pod| is_of_job(pod, &job.name)) {
                self.logs.pod(namespace, pod);
            }
        }
    }

    /// Looks whether all is ready; gives the live objects then.
    async fn look(&mut self) -> Result<Option<BTreeMap<ObjectRef, Json>>, ProviderError> {
        if self.collections.iter().any(|collection| collection.live.is_none()) {
            return Ok(None);
        }
        let mut missing = self.missing()?;
        if missing.iter().all(|missing| missing.object.kind == "PersistentVolumeClaim") {
            let mut still = Vec::new();
            for one in missing {
                if !self.binds_later(&one.object).await? {
                    still.push(one);
                }
            }
            missing = still;
        }
        if missing.is_empty() {
            return Ok(Some(self.live()));
        }
        self.watch_surroundings(&missing).await?;
        let cause = self.cause(&missing);
        if let Some(cause) = cause.as_ref().filter(|cause| cause.terminal) {
            return Err(self.terminal(cause).await);
        }
        self.say(&missing, cause);
        Ok(None)
    }

    fn missing(&self) -> Result<Vec<Missing>, ProviderError> {
        let mut missing = Vec::new();
        for (object, live) in self.objects() {
            let reason = match live.map(readiness) {
                Some(Readiness::Ready) => continue,
                Some(Readiness::Pending(reason)) => reason,
                Some(Readiness::Failed(reason)) => return Err(self.failed(object, &reason)),
                None => "it is not there".to_owned(),
            };
            missing.push(Missing { object: object.clone(), reason });
        }
        Ok(missing)
    }

    fn objects(&self) -> impl Iterator<Item = (&ObjectRef, Option<&Json>)> {
        self.collections.iter().flat_map(|collection| {
            collection.wanted.iter().map(|object| {
                (object, collection.live.as_ref().and_then(|live| live.get(&object.name)))
            })
        })
    }

    fn live(&self) -> BTreeMap<ObjectRef, Json> {
        self.objects().filter_map(|(object, live)| Some((object.clone(), live?.clone()))).collect()
    }

    /// Whether a claim is only waiting for its first consumer.
    async fn binds_later(&self, claim: &ObjectRef) -> Result<bool, ProviderError> {
        let live = self.objects().find(|(object, _)| *object == claim).and_then(|(_, live)| live);
        let Some(live) = live else { return Ok(false) };
        let pending = live.pointer("/status/phase").and_then(Json::as_str) == Some("Pending");
        Ok(pending && binds_at_first_consumer(self.cluster, live).await?)
    }

    /// Watches pods and events of the namespaces in which something is missing.
    async fn watch_surroundings(&mut self, missing: &[Missing]) -> Result<(), ProviderError> {
        for namespace in missing.iter().filter_map(|missing| missing.object.namespace.as_deref()) {
            if self.surroundings.contains_key(namespace) {
                continue;
            }
            // Numbers after those of the collections.
            let number = self.collections.len() + 2 * self.surroundings.len();
            self.surroundings.insert(namespace.to_owned(), (number, number + 1));
            let root = format!("/api/v1/namespaces/{namespace}");
            self.watches.add(self.cluster, number, format!("{root}/pods"));
            self.watches.add(self.cluster, number + 1, format!("{root}/events"));
        }
        Ok(())
    }

    /// What stands in the way of what is missing; a terminal cause before any other.
    fn cause(&self, missing: &[Missing]) -> Option<Cause> {
        let mut found: Option<Cause> = None;
        for one in missing {
            for cause in self.causes(&one.object) {
                if cause.terminal {
                    return Some(cause);
                }
                found = found.or(Some(cause));
            }
        }
        found
    }

    fn causes(&self, object: &ObjectRef) -> Vec<Cause> {
        let live = self.objects().find(|(other, _)| *other == object).and_then(|(_, live)| live);
        let numbers = object.namespace.as_ref().and_then(|name| self.surroundings.get(name));
        let (Some(live), Some((pods, events))) = (live, numbers) else { return Vec::new() };
        let mut causes: Vec<Cause> = blocked::of_workload(live).into_iter().collect();
        let pods = self.pods.get(pods).into_iter().flat_map(BTreeMap::values);
        let ours: Vec<&Json> = pods.filter(|pod| belongs(pod, object, live)).collect();
        causes.extend(ours.iter().filter_map(|pod| blocked::of_pod(pod)));
        for (fresh, event) in self.events.get(events).into_iter().flat_map(BTreeMap::values) {
            let about = event.pointer("/involvedObject/name").and_then(Json::as_str);
            let about = about.unwrap_or_default();
            let mine = about == object.name
                || about.strip_prefix(&object.name).is_some_and(|rest| rest.starts_with('-'))
                || ours.iter().any(|pod| name_of(pod) == about);
            if let Some(mut cause) = blocked::of_event(event).filter(|_| mine) {
                // What was told before we watched may be over.
                cause.terminal &= *fresh;
                causes.push(cause);
            }
        }
        causes
    }

    fn say(&mut self, missing: &[Missing], cause: Option<Cause>) {
        let mut lines: Vec<String> = missing
            .iter()
            .take(3)
            .map(|missing| format!("{}: {}", short(&missing.object), missing.reason))
            .collect();
        if missing.len() > 3 {
            lines.push(format!("and {} more", missing.len() - 3));
        }
        let said = (lines.join("; "), cause.map(|cause| cause.text));
        if self.said.as_ref() != Some(&said) {
            self.cluster.context().progress.waiting(said.0.clone(), said.1.clone());
            self.said = Some(said);
        }
    }

    async fn terminal(&self, cause: &Cause) -> ProviderError {
        let mut message = cause.text.clone();
        if let Some((pod, container)) = &cause.logs {
            let namespaces = self.surroundings.iter();
            let holds =
                |number: &usize| self.pods.get(number).is_some_and(|pods| pods.contains_key(pod));
            for (namespace, _) in namespaces.filter(|(_, (pods, _))| holds(pods)) {
                let lines = self.cluster.last_lines(namespace, pod, container).await;
                for line in &lines {
                    self.cluster.context().progress.log(format!("pod/{pod}"), line.clone());
                }
                if let Some(last) = lines.last() {
                    message = format!("{message}; its last line: {last}");
                }
            }
        }
        ProviderError::new(cause.kind, "wait until it is ready", message).next(cause.next.clone())
    }

    fn failed(&self, object: &ObjectRef, reason: &str) -> ProviderError {
        let cause = self.causes(object).into_iter().next();
        let message = match &cause {
            Some(cause) => format!("{} failed: {reason}; {}", short(object), cause.text),
            None => format!("{} failed: {reason}", short(object)),
        };
        let error = ProviderError::new(ErrorKind::Failed, "wait until it is ready", message);
        match cause {
            Some(cause) => error.next(cause.next),
            None => {
                error.set(format!("see the status of {} and correct its manifest", short(object)))
            }
        }
    }

    fn too_late(&self, timeout: Duration) -> ProviderError {
        let (reason, blocked) = self.said.clone().unwrap_or(("no answer".into(), None));
        let because = blocked.map_or(String::new(), |blocked| format!("; {blocked}"));
        let message = format!("not ready after {} s: {reason}{because}", timeout.as_secs());
        let missing = self.missing().unwrap_or_default();
        let mut error = ProviderError::new(ErrorKind::TimedOut, "wait until it is ready", message);
        if let Some(cause) = self.cause(&missing) {
            error = error.next(cause.next);
        }
        error.set("or give it more time: `timeout` of the item")
    }
}

/// Whether a claim without a volume only waits for its first consumer: nothing is missing then.
///
/// # Errors
/// When the API does not answer.
pub async fn binds_at_first_consumer(cluster: &Cluster, claim: &Json) -> Result<bool, Failure> {
    let class = claim.pointer("/spec/storageClassName").and_then(Json::as_str);
    let Some(class) = class.filter(|class| !class.is_empty()) else { return Ok(false) };
    let class = ObjectRef::new("storage.k8s.io/v1", "StorageClass", None, class);
    let found = cluster.get(&class).await?.unwrap_or_default();
    let mode = found.get("volumeBindingMode").and_then(Json::as_str);
    Ok(mode == Some("WaitForFirstConsumer"))
}

/// Takes what a watch tells into a map by name; gives an object that is there or changed.
fn put(live: &mut BTreeMap<String, Json>, told: Told) -> Result<Option<Json>, ProviderError> {
    match told {
        Told::All(all) => {
            *live = all.into_iter().map(|object| (name_of(&object), object)).collect();
            Ok(None)
        }
        Told::Changed(object) => Ok(Some(object)),
        Told::Gone(object) => {
            live.remove(&name_of(&object));
            Ok(None)
        }
        Told::Failed(failure) => Err(failure.into()),
    }
}

pub(crate) fn name_of(object: &Json) -> String {
    object.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default().to_owned()
}

/// `Kind namespace/name`, for sentences.
fn short(object: &ObjectRef) -> String {
    match &object.namespace {
        Some(namespace) => format!("{} {namespace}/{}", object.kind, object.name),
        None => format!("{} {}", object.kind, object.name),
    }
}

/// Whether a pod is of the present template of a workload: pods of an earlier rollout do not count.
fn belongs(pod: &Json, object: &ObjectRef, workload: &Json) -> bool {
    if object.kind == "Pod" {
        return name_of(pod) == object.name;
    }
    let owners = pod.pointer("/metadata/ownerReferences").and_then(Json::as_array);
    let owned = owners.into_iter().flatten().any(|owner| {
        owner.get("kind").and_then(Json::as_str) == Some(&object.kind)
            && owner.get("name").and_then(Json::as_str) == Some(&object.name)
    });
    let labels = pod.pointer("/metadata/labels");
    let selector = workload.pointer("/spec/selector/matchLabels").and_then(Json::as_object);
    let selected = selector.is_some_and(|selector| {
        !selector.is_empty()
            && selector
                .iter()
                .all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
    });
    (owned || selected) && same_template(pod, workload)
}

fn same_template(pod: &Json, workload: &Json) -> bool {
    let containers = |value: &Json, pointer: &str| {
        value.pointer(pointer).and_then(Json::as_array).cloned().unwrap_or_default()
    };
    let inside = containers(pod, "/spec/containers");
    containers(workload, "/spec/template/spec/containers").iter().all(|wanted| {
        let name = wanted.get("name");
        inside.iter().find(|container| container.get("name") == name).is_none_or(|container| {
            ["image", "command", "args", "env"]
                .iter()
                .all(|field| container.get(*field) == wanted.get(*field))
        })
    })
}

impl Cluster {
    /// The last lines of a container, of its earlier run if it has crashed; none if they cannot be had.
    pub(crate) async fn last_lines(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
    ) -> Vec<String> {
        use futures::io::AsyncReadExt as _;
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/log");
        for previous in ["true", "false"] {
            let query = [("container", container), ("tailLines", "10"), ("previous", previous)];
            let read = async {
                let mut stream = self.stream("read logs", &path, &query).await?;
                let mut text = Vec::new();
                let _ = stream.read_to_end(&mut text).await;
                Ok::<_, Failure>(String::from_utf8_lossy(&text).into_owned())
            };
            // Logs are a help, not a need: whatever keeps them away must not hide the cause itself.
            let limit = tokio::time::timeout(Duration::from_secs(10), read).await;
            if let Ok(Ok(text)) = limit
                && !text.trim().is_empty()
            {
                return text.lines().map(str::to_owned).collect();
            }
        }
        Vec::new()
    }
}
