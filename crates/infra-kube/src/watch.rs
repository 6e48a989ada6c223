//! Watches: a collection is listed once, then every change comes by itself, also after the connection broke or the server forgot
//! where we were.
//!
//! Follows "Efficient detection of changes" of the Kubernetes API concepts: resume at the last resource version, take
//! bookmarks, list anew after 410.

use std::time::Duration;

use futures::StreamExt as _;
use futures::io::AsyncBufReadExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::{Cluster, Failure, Json};

/// What a watch tells.
#[derive(Debug)]
pub(crate) enum Told {
    /// All that is there.
    All(Vec<Json>),
    /// An object is there, or changed.
    Changed(Json),
    /// An object is gone.
    Gone(Json),
    /// The watch cannot go on.
    Failed(Failure),
}

/// Several watches, whose news arrive at one place. They end when this is dropped.
pub(crate) struct Watches {
    sender: mpsc::UnboundedSender<(usize, Told)>,
    receiver: mpsc::UnboundedReceiver<(usize, Told)>,
    tasks: JoinSet<()>,
}

impl Watches {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { sender, receiver, tasks: JoinSet::new() }
    }

    /// Watches the collection at `path`; its news bear `number`.
    pub(crate) fn add(&mut self, cluster: &Cluster, number: usize, path: String) {
        let (cluster, sender) = (cluster.clone(), self.sender.clone());
        self.tasks.spawn(async move {
            if let Err(failure) = follow(&cluster, number, &path, &sender).await {
                let _ = sender.send((number, Told::Failed(failure)));
            }
        });
    }

    /// Makes one piece of empty news, for who has nothing to watch.
    pub(crate) fn nothing(&self) {
        let _ = self.sender.send((usize::MAX, Told::All(Vec::new())));
    }

    /// The next news.
    pub(crate) async fn next(&mut self) -> Option<(usize, Told)> {
        self.receiver.recv().await
    }

    /// News that have arrived already.
    pub(crate) fn waiting(&mut self) -> Option<(usize, Told)> {
        self.receiver.try_recv().ok()
    }
}

/// The shortest time between two connections of one watch, in world time.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

type Sender = mpsc::UnboundedSender<(usize, Told)>;

/// Lists and follows until nobody listens, or the API refuses for good.
async fn follow(
    cluster: &Cluster,
    number: usize,
    path: &str,
    sender: &Sender,
) -> Result<(), Failure> {
    loop {
        let listing = cluster.list(path).await?;
        let mut version = listing.resource_version;
        if sender.send((number, Told::All(listing.items))).is_err() {
            return Ok(());
        }
        let mut pause = SHORTEST_PAUSE;
        loop {
            match follow_once(cluster, number, path, &mut version, sender).await {
                Ok(End::NobodyListens) => return Ok(()),
                Ok(End::Expired) => break,
                Ok(End::Closed { seen }) if seen => pause = SHORTEST_PAUSE,
                Ok(End::Closed { .. }) => pause = (pause * 2).min(LONGEST_PAUSE),
                Err(failure) if failure.code == 410 => break,
                Err(failure) if failure.is_passing() || failure.code == 401 => {
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(failure) => return Err(failure),
            }
            cluster.pause(pause, "watch").await?;
        }
    }
}

enum End {
    NobodyListens,
    /// The server no longer knows what happened since our version.
    Expired,
    /// The connection ended; whether anything had come by then.
    Closed {
        seen: bool,
    },
}

async fn follow_once(
    cluster: &Cluster,
    number: usize,
    path: &str,
    version: &mut String,
    sender: &Sender,
) -> Result<End, Failure> {
    let query = [
        ("watch", "true"),
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", version.as_str()),
        ("timeoutSeconds", "290"),
    ];
    let mut lines = cluster.stream(&format!("watch {path}"), path, &query).await?.lines();
    let mut seen = false;
    while let Some(Ok(line)) = lines.next().await {
        let Ok(mut event) = serde_json::from_str::<Json>(&line) else { break };
        let object = event.get_mut("object").map(Json::take).unwrap_or_default();
        if event.get("type").and_then(Json::as_str) == Some("ERROR") {
            let expired = object.get("code").and_then(Json::as_u64) == Some(410);
            return Ok(if expired { End::Expired } else { End::Closed { seen: false } });
        }
        seen = true;
        if let Some(newer) = object.pointer("/metadata/resourceVersion").and_then(Json::as_str) {
            newer.clone_into(version);
        }
        let told = match event.get("type").and_then(Json::as_str) {
            Some("ADDED" | "MODIFIED") => Told::Changed(object),
            Some("DELETED") => Told::Gone(object),
            _ => continue,
        };
        if sender.send((number, told)).is_err() {
            return Ok(End::NobodyListens);
        }
    }
    Ok(End::Closed { seen })
}
