//! A call that is refused for good ends the operation soon, with a kind, a next step and the request's id (rule P-05).

use std::sync::Arc;
use std::time::Duration;

use futures::future::FutureExt;
use infra_emulator::{FaultMatch, FaultRule, FaultScript};
use infra_event::ExitCode;

use super::{faults, job, work, works};
use crate::failure::{Failure, Result, ensure};
use crate::harness::Job;
use crate::prepare::{CallMade, Prepared};
use crate::world::{Opening, World};

const STATUSES: [u16; 6] = [401, 403, 409, 422, 429, 500];
/// More requests than this after a refusal are a storm.
const MOST_REQUESTS: usize = 60;
/// World time after which a refused operation must have ended.
const LONGEST: Duration = Duration::from_secs(3600);

pub(super) fn jobs(case: &Arc<Prepared>) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (work, _) in works(case) {
        for status in STATUSES {
            let name = format!("refused in {}", work.name);
            let run = refused(Arc::clone(case), work.name, status);
            jobs.push(job("P-05", &name, case, status.to_string(), run.boxed()));
        }
    }
    jobs
}

/// Befalls all requests that change something like this call.
fn all_like(case: &Prepared, call: &CallMade, status: u16) -> FaultScript {
    let matches = FaultMatch {
        service: Some(case.suite.service.to_owned()),
        method: Some(call.method.clone()),
        ..FaultMatch::default()
    };
    let then = faults::status(status);
    let rules = vec![FaultRule { matches, after: 0, times: None, then }];
    FaultScript { rules, ..FaultScript::default() }
}

async fn refused(case: Arc<Prepared>, name: &'static str, status: u16) -> Result {
    let Some((work, from)) = work(&case, name) else { return Ok(()) };
    let Some(change) = work.first_change() else {
        return Err(Failure(format!("{name} changes nothing")));
    };
    let faults = all_like(&case, change, status);
    let opening = Opening { from: Some(from), faults, ..Opening::default() };
    let world = World::open(case.suite, opening).await?;
    let before = world.census()?;
    let plan = world.plan(&work.graph).await?;
    let (began, asked) = (world.context.clock.now(), world.requests().len());
    let finished = world.execute(&plan).await?;
    let (lasted, asked) = (world.context.clock.now().since(began), world.requests().len() - asked);
    ensure(!finished.succeeded(), || "it claims to have succeeded".into())?;
    ensure(asked <= MOST_REQUESTS, || format!("{asked} requests were sent"))?;
    ensure(lasted <= LONGEST, || format!("it took {} s of world time", lasted.as_secs()))?;
    let [failure, ..] = finished.failures.as_slice() else {
        return Err(Failure("it says nothing of why it failed".into()));
    };
    ensure(!failure.code.is_empty() && !failure.next_steps.is_empty(), || {
        format!("the error has no next step: {failure}")
    })?;
    ensure(failure.address.as_deref() == Some(case.case.address), || {
        format!("the error is not about its address: {failure}")
    })?;
    let id = failure.detail.as_deref().unwrap_or_default().contains("request id");
    ensure(id || !case.suite.request_ids, || format!("the error has no request id: {failure}"))?;
    let expected = match status {
        401 | 403 => Some(ExitCode::Credentials),
        429 | 500 => Some(ExitCode::Failed),
        _ => None,
    };
    ensure(expected.is_none_or(|exit| failure.exit == exit), || {
        format!("{status} leads to {:?}", failure.exit)
    })?;
    let text = format!("{:?}", finished.failures);
    world.shows_no_secret("the error", &text)?;
    let after = world.census()?;
    ensure(after == before, || format!("there was {before}, and there is {after}"))?;
    world.close().await.map(drop)
}
