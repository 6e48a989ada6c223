//! `image`: an OCI layout in a registry, under a tag. What is there is told by the digest.

mod push;

use std::path::Path;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use infra_plan::{Address, Change, Field, IdentityClass, Kind, Observed, Readiness, Value};
use infra_provider::{Context, Created, ErrorKind, Goal, ProviderError, Resource, Subject, decode};
use infra_spec::FileReader;
use serde::Deserialize;

use crate::layout::Layout;
use crate::registry::{Place, Session, name};

/// The kind.
pub(crate) static KIND: Kind = Kind {
    name: "image",
    fields: &[
        Field::at_create("name"),
        Field::replace("registry"),
        Field::replace("registry_id"),
        Field::replace("host"),
        Field::replace("path"),
        Field::replace("repository"),
        Field::replace("tag"),
        Field::update("digest"),
        Field::at_create("layout"),
    ],
    identity: IdentityClass::PutById,
    protected: false,
    waits: false,
    exclusive_within: None,
    dies_with: Some("registry_id"),
    expected_seconds: 20.0,
};

#[derive(Deserialize)]
struct Inputs {
    registry: Address,
    repository: String,
    tag: String,
    digest: String,
    layout: String,
}

impl Inputs {
    fn place(&self) -> Place {
        Place {
            registry: self.registry.clone(),
            repository: self.repository.clone(),
            tag: self.tag.clone(),
        }
    }
}

/// The kind `image`: pushes OCI layouts.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImageResource {}

/// Layouts are read from disk at the time of the push.
struct Disk;

impl FileReader for Disk {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}

impl ImageResource {
    async fn look(
        &self,
        context: &Context,
        subject: &Subject,
    ) -> Result<Option<Observed>, ProviderError> {
        let inputs: Inputs = decode(&subject.inputs)?;
        let Some(session) = Session::open(context, &inputs.place(), false).await? else {
            return Ok(None);
        };
        let Some(digest) = session.digest(context).await? else { return Ok(None) };
        let mut fields = subject.inputs.clone();
        if let Value::Map(fields) = &mut fields {
            fields.insert("digest".into(), Value::from(digest.as_str()));
        }
        Ok(Some(Observed {
            id: id(&subject.inputs),
            outputs: outputs(&subject.inputs, &digest),
            fields,
            readiness: Readiness::Ready,
            // A tag that stands for just this image may be taken for ours; any other is somebody else's.
            ours: subject.id.is_some() || digest == inputs.digest,
            rows: None,
            remarks: Vec::new(),
        }))
    }

    /// Pushes the layout; `new` if the tag must not stand for anything else.
    async fn push(
        &self,
        context: &Context,
        subject: &Subject,
        new: bool,
    ) -> Result<Value, ProviderError> {
        let inputs: Inputs = decode(&subject.inputs)?;
        let layout = read(&inputs).await?;
        let place = inputs.place();
        let job = push::Push { context, place: &place, layout: &layout, new };
        let pushed = match job.run().await {
            // A login can expire while layers go up; what is there already is not sent again.
            Err(error) if error.kind == ErrorKind::Unauthenticated => job.run().await,
            result => result,
        };
        pushed.map(|()| outputs(&subject.inputs, layout.digest()))
    }
}

/// The layout as it is now, which must still be the one that was planned.
async fn read(inputs: &Inputs) -> Result<Layout, ProviderError> {
    let operation = "read the image's layout";
    let (folder, tag) = (inputs.layout.clone(), inputs.tag.clone());
    let reading =
        tokio::task::spawn_blocking(move || Layout::read(Path::new(&folder), &tag, &Disk));
    let result = reading.await.map_err(|error| {
        ProviderError::new(ErrorKind::Unexpected, operation, "reading it was cut off").source(error)
    })?;
    let layout = result.map_err(|error| {
        ProviderError::new(ErrorKind::Invalid, operation, error.to_string())
            .set(error.next_step(&inputs.layout, &inputs.tag))
    })?;
    if layout.digest() == inputs.digest {
        return Ok(layout);
    }
    let message = format!(
        "{} holds {} now, and {} was planned",
        inputs.layout,
        layout.digest(),
        inputs.digest
    );
    Err(ProviderError::new(ErrorKind::Conflict, operation, message)
        .set("plan again: the layout was written anew since the plan was made"))
}

fn id(inputs: &Value) -> String {
    format!("{}:{}", name(inputs), inputs.text_at("tag").unwrap_or_default())
}

/// `reference` (host/path/repository:tag), `digest`, and `pinned` (the reference with the digest), which pods should name.
fn outputs(inputs: &Value, digest: &str) -> Value {
    let reference = id(inputs);
    Value::map([
        ("pinned", Value::from(format!("{reference}@{digest}"))),
        ("repository", Value::from(name(inputs))),
        ("digest", Value::from(digest)),
        ("reference", Value::from(reference)),
    ])
}

impl Resource for ImageResource {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        self.look(context, subject).boxed()
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        async move {
            let outputs = self.push(context, subject, true).await?;
            Ok(Created { id: id(&subject.inputs), outputs })
        }
        .boxed()
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        _changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        self.push(context, subject, false).boxed()
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        async move {
            let inputs: Inputs = decode(&subject.inputs)?;
            let place = inputs.place();
            let Some(session) = Session::open(context, &place, true).await? else {
                return Ok(());
            };
            if !session.delete(context).await? {
                context.progress.message(format!(
                    "{} does not delete tags: {} goes with its registry",
                    inputs.registry,
                    id(&subject.inputs)
                ));
            }
            Ok(())
        }
        .boxed()
    }

    /// A push is done when it returns, and a deletion as well.
    fn wait<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        async move {
            if goal == Goal::Gone {
                return Ok(Value::Null);
            }
            match self.look(context, subject).await? {
                Some(seen) => Ok(seen.outputs),
                None => Err(ProviderError::new(
                    ErrorKind::NotFound,
                    "look for the image",
                    "the registry does not have it",
                )
                .set("run the command again: it is pushed anew")),
            }
        }
        .boxed()
    }

    /// What is sent is named by its digest; only the last request moves the tag.
    fn call_limit(&self) -> Duration {
        Duration::from_secs(45)
    }
}
