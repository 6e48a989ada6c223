//! [`Push`]: blobs first, several at a time, then manifests, each after those that it names, the tag with the last.

use std::sync::atomic::{AtomicU64, Ordering};

use futures::stream::{self, StreamExt, TryStreamExt};
use infra_provider::{Context, ErrorKind, ProviderError};
use sha2::{Digest, Sha256};

use crate::expand::size;
use crate::layout::{Blob, Layout};
use crate::registry::{Place, Session};

/// How many blobs go up at a time.
const AT_ONCE: usize = 4;

/// A layout on its way to a registry.
pub(super) struct Push<'run> {
    pub(super) context: &'run Context,
    pub(super) place: &'run Place,
    pub(super) layout: &'run Layout,
    /// Whether the tag must not stand for anything else yet.
    pub(super) new: bool,
}

impl Push<'_> {
    /// Pushes what is not there yet, with one login.
    pub(super) async fn run(&self) -> Result<(), ProviderError> {
        let session = Session::open(self.context, self.place, true).await?.ok_or_else(|| {
            let message = format!("{} does not exist", self.place.registry);
            ProviderError::new(ErrorKind::NotFound, "log in to the registry", message)
                .set("run `infra plan`: the registry may have been deleted behind our back")
        })?;
        session.authorize(self.context).await?;
        let there = session.digest(self.context).await?;
        if there.as_deref() == Some(self.layout.digest()) {
            self.context.progress.message("the registry has this image already");
            return Ok(());
        }
        if self.new
            && let Some(other) = there
        {
            return Err(self.taken(&other));
        }
        let progress = Sent { bytes: AtomicU64::new(0), total: self.layout.size() };
        let (session_ref, progress_ref) = (&session, &progress);
        stream::iter(self.layout.blobs.clone())
            .map(|blob| async move { self.push_blob(session_ref, &blob, progress_ref).await })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        let last = self.layout.documents.len().saturating_sub(1);
        for (place, document) in self.layout.documents.iter().enumerate() {
            session.put(self.context, document, place == last).await?;
        }
        Ok(())
    }

    fn taken(&self, other: &str) -> ProviderError {
        let Place { repository, tag, .. } = self.place;
        let message = format!("{repository}:{tag} is another image there ({other})");
        ProviderError::new(ErrorKind::AlreadyExists, "push the image", message)
            .set("give the image another `tag`, or delete that tag if nobody needs it")
    }

    async fn push_blob(
        &self,
        session: &Session,
        blob: &Blob,
        sent: &Sent,
    ) -> Result<(), ProviderError> {
        let context = self.context;
        if session.has_blob(context, blob).await? {
            context.progress.message(format!(
                "{} are there already; {}",
                size(blob.size),
                sent.add(blob)
            ));
            return Ok(());
        }
        check(context, blob).await?;
        session.push_blob(context, blob).await?;
        context.progress.message(sent.add(blob));
        Ok(())
    }
}

/// How far the push is.
struct Sent {
    bytes: AtomicU64,
    total: u64,
}

impl Sent {
    fn add(&self, blob: &Blob) -> String {
        let before = self.bytes.fetch_add(blob.size, Ordering::Relaxed);
        format!("{} of {}", size(before + blob.size), size(self.total))
    }
}

/// Compares a blob with its digest before it is sent: the registry would only say that something is wrong.
async fn check(context: &Context, blob: &Blob) -> Result<(), ProviderError> {
    let operation = "check a layer";
    let path = blob.path.clone();
    let hashing = tokio::task::spawn_blocking(move || -> std::io::Result<String> {
        let mut file = std::fs::File::open(path)?;
        let mut hash = Sha256::new();
        std::io::copy(&mut file, &mut hash)?;
        Ok(format!("sha256:{}", hex::encode(hash.finalize())))
    });
    let _busy = context.clock.busy();
    let problem = |message: String| {
        ProviderError::new(ErrorKind::Invalid, operation, message)
            .set("the layout is damaged: write it anew, then plan again")
    };
    let found = hashing
        .await
        .map_err(|error| problem("reading it was cut off".into()).source(error))?
        .map_err(|error| {
            problem(format!("{} cannot be read", blob.path.display())).source(error)
        })?;
    if found == blob.digest {
        return Ok(());
    }
    Err(problem(format!("{} has the digest {found}", blob.path.display())))
}
