//! `address_binding`: a reserved IP on a node. A load balancer cannot have one here.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use infra_plan::{Change, Field, IdentityClass, Kind, Observed, Readiness, Value};
use infra_provider::{
    Context, Created, ErrorKind, Goal, Probe, ProviderError, Resource, Schedule, Subject, decode,
    poll,
};

use crate::client::Client;

/// The kind.
pub(crate) static KIND: Kind = Kind {
    name: "address_binding",
    fields: &[Field::replace("ip"), Field::update("droplets")],
    identity: IdentityClass::PutById,
    protected: false,
    waits: true,
    exclusive_within: Some("ip"),
    dies_with: None,
    expected_seconds: 10.0,
};

/// An assignment takes some seconds.
const SCHEDULE: Schedule = Schedule {
    usual: Duration::from_secs(6),
    shortest: Duration::from_secs(2),
    longest: Duration::from_secs(15),
    deadline: Duration::from_secs(300),
};

/// The kind `address_binding`.
pub(crate) struct AddressBindingResource {
    pub(crate) client: Client,
}

impl AddressBindingResource {
    async fn assign(&self, context: &Context, subject: &Subject) -> Result<(), ProviderError> {
        let droplets = droplets(subject);
        let droplet = droplets.first().copied().ok_or_else(|| {
            ProviderError::new(
                ErrorKind::Conflict,
                "assign the reserved IP",
                "the pool has no node yet",
            )
        })?;
        let refused = match self.client.assign_reserved_ip(context, ip(subject), droplet).await {
            Err(error) if matches!(error.kind, ErrorKind::Conflict | ErrorKind::Invalid) => error,
            result => return result,
        };
        // An action is under way or done; it may be this very one, of which the answer was lost.
        match self.settled(context, subject).await? {
            Some(bound) if droplets.contains(&bound) => Ok(()),
            _ if refused.kind == ErrorKind::Invalid => Err(refused),
            _ => self.client.assign_reserved_ip(context, ip(subject), droplet).await,
        }
    }

    async fn unassign(&self, context: &Context, subject: &Subject) -> Result<(), ProviderError> {
        let found = self.client.reserved_ip(context, ip(subject)).await?;
        // Unassigning what is not assigned is refused by the API.
        if !found.is_some_and(|address| address.droplet.is_some() || address.locked) {
            return Ok(());
        }
        match self.client.unassign_reserved_ip(context, ip(subject)).await {
            Err(error) if matches!(error.kind, ErrorKind::Conflict | ErrorKind::Invalid) => {
                match self.settled(context, subject).await? {
                    Some(_) => self.client.unassign_reserved_ip(context, ip(subject)).await,
                    None => Ok(()),
                }
            }
            result => result,
        }
    }

    /// Waits until no action is pending; tells the Droplet that it sits on then.
    async fn settled(
        &self,
        context: &Context,
        subject: &Subject,
    ) -> Result<Option<u64>, ProviderError> {
        let look = || async move {
            let found = self.client.reserved_ip(context, ip(subject)).await?;
            let locked = found.as_ref().is_some_and(|address| address.locked);
            let reason = "the reserved IP has another action pending".to_owned();
            if locked {
                return Ok(Probe::NotYet { reason, blocked: None });
            }
            let droplet = found.and_then(|address| address.droplet);
            Ok(Probe::Reached(Value::from(droplet.map(|droplet| droplet.id))))
        };
        let operation = "wait for the reserved IP's pending action";
        let droplet = poll(context, operation, SCHEDULE, look).await?;
        decode(&droplet)
    }
}

impl Resource for AddressBindingResource {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        async move {
            let found = self.client.reserved_ip(context, ip(subject)).await?;
            let bound = found.and_then(|address| address.droplet);
            Ok(bound.map(|droplet| {
                // Any node of the pool will do; another Droplet is a difference.
                let of_pool = droplets(subject).contains(&droplet.id);
                let other = Value::List(vec![Value::from(droplet.id.to_string())]);
                let droplets =
                    if of_pool { subject.inputs.get("droplets").cloned() } else { Some(other) };
                Observed {
                    fields: Value::map([
                        ("ip", Value::from(ip(subject))),
                        ("droplets", droplets.unwrap_or_default()),
                    ]),
                    readiness: Readiness::Ready,
                    ..Observed::ready(ip(subject))
                }
            }))
        }
        .boxed()
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        async move {
            self.assign(context, subject).await?;
            Ok(Created { id: ip(subject).to_owned(), outputs: Value::Null })
        }
        .boxed()
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        _changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        async move { self.assign(context, subject).await.map(|()| Value::Null) }.boxed()
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        self.unassign(context, subject).boxed()
    }

    fn wait<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        let look = move || async move {
            let found = self.client.reserved_ip(context, ip(subject)).await?;
            let (bound, locked) =
                found.map_or((false, false), |address| (address.droplet.is_some(), address.locked));
            let reached = !locked && bound == (goal == Goal::Ready);
            Ok(if reached {
                Probe::Reached(Value::map([("ip", Value::from(ip(subject)))]))
            } else {
                Probe::NotYet {
                    reason: "the reserved IP is on its way to its node".into(),
                    blocked: None,
                }
            })
        };
        async move { poll(context, "wait for the reserved IP's node", SCHEDULE, look).await }
            .boxed()
    }
}

fn ip(subject: &Subject) -> &str {
    subject.inputs.text_at("ip").unwrap_or_default()
}

/// Ids of the pool's Droplets.
fn droplets(subject: &Subject) -> Vec<u64> {
    let Some(Value::List(droplets)) = subject.inputs.get("droplets") else { return Vec::new() };
    droplets.iter().filter_map(|droplet| droplet.text()?.parse().ok()).collect()
}
