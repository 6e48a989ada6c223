//! What nobody knows: new fields are ignored, new states are no success (rule P-10), and no wait is without end (rule P-12).

use std::sync::Arc;
use std::time::Duration;

use infra_provider::{ErrorKind, Goal, ProviderError};

use crate::failure::{Failure, Result, ensure};
use crate::prepare::Prepared;
use crate::proxy::Interference;
use crate::world::{Opening, World};

/// World time that no wait may outlast.
const LONGEST: Duration = Duration::from_secs(3 * 3600);

/// A whole life with fields in every object that nobody knows.
pub(super) async fn unknown_fields_are_ignored(case: Arc<Prepared>) -> Result {
    for (work, from) in super::works(&case) {
        let unknown_fields_but = Some(case.suite.own_words);
        let proxy = Some(Interference { unknown_fields_but, ..Interference::default() });
        let opening = Opening { from: Some(from), proxy, ..Opening::default() };
        let world = World::open(case.suite, opening).await?;
        let told = |failure: Failure| Failure::of(work.name, failure);
        world.apply(&work.graph).await.map_err(told)?;
        world.nothing_to_do(&work.graph).await.map_err(told)?;
        let census = world.census()?;
        ensure(census == work.census, || format!("{}: there is {census}", work.name))?;
        world.close().await?;
    }
    Ok(())
}

/// In a state that nobody knows it is not ready, and the wait for it ends at its deadline.
pub(super) async fn unknown_states(case: Arc<Prepared>) -> Result {
    if !case.case.has_states {
        return Ok(());
    }
    let answers = Some(case.suite.unknown_state);
    let proxy = Some(Interference { answers, ..Interference::default() });
    let opening = Opening { from: Some(&case.made), proxy, ..Opening::default() };
    let world = World::open(case.suite, opening).await?;
    let resource = world.resource(case.case.kind)?;
    let subject = world.subject(&case.node, world.id(&case.node.address));
    let began = world.context.clock.now();
    let result = resource.wait(&world.context, &subject, Goal::Ready).await;
    ends_in_time(&world, result, began)?;
    world.close().await.map(drop)
}

/// A deletion that the cloud accepts and forgets: the wait for its end has a deadline.
pub(super) async fn deletion_without_end(case: Arc<Prepared>) -> Result {
    let proxy = Some(Interference::default());
    let opening = Opening { from: Some(&case.made), proxy, ..Opening::default() };
    let world = World::open(case.suite, opening).await?;
    let resource = world.resource(case.case.kind)?;
    if !resource.kind().waits {
        return world.close().await.map(drop);
    }
    if let Some(proxy) = &world.proxy {
        proxy.swallow();
    }
    let subject = world.subject(&case.node, world.id(&case.node.address));
    resource.delete(&world.context, &subject).await?;
    let began = world.context.clock.now();
    let result = resource.wait(&world.context, &subject, Goal::Gone).await;
    ends_in_time(&world, result, began)?;
    world.close().await.map(drop)
}

fn ends_in_time<T>(
    world: &World,
    result: std::result::Result<T, ProviderError>,
    began: infra_clock::WorldTime,
) -> Result {
    let lasted = world.context.clock.now().since(began);
    ensure(lasted <= LONGEST, || format!("it lasted {} s", lasted.as_secs()))?;
    match result {
        Ok(_) => Err(Failure("the wait claims that its goal is reached".into())),
        Err(error) => ensure(error.kind == ErrorKind::TimedOut, || {
            format!("it ended with {:?}: {error}", error.kind)
        }),
    }
}
