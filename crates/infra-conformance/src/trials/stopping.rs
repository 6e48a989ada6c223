//! A cancelled run ends within five seconds of the wall, and the next one completes it (rule P-07).

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::FutureExt;
use infra_emulator::FaultAction;
use infra_provider::{ErrorKind, Goal};

use super::{faults, job, work, works};
use crate::failure::{Failure, Result, ensure};
use crate::harness::Job;
use crate::prepare::Prepared;
use crate::proxy::Interference;
use crate::world::{Opening, World};

/// The longest that a cancelled run may last.
const SOON: Duration = Duration::from_secs(5);
/// How often the journal of requests is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// Name under which the emulator holds an answer back.
const HELD: &str = "conformance";

pub(super) fn jobs(case: &Arc<Prepared>) -> Vec<Job> {
    works(case)
        .map(|(work, _)| {
            let name = format!("cancelled in {}", work.name);
            let run = cancelled_in_call(Arc::clone(case), work.name);
            job("P-07", &name, case, String::new(), run.boxed())
        })
        .collect()
}

/// Cancels the run when the cloud has seen more than this many requests; gives what `work` ended with, and how long it lasted then.
async fn cancelled<F: Future>(
    world: &World,
    requests: usize,
    work: F,
) -> Result<(F::Output, Duration)> {
    let mut work = std::pin::pin!(work);
    let mut looks = tokio::time::interval(LOOK);
    while world.requests().len() <= requests {
        tokio::select! {
            _ = &mut work => return Err(Failure("it ended before it was cancelled".into())),
            _ = looks.tick() => {}
        }
    }
    world.context.cancel.cancel();
    let began = Instant::now();
    let ended = work.await;
    Ok((ended, began.elapsed()))
}

/// Cancels while the cloud keeps back its answer to the first change, which it has carried out.
async fn cancelled_in_call(case: Arc<Prepared>, name: &'static str) -> Result {
    let Some((work, from)) = work(&case, name) else { return Ok(()) };
    let Some(change) = work.first_change() else {
        return Err(Failure(format!("{name} changes nothing")));
    };
    let then = FaultAction { hold: Some(HELD.into()), ..FaultAction::default() };
    let faults = faults::at(&case, change.number, then);
    let opening = Opening { from: Some(from), faults, ..Opening::default() };
    let world = World::open(case.suite, opening).await?;
    let plan = world.plan(&work.graph).await?;
    let (finished, lasted) = cancelled(&world, change.number, world.execute(&plan)).await?;
    let finished = finished?;
    ensure(lasted <= SOON, || format!("it lasted {:.1} s", lasted.as_secs_f64()))?;
    ensure(finished.cancelled && finished.failures.is_empty(), || {
        Failure::told("it does not say that it was cancelled", &finished.failures).to_string()
    })?;
    world.emulator.release(HELD);
    let left = world.close().await?;
    let world =
        World::open(case.suite, Opening { from: Some(&left), ..Opening::default() }).await?;
    world.settle().await?;
    world.apply(&work.graph).await?;
    world.nothing_to_do(&work.graph).await?;
    let census = world.census()?;
    ensure(census == work.census, || {
        format!("completed, there is {census}, expected is {}", work.census)
    })?;
    world.close().await.map(drop)
}

/// Cancels a wait that would last for long.
pub(super) async fn cancelled_while_waiting(case: Arc<Prepared>) -> Result {
    if !case.case.has_states {
        return Ok(());
    }
    let answers = Some(case.suite.unknown_state);
    let proxy = Some(Interference { answers, ..Interference::default() });
    let opening = Opening { from: Some(&case.made), proxy, ..Opening::default() };
    let world = World::open(case.suite, opening).await?;
    let resource = world.resource(case.case.kind)?;
    let subject = world.subject(&case.node, world.id(&case.node.address));
    let waiting = resource.wait(&world.context, &subject, Goal::Ready);
    let (result, lasted) = cancelled(&world, 1, waiting).await?;
    ensure(lasted <= SOON, || format!("it lasted {:.1} s", lasted.as_secs_f64()))?;
    let kind = result.map(drop).map_err(|error| error.kind);
    ensure(kind == Err(ErrorKind::Cancelled), || format!("it ended with {kind:?}"))?;
    world.close().await.map(drop)
}
