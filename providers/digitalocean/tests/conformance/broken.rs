//! The kit finds what a provider does wrong: providers that are broken on purpose do not pass.

use std::sync::Arc;

use futures::future::BoxFuture;
use infra_conformance::{Case, Suite, run_all};
use infra_event::Diagnostic;
use infra_plan::{Address, Change, Kind, Node, Observed, Plan, Record, Value};
use infra_provider::{
    Capabilities, ClusterAccess, Context, Created, ErrorKind, ExpandRequest, Findings, Goal,
    Provider, ProviderError, RegistryLogin, Resource, Subject, Survey,
};

use crate::{CASES, SUITE, case};

/// What is wrong with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Defect {
    /// A look deletes something that is not there.
    LooksDelete,
    /// What a lost answer has made is never found again.
    FindsNothing,
    /// What is missing cannot be deleted.
    MissingIsAnError,
    /// It waits for nothing.
    WaitsForNothing,
    /// Live values are told wrongly.
    TellsOtherValues,
    /// Errors show the token.
    ShowsTheToken,
}

struct BrokenProvider {
    inner: Arc<dyn Provider>,
    defect: Defect,
    token: String,
}

struct BrokenResource {
    inner: Arc<dyn Resource>,
    defect: Defect,
    token: String,
}

impl BrokenResource {
    fn showing(&self, mut error: ProviderError) -> ProviderError {
        if self.defect == Defect::ShowsTheToken {
            error.message.push_str(&self.token);
        }
        error
    }
}

impl Resource for BrokenResource {
    fn kind(&self) -> &'static Kind {
        self.inner.kind()
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        Box::pin(async move {
            if self.defect == Defect::LooksDelete {
                let other = Subject { id: Some("192.0.2.254".into()), ..subject.clone() };
                self.inner.delete(context, &other).await?;
            }
            let mut seen =
                self.inner.observe(context, subject).await.map_err(|error| self.showing(error))?;
            if let (Defect::TellsOtherValues, Some(seen)) = (self.defect, &mut seen) {
                seen.fields = Value::map([("region", Value::from("elsewhere"))]);
            }
            Ok(seen)
        })
    }

    fn listing_before<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Value>, ProviderError>> {
        self.inner.listing_before(context, subject)
    }

    fn settle<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        listing_before: &'call Value,
    ) -> BoxFuture<'call, Result<Option<String>, ProviderError>> {
        match self.defect {
            Defect::FindsNothing => Box::pin(async { Ok(None) }),
            _ => self.inner.settle(context, subject, listing_before),
        }
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        self.inner.create(context, subject)
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        self.inner.update(context, subject, changes)
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        Box::pin(async move {
            let strict = self.defect == Defect::MissingIsAnError;
            if strict && self.inner.observe(context, subject).await?.is_none() {
                return Err(ProviderError::new(ErrorKind::NotFound, "delete", "it is missing"));
            }
            self.inner.delete(context, subject).await.map_err(|error| self.showing(error))
        })
    }

    fn wait<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        match self.defect {
            Defect::WaitsForNothing => Box::pin(async { Ok(Value::Null) }),
            _ => self.inner.wait(context, subject, goal),
        }
    }
}

impl Provider for BrokenProvider {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn survey<'call>(
        &'call self,
        context: &'call Context,
    ) -> BoxFuture<'call, Result<Survey, ProviderError>> {
        self.inner.survey(context)
    }

    fn expand(&self, request: &ExpandRequest<'_>) -> Result<Vec<Node>, Vec<Diagnostic>> {
        self.inner.expand(request)
    }

    fn resource(&self, kind: &str) -> Option<Arc<dyn Resource>> {
        let inner = self.inner.resource(kind)?;
        let (defect, token) = (self.defect, self.token.clone());
        Some(Arc::new(BrokenResource { inner, defect, token }))
    }

    fn preflight(&self, plan: &Plan, survey: &Survey) -> Vec<Diagnostic> {
        self.inner.preflight(plan, survey)
    }

    fn cluster_access<'call>(
        &'call self,
        context: &'call Context,
        cluster: &'call Address,
        id: &'call str,
    ) -> BoxFuture<'call, Result<ClusterAccess, ProviderError>> {
        self.inner.cluster_access(context, cluster, id)
    }

    fn registry_login<'call>(
        &'call self,
        context: &'call Context,
        id: &'call str,
        write: bool,
    ) -> BoxFuture<'call, Result<RegistryLogin, ProviderError>> {
        self.inner.registry_login(context, id, write)
    }

    fn leftovers<'call>(
        &'call self,
        context: &'call Context,
        marker_prefix: &'call str,
        known: &'call [Record],
    ) -> BoxFuture<'call, Result<Findings, ProviderError>> {
        self.inner.leftovers(context, marker_prefix, known)
    }
}

/// The kind that can bear no marker: the most can go wrong with it.
const ADDRESS: &[Case] = &[case("address", "address.front", None, true)];

macro_rules! broken {
    ($defect:expr) => {
        Suite {
            cases: ADDRESS,
            connect: |block, endpoints| {
                let inner = (SUITE.connect)(block, endpoints)?;
                let api = endpoints.digitalocean.as_ref();
                let token = api.map(|api| api.token.clone()).unwrap_or_default();
                Ok(Arc::new(BrokenProvider { inner, defect: $defect, token }))
            },
            ..SUITE
        }
    };
}

/// The rules of the runs that failed, of the kind that the suite has.
fn broken_rules(suite: &Suite) -> Vec<String> {
    let failures = run_all(suite).failures();
    let mut rules: Vec<String> = failures
        .iter()
        .filter(|failure| !failure.starts_with("kinds"))
        .filter_map(|failure| failure.split_whitespace().next().map(str::to_owned))
        .collect();
    rules.sort();
    rules.dedup();
    rules
}

#[test]
fn what_is_broken_does_not_pass() {
    let suites = [
        (broken!(Defect::LooksDelete), "P-01"),
        (broken!(Defect::FindsNothing), "P-02"),
        (broken!(Defect::MissingIsAnError), "P-03"),
        (broken!(Defect::TellsOtherValues), "P-04"),
        (broken!(Defect::ShowsTheToken), "P-06"),
        (broken!(Defect::WaitsForNothing), "P-12"),
    ];
    for (suite, rule) in suites {
        let rules = broken_rules(&suite);
        assert!(rules.iter().any(|broken| broken == rule), "{rule} is not in {rules:?}");
    }
}

#[test]
fn a_kind_without_a_case_is_found() {
    assert!(CASES.len() > ADDRESS.len());
    let suite = Suite { cases: ADDRESS, ..SUITE };
    let failures = run_all(&suite).failures();
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0].starts_with("kinds") && failures[0].contains("has no case"));
}
