//! `address`: a reserved IP. Nothing can be set on it: what the listing before the deed does not have is what was made.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use infra_plan::{Change, Field, IdentityClass, Kind, Observed, Readiness, Value};
use infra_provider::{
    Context, Created, ErrorKind, Goal, Probe, ProviderError, Resource, Schedule, Subject, poll,
};

use crate::api::network::ReservedIp;
use crate::client::Client;

/// The kind.
pub(crate) static KIND: Kind = Kind {
    name: "address",
    fields: &[Field::replace("region"), Field::at_create("ip")],
    identity: IdentityClass::Unmarkable,
    protected: true,
    waits: true,
    exclusive_within: None,
    dies_with: None,
    expected_seconds: 5.0,
};

/// The kind `address`.
pub(crate) struct AddressResource {
    pub(crate) client: Client,
}

impl AddressResource {
    async fn find(
        &self,
        context: &Context,
        subject: &Subject,
    ) -> Result<Option<ReservedIp>, ProviderError> {
        // An existing one is named in the file by its address.
        match subject.id.as_deref().or_else(|| subject.inputs.text_at("ip")) {
            Some(ip) => self.client.reserved_ip(context, ip).await,
            None => Ok(None),
        }
    }
}

impl Resource for AddressResource {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        async move {
            Ok(self.find(context, subject).await?.map(|address| Observed {
                fields: Value::map([("region", Value::from(address.region.slug.as_str()))]),
                outputs: outputs(&address),
                readiness: Readiness::Ready,
                ours: subject.id.is_some(),
                ..Observed::ready(address.ip.clone())
            }))
        }
        .boxed()
    }

    fn listing_before<'call>(
        &'call self,
        context: &'call Context,
        _subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Value>, ProviderError>> {
        async move {
            let all = self.client.reserved_ips(context).await?;
            Ok(Some(Value::from(all.into_iter().map(|address| address.ip).collect::<Vec<_>>())))
        }
        .boxed()
    }

    fn settle<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        listing_before: &'call Value,
    ) -> BoxFuture<'call, Result<Option<String>, ProviderError>> {
        async move {
            let before = if let Value::List(before) = listing_before { before.as_slice() } else { &[] };
            let region = subject.inputs.text_at("region").unwrap_or_default();
            let all = self.client.reserved_ips(context).await?;
            let new: Vec<_> = all
                .into_iter()
                .filter(|address| address.droplet.is_none() && address.region.slug == region)
                .filter(|address| !before.iter().any(|known| known.text() == Some(&address.ip)))
                .map(|address| address.ip)
                .collect();
            match new.as_slice() {
                [] => Ok(None),
                [one] => Ok(Some(one.clone())),
                several => {
                    let message = format!("{} are new and unassigned: which of them is ours cannot be told", several.join(", "));
                    Err(ProviderError::new(ErrorKind::Conflict, "find the reserved IP", message)
                        .set("release those that are not needed, or name one in the file (`existing: true`, `on: {digitalocean: {ip: ...}}`)"))
                }
            }
        }
        .boxed()
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        async move {
            let region = subject.inputs.text_at("region").unwrap_or_default();
            let address = self.client.create_reserved_ip(context, region).await?;
            Ok(Created { id: address.ip.clone(), outputs: outputs(&address) })
        }
        .boxed()
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        _changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        async move { Ok(self.find(context, subject).await?.as_ref().map(outputs).unwrap_or_default()) }.boxed()
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        async move {
            match &subject.id {
                Some(ip) => self.client.delete_reserved_ip(context, ip).await,
                None => Ok(()),
            }
        }
        .boxed()
    }

    fn wait<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        let schedule = Schedule::usual(Duration::from_secs(4), Duration::from_secs(300));
        let look = move || async move {
            let not_yet = |reason: &str| Probe::NotYet { reason: reason.into(), blocked: None };
            Ok(match (self.find(context, subject).await?, goal) {
                (Some(address), Goal::Ready) if !address.locked => {
                    Probe::Reached(outputs(&address))
                }
                (None, Goal::Gone) => Probe::Reached(Value::Null),
                (Some(_), Goal::Gone) => not_yet("the reserved IP is being released"),
                _ => not_yet("the reserved IP has an action pending"),
            })
        };
        async move { poll(context, "wait for the reserved IP", schedule, look).await }.boxed()
    }
}

pub(crate) fn outputs(address: &ReservedIp) -> Value {
    Value::map([("id", Value::from(address.ip.as_str())), ("ip", Value::from(address.ip.as_str()))])
}
