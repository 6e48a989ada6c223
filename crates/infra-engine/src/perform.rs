//! One operation: intent, deed, outcome. What is of unknown outcome is looked at before it is tried again (rule P-11).

use std::sync::Arc;

use infra_event::{Action, Body, Diagnostic, Endpoint, OperationOutcome};
use infra_plan::{IdentityClass, Operation, Record, Value, resolve};
use infra_provider::{Context, Created, ErrorKind, Goal, ProviderError, Resource, Retry, Subject};

use crate::{Entry, Executor, Intent, LedgerError};

/// How often a creation of unknown outcome is tried again when nothing was found.
const TRIES: u32 = 3;

/// What came of an operation.
pub(crate) struct Performed {
    pub(crate) outcome: OperationOutcome,
    pub(crate) diagnostic: Option<Diagnostic>,
}

/// Why an operation did not succeed.
enum Failure {
    Provider(ProviderError),
    Ledger(LedgerError),
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// One operation, about to run.
pub(crate) struct Task {
    pub(crate) executor: Executor,
    pub(crate) operation: Operation,
    /// Whether no later operation of the plan is about the same resource.
    pub(crate) settles: bool,
    pub(crate) context: Context,
}

impl Task {
    /// Runs it and tells the listeners.
    pub(crate) async fn run(self) -> Performed {
        let id = self.operation.id.0;
        self.context.progress.emit(Body::OperationStarted { operation: id });
        let started = self.context.clock.now();
        let performed = match self.attempt().await {
            Ok(()) => Performed { outcome: OperationOutcome::Succeeded, diagnostic: None },
            Err(failure) => self.failed(failure),
        };
        let seconds = self.context.clock.now().since(started).as_secs_f64();
        self.context.progress.emit(Body::OperationFinished {
            operation: id,
            outcome: performed.outcome,
            seconds,
            diagnostic: performed.diagnostic.clone(),
        });
        performed
    }

    fn failed(&self, failure: Failure) -> Performed {
        let diagnostic = match failure {
            Failure::Provider(error) if error.kind == ErrorKind::Cancelled => {
                return Performed { outcome: OperationOutcome::Cancelled, diagnostic: None };
            }
            Failure::Provider(error) => error.to_diagnostic(),
            Failure::Ledger(LedgerError(diagnostic)) => diagnostic,
        };
        let diagnostic = Some(diagnostic.about(&self.operation.address));
        Performed { outcome: OperationOutcome::Failed, diagnostic }
    }

    async fn attempt(&self) -> Result<(), Failure> {
        if self.operation.action == Action::Forget {
            return self.remove().await;
        }
        let (instance, kind) = (&self.operation.provider, &self.operation.kind);
        let resource = self.executor.fleet.resource(instance, kind).ok_or_else(|| {
            let message = format!("no provider `{instance}` knows the kind `{kind}`");
            ProviderError::new(ErrorKind::Unsupported, "find the provider", message)
        })?;
        let subject = self.subject()?;
        match self.operation.action {
            Action::Create => self.create(&resource, subject).await,
            Action::Adopt => self.adopt(&resource, subject).await,
            Action::Update => self.update(&resource, subject).await,
            Action::Wait => self.wait(&resource, subject).await,
            Action::Delete => self.delete(&resource, subject).await,
            Action::Read | Action::Replace | Action::Forget => Ok(()),
        }
    }

    /// The resource with all inputs bound.
    fn subject(&self) -> Result<Subject, ProviderError> {
        let knowledge = self.executor.knowledge.lock();
        let record = knowledge.records.get(&self.operation.address);
        let inputs = resolve(&self.operation.inputs, &|reference| knowledge.output(reference));
        if self.operation.action != Action::Delete && !inputs.is_known() {
            let missing = self.operation.inputs.references().into_iter().find(|reference| {
                knowledge.output(reference).is_none_or(|value| !value.is_known())
            });
            let message = missing.map_or_else(
                || "an input is not known".to_owned(),
                |reference| format!("{reference} is not known, though it should be by now"),
            );
            return Err(ProviderError::new(ErrorKind::Unexpected, "bind the inputs", message)
                .set("run `infra plan`: what it refers to may have been deleted behind our back"));
        }
        let recorded = record.map(|record| record.id.clone());
        let replaced = self.operation.action == Action::Create;
        Ok(Subject {
            address: self.operation.address.clone(),
            // The plan was made for what was seen; the record may tell of something older.
            id: if replaced { None } else { self.operation.prior_id.clone().or(recorded) },
            inputs,
            prior: record.map(|record| record.inputs.clone()),
        })
    }

    async fn intend(
        &self,
        resource: &Arc<dyn Resource>,
        subject: &Subject,
        listing_before: Option<Value>,
    ) -> Result<(), Failure> {
        let intent = Intent {
            run: self.executor.run.clone(),
            address: self.operation.address.clone(),
            kind: self.operation.kind.clone(),
            provider: self.operation.provider.clone(),
            action: self.operation.action,
            inputs: subject.inputs.clone(),
            ownership: self.operation.ownership,
            depends_on: self.operation.depends_on.clone(),
            listing_before,
        };
        self.append(Entry::Intended { intent }).await?;
        self.executor.ledger.ensure_outlives(resource.call_limit()).await?;
        Ok(())
    }

    async fn append(&self, entry: Entry) -> Result<(), LedgerError> {
        // The journal is written on a thread of its own; world time must not run meanwhile.
        let _busy = self.context.clock.busy();
        self.executor.ledger.append(entry.clone()).await?;
        self.executor.knowledge.lock().take(entry);
        Ok(())
    }

    async fn record(
        &self,
        subject: &Subject,
        id: String,
        outputs: Value,
    ) -> Result<(), LedgerError> {
        let record = Record {
            address: self.operation.address.clone(),
            kind: self.operation.kind.clone(),
            provider: self.operation.provider.clone(),
            id,
            inputs: subject.inputs.clone(),
            outputs,
            ownership: self.operation.ownership,
            depends_on: self.operation.depends_on.clone(),
            protected: self.operation.protected,
            objects: self.operation.rows.iter().map(|row| row.address.clone()).collect(),
        };
        if self.settles {
            self.publish_endpoints(&record.outputs);
        }
        self.append(Entry::Recorded { record }).await
    }

    async fn create(&self, resource: &Arc<dyn Resource>, subject: Subject) -> Result<(), Failure> {
        let unsettled = self.executor.knowledge.lock().unsettled.get(&subject.address).cloned();
        let mut before = unsettled.and_then(|intent| intent.listing_before);
        if let Some(listing) = &before
            && let Some(id) = resource.settle(&self.context, &subject, listing).await?
        {
            return Ok(self.record(&subject, id, Value::Null).await?);
        }
        if before.is_none() && resource.kind().identity == IdentityClass::Unmarkable {
            before = resource.listing_before(&self.context, &subject).await?;
        }
        self.intend(resource, &subject, before.clone()).await?;
        let created = self.create_once(resource, &subject, before.as_ref()).await;
        match created {
            Ok(created) => Ok(self.record(&subject, created.id, created.outputs).await?),
            Err(error) => {
                if error.retry != Retry::UnknownOutcome && error.kind != ErrorKind::Cancelled {
                    self.append(Entry::Abandoned { address: subject.address.clone() }).await?;
                }
                Err(error.into())
            }
        }
    }

    /// Makes it; after an answer that leaves open whether it was made, or says that it is there already, looks for it.
    async fn create_once(
        &self,
        resource: &Arc<dyn Resource>,
        subject: &Subject,
        before: Option<&Value>,
    ) -> Result<Created, ProviderError> {
        let mut tries = 1;
        let mut may_be_made = false;
        loop {
            let error = match resource.create(&self.context, subject).await {
                Ok(created) => return Ok(created),
                Err(error) => error,
            };
            let unclear =
                error.retry == Retry::UnknownOutcome || error.kind == ErrorKind::AlreadyExists;
            if !unclear {
                return Err(error);
            }
            may_be_made |= error.retry == Retry::UnknownOutcome;
            self.context
                .progress
                .message(format!("{}: looking whether it was made", error.message));
            // What bears a unique name after a request of ours that may have been carried out is what that request made.
            let named = may_be_made && resource.kind().identity == IdentityClass::UniqueName;
            if let Some(found) = self.find(resource, subject, before, named).await? {
                return Ok(found);
            }
            if error.kind == ErrorKind::AlreadyExists || tries >= TRIES {
                return Err(error);
            }
            tries += 1;
        }
    }

    async fn find(
        &self,
        resource: &Arc<dyn Resource>,
        subject: &Subject,
        before: Option<&Value>,
        named: bool,
    ) -> Result<Option<Created>, ProviderError> {
        if let Some(before) = before {
            let id = resource.settle(&self.context, subject, before).await?;
            return Ok(id.map(|id| Created { id, outputs: Value::Null }));
        }
        let seen = resource.observe(&self.context, subject).await?;
        Ok(seen
            .filter(|seen| seen.ours || named)
            .map(|seen| Created { id: seen.id, outputs: seen.outputs }))
    }

    async fn adopt(
        &self,
        resource: &Arc<dyn Resource>,
        mut subject: Subject,
    ) -> Result<(), Failure> {
        let seen = resource.observe(&self.context, &subject).await?.ok_or_else(|| {
            ProviderError::new(
                ErrorKind::NotFound,
                "adopt",
                "it was there when the plan was made, and is gone",
            )
        })?;
        // Until the change that follows has been made, the record must not claim that it was.
        if !self.settles && !seen.fields.is_null() {
            subject.inputs = seen.fields;
        }
        Ok(self.record(&subject, seen.id, seen.outputs).await?)
    }

    async fn update(&self, resource: &Arc<dyn Resource>, subject: Subject) -> Result<(), Failure> {
        self.intend(resource, &subject, None).await?;
        let outputs = match resource.update(&self.context, &subject, &self.operation.changes).await
        {
            Ok(outputs) => outputs,
            Err(error) => {
                if error.retry != Retry::UnknownOutcome && error.kind != ErrorKind::Cancelled {
                    self.append(Entry::Abandoned { address: subject.address.clone() }).await?;
                }
                return Err(error.into());
            }
        };
        let id = subject.id.clone().unwrap_or_default();
        Ok(self.record(&subject, id, outputs).await?)
    }

    async fn wait(&self, resource: &Arc<dyn Resource>, subject: Subject) -> Result<(), Failure> {
        let outputs = resource.wait(&self.context, &subject, Goal::Ready).await?;
        let mut record = self.executor.knowledge.lock().records.get(&subject.address).cloned();
        if let Some(record) = &mut record {
            record.outputs = outputs;
            self.publish_endpoints(&record.outputs);
            self.append(Entry::Recorded { record: record.clone() }).await?;
        }
        Ok(())
    }

    async fn delete(&self, resource: &Arc<dyn Resource>, subject: Subject) -> Result<(), Failure> {
        self.intend(resource, &subject, None).await?;
        resource.delete(&self.context, &subject).await?;
        resource.wait(&self.context, &subject, Goal::Gone).await?;
        self.remove().await
    }

    async fn remove(&self) -> Result<(), Failure> {
        Ok(self.append(Entry::Removed { address: self.operation.address.clone() }).await?)
    }

    fn publish_endpoints(&self, outputs: &Value) {
        let Some(Value::List(endpoints)) = outputs.get("endpoints") else { return };
        for endpoint in endpoints {
            let text = |key: &str| endpoint.text_at(key).map(str::to_owned);
            let (Some(name), Some(url)) = (text("name"), text("url")) else { continue };
            let address = self.operation.address.to_string();
            self.context.progress.emit(Body::EndpointPublished {
                endpoint: Endpoint { address, name, url, note: text("note") },
            });
        }
    }
}
