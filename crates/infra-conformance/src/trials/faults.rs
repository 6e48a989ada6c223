//! Each call of each operation fails once, in each way: the operation is done nevertheless, once (rules P-09 and P-11).

use std::sync::Arc;
use std::time::Duration;

use futures::future::FutureExt;
use infra_emulator::{FaultAction, FaultMatch, FaultRule, FaultScript};
use infra_provider::{ErrorKind, Retry};

use super::{job, work, works};
use crate::failure::{Failure, Result, ensure};
use crate::harness::Job;
use crate::prepare::Prepared;
use crate::world::{Opening, World};

/// A way in which a call fails.
#[derive(Clone, Copy)]
struct Way {
    rule: &'static str,
    name: &'static str,
    action: fn() -> FaultAction,
}

const WAYS: [Way; 5] = [
    Way {
        rule: "P-09",
        name: "429",
        action: || FaultAction {
            status: Some(429),
            headers: [("retry-after".into(), "7".into())].into(),
            ..FaultAction::default()
        },
    },
    Way { rule: "P-11", name: "500", action: || status(500) },
    Way { rule: "P-11", name: "503", action: || status(503) },
    Way {
        rule: "P-11",
        name: "reset",
        action: || FaultAction { reset: true, ..FaultAction::default() },
    },
    Way {
        rule: "P-11",
        name: "lost reply",
        action: || FaultAction { lose_reply: true, ..FaultAction::default() },
    },
];

pub(super) fn status(status: u16) -> FaultAction {
    FaultAction { status: Some(status), ..FaultAction::default() }
}

/// A script that befalls the request of this number, once.
pub(super) fn at(case: &Prepared, number: usize, then: FaultAction) -> FaultScript {
    let matches =
        FaultMatch { service: Some(case.suite.service.to_owned()), ..FaultMatch::default() };
    let after = u64::try_from(number).unwrap_or(u64::MAX);
    let rules = vec![FaultRule { matches, after, times: Some(1), then }];
    FaultScript { rules, ..FaultScript::default() }
}

pub(super) fn jobs(case: &Arc<Prepared>) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (work, _) in works(case) {
        for call in &work.calls {
            for way in WAYS {
                let name = format!("{} in {}", way.name, work.name);
                let variant = format!("{} {}", call.method, call.path);
                let run = once(Arc::clone(case), work.name, call.number, way);
                jobs.push(job(way.rule, &name, case, variant, run.boxed()));
            }
        }
    }
    jobs
}

async fn once(case: Arc<Prepared>, name: &'static str, number: usize, way: Way) -> Result {
    let Some((work, from)) = work(&case, name) else { return Ok(()) };
    let faults = at(&case, number, (way.action)());
    let opening = Opening { from: Some(from), faults, ..Opening::default() };
    let world = World::open(case.suite, opening).await?;
    world.apply(&work.graph).await?;
    let befallen = world.requests().iter().any(|request| !request.fault.is_empty());
    ensure(befallen, || "the fault did not happen: the calls are not the same each time".into())?;
    world.nothing_to_do(&work.graph).await?;
    let census = world.census()?;
    ensure(census == work.census, || {
        format!("there is {census}, and without the fault there is {}", work.census)
    })?;
    let unsettled = world.knowledge.lock().unsettled.len();
    ensure(unsettled == 0, || "something is left unsettled".into())?;
    world.close().await.map(drop)
}

/// The next request comes no sooner than the cloud has asked for, in world time.
pub(super) async fn wish_to_wait(case: Arc<Prepared>) -> Result {
    const WISH: u64 = 300;
    for (work, from) in works(&case) {
        let Some(call) = work.calls.first() else { continue };
        let then = FaultAction {
            status: Some(429),
            headers: [("retry-after".into(), WISH.to_string())].into(),
            ..FaultAction::default()
        };
        let faults = at(&case, call.number, then);
        let opening = Opening { from: Some(from), faults, ..Opening::default() };
        let world = World::open(case.suite, opening).await?;
        world.apply(&work.graph).await?;
        let requests = world.requests();
        let times: Vec<u64> = requests
            .iter()
            .skip(call.number)
            .filter(|request| request.method == call.method && request.path == call.path)
            .map(|request| request.world_ms)
            .collect();
        let [first, second, ..] = times.as_slice() else {
            return Err(Failure(format!("{}: the call was not repeated", work.name)));
        };
        let waited = Duration::from_millis(second - first);
        ensure(waited >= Duration::from_secs(WISH), || {
            format!("{}: it waited {} s of {WISH}", work.name, waited.as_secs())
        })?;
        world.close().await?;
    }
    Ok(())
}

/// A creation whose answer is lost ends well (it may be sent twice), or says that its outcome is unknown.
pub(super) async fn unknown_outcome_is_told(case: Arc<Prepared>) -> Result {
    let Some(change) = case.create.first_change() else {
        return Err(Failure("its creation changes nothing".into()));
    };
    // What comes first in the resource's own call, without the look beforehand: the rule counts such requests alone.
    let mut faults = at(&case, 0, FaultAction { lose_reply: true, ..FaultAction::default() });
    for rule in &mut faults.rules {
        rule.matches.method = Some(change.method.clone());
    }
    let opening = Opening { from: Some(&case.before), faults, ..Opening::default() };
    let world = World::open(case.suite, opening).await?;
    let resource = world.resource(case.case.kind)?;
    let subject = world.subject(&case.node, None);
    if let Err(error) = resource.create(&world.context, &subject).await {
        let told = error.retry == Retry::UnknownOutcome || error.kind == ErrorKind::AlreadyExists;
        ensure(told, || format!("it says {:?}, {:?}: {error}", error.retry, error.kind))?;
        let changes = world.requests().iter().filter(|request| request.method != "GET").count();
        ensure(changes == 1, || format!("{changes} changing requests were sent"))?;
    }
    let lost = world.requests().iter().any(|request| request.fault == "lose_reply");
    ensure(lost, || "no answer was lost".into())?;
    world.close().await.map(drop)
}
