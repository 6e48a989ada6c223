//! [`logs`]: what pods have printed, and what they go on printing.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt as _;
use futures::io::AsyncBufReadExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::pods::{PodSelection, containers, place_of, pods};
use crate::{Cluster, Failure, Json};

/// World time between two looks for new pods.
const LOOK: Duration = Duration::from_secs(2);

/// What of the logs.
#[derive(Clone, Debug, Default)]
pub struct LogOptions {
    /// Go on until all pods have ended.
    pub follow: bool,
    /// Only so many lines at the end.
    pub tail: Option<u32>,
    /// Only what is younger.
    pub since: Option<Duration>,
    /// Of the run before the present one of a container.
    pub previous: bool,
    /// Each line with the time at which it was printed.
    pub timestamps: bool,
    /// Only of the container of this name.
    pub container: Option<String>,
}

/// A line that a container has printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Namespace of the pod.
    pub namespace: String,
    /// Name of the pod.
    pub pod: String,
    /// Name of the container.
    pub container: String,
    /// The line, without its end.
    pub line: String,
}

/// Hands on what the pods have printed; gives how many containers were read. New pods, and containers that start again, are picked up while
/// following.
///
/// # Errors
/// When the API does not answer; without `follow` also when it refuses the logs of a container.
pub async fn logs(
    cluster: &Cluster,
    selections: &[PodSelection],
    options: &LogOptions,
    out: &mpsc::UnboundedSender<LogLine>,
) -> Result<usize, Failure> {
    if options.follow {
        return follow(cluster, selections, options, out).await;
    }
    let mut read = 0;
    for pod in pods(cluster, selections).await? {
        for container in wanted(&pod, options) {
            let source = Source::of(&pod, container);
            hand_on(cluster, &source, options, out).await?;
            read += 1;
        }
    }
    Ok(read)
}

fn wanted<'pod>(pod: &'pod Json, options: &LogOptions) -> Vec<&'pod str> {
    let mut names = containers(pod);
    let Some(wanted) = options.container.as_deref() else { return names };
    let initial = pod.pointer("/spec/initContainers").and_then(Json::as_array);
    names.extend(initial.into_iter().flatten().filter_map(|one| one.get("name")?.as_str()));
    names.retain(|name| *name == wanted);
    names
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Source {
    namespace: String,
    pod: String,
    container: String,
    /// The pod's identity and the number of the container's run: another one has a log of its own.
    run: (String, i64),
}

impl Source {
    fn of(pod: &Json, container: &str) -> Self {
        let (namespace, name) = place_of(pod);
        let uid = pod.pointer("/metadata/uid").and_then(Json::as_str).unwrap_or_default();
        let restarts = status_of(pod, container)
            .and_then(|status| status.get("restartCount")?.as_i64())
            .unwrap_or(0);
        Self {
            namespace: namespace.to_owned(),
            pod: name.to_owned(),
            container: container.to_owned(),
            run: (uid.to_owned(), restarts),
        }
    }
}

fn status_of<'pod>(pod: &'pod Json, container: &str) -> Option<&'pod Json> {
    ["/status/containerStatuses", "/status/initContainerStatuses"].iter().find_map(|pointer| {
        let all = pod.pointer(pointer)?.as_array()?;
        all.iter().find(|status| status.get("name").and_then(Json::as_str) == Some(container))
    })
}

/// Whether a container has begun to print, or may have.
fn has_begun(pod: &Json, container: &str) -> bool {
    let state = status_of(pod, container).and_then(|status| status.get("state"));
    state.is_some_and(|state| state.get("running").is_some() || state.get("terminated").is_some())
}

fn has_ended(pod: &Json) -> bool {
    matches!(pod.pointer("/status/phase").and_then(Json::as_str), Some("Succeeded" | "Failed"))
}

async fn follow(
    cluster: &Cluster,
    selections: &[PodSelection],
    options: &LogOptions,
    out: &mpsc::UnboundedSender<LogLine>,
) -> Result<usize, Failure> {
    let mut tasks = JoinSet::new();
    let mut known: BTreeMap<Source, ()> = BTreeMap::new();
    loop {
        let present = pods(cluster, selections).await?;
        for pod in &present {
            for container in wanted(pod, options).into_iter().filter(|it| has_begun(pod, it)) {
                let source = Source::of(pod, container);
                if known.insert(source.clone(), ()).is_some() {
                    continue;
                }
                let (cluster, options, out) = (cluster.clone(), options.clone(), out.clone());
                // One that cannot be read must not end the others.
                tasks
                    .spawn(async move { hand_on(&cluster, &source, &options, &out).await.is_ok() });
            }
        }
        if !present.is_empty() && present.iter().all(has_ended) {
            while tasks.join_next().await.is_some() {}
            return Ok(known.len());
        }
        while tasks.try_join_next().is_some() {}
        if out.is_closed() {
            return Ok(known.len());
        }
        cluster.pause(LOOK, "follow logs").await?;
    }
}

async fn hand_on(
    cluster: &Cluster,
    source: &Source,
    options: &LogOptions,
    out: &mpsc::UnboundedSender<LogLine>,
) -> Result<(), Failure> {
    let path = format!("/api/v1/namespaces/{}/pods/{}/log", source.namespace, source.pod);
    let mut query = vec![("container", source.container.clone())];
    let mut put = |is: bool, key: &'static str| {
        if is {
            query.push((key, "true".to_owned()));
        }
    };
    put(options.follow, "follow");
    put(options.previous, "previous");
    put(options.timestamps, "timestamps");
    query.extend(options.tail.map(|lines| ("tailLines", lines.to_string())));
    query.extend(options.since.map(|age| ("sinceSeconds", age.as_secs().max(1).to_string())));
    let query: Vec<(&str, &str)> =
        query.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let operation = format!("read the logs of {}/{}", source.namespace, source.pod);
    let mut lines = cluster.stream(&operation, &path, &query).await?.lines();
    while let Some(Ok(line)) = lines.next().await {
        let line = LogLine {
            namespace: source.namespace.clone(),
            pod: source.pod.clone(),
            container: source.container.clone(),
            line,
        };
        if out.send(line).is_err() {
            break;
        }
    }
    Ok(())
}
