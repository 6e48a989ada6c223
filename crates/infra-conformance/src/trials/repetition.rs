//! Looking changes nothing, and whatever is done again does nothing more (rules P-01, P-03 and P-04).

use std::sync::Arc;

use infra_plan::diff;
use infra_provider::Goal;

use crate::failure::{Failure, Result, ensure};
use crate::prepare::Prepared;
use crate::world::{Opening, World};

/// Looking, with and without an id, before and after the creation, sends nothing that changes, and tells the same twice.
pub(super) async fn observe_changes_nothing(case: Arc<Prepared>) -> Result {
    for (from, there) in [(&case.before, false), (&case.made, true)] {
        let world =
            World::open(case.suite, Opening { from: Some(from), ..Opening::default() }).await?;
        let before = world.census()?;
        let resource = world.resource(case.case.kind)?;
        let subject = world.subject(&case.node, world.id(&case.node.address));
        let seen = resource.observe(&world.context, &subject).await?;
        ensure(seen.is_some() == there, || format!("it is there: {there}; seen: {seen:?}"))?;
        let again = resource.observe(&world.context, &subject).await?;
        ensure(seen == again, || format!("two looks differ: {seen:?}, {again:?}"))?;
        if let Some(seen) = &seen {
            let changes = diff(resource.kind(), &subject.inputs, &seen.fields, None);
            ensure(changes.is_empty(), || format!("it differs from what is desired: {changes:?}"))?;
            ensure(seen.ours, || "it is not taken for ours".into())?;
        }
        let without_id = world.subject(&case.node, None);
        resource.observe(&world.context, &without_id).await?;
        world.plan(&case.create.graph).await?;
        let changing = world.requests().into_iter().find(|request| request.method != "GET");
        ensure(changing.is_none(), || format!("a look sends {changing:?}"))?;
        let after = world.census()?;
        ensure(before == after, || format!("there was {before}, and there is {after}"))?;
        world.close().await?;
    }
    Ok(())
}

/// Deleting twice, and deleting what another one has deleted, succeeds.
pub(super) async fn missing_is_deleted(case: Arc<Prepared>) -> Result {
    let world =
        World::open(case.suite, Opening { from: Some(&case.made), ..Opening::default() }).await?;
    let resource = world.resource(case.case.kind)?;
    let subject = world.subject(&case.node, world.id(&case.node.address));
    for turn in ["first", "second"] {
        let told = |error| Failure::of(turn, Failure::from(error));
        resource.delete(&world.context, &subject).await.map_err(told)?;
        resource.wait(&world.context, &subject, Goal::Gone).await.map_err(told)?;
        let seen = resource.observe(&world.context, &subject).await.map_err(told)?;
        ensure(seen.is_none(), || format!("{turn}: it is still seen"))?;
    }
    let census = world.census()?;
    ensure(census == case.delete.census, || {
        format!("there is {census}, expected is {}", case.delete.census)
    })?;
    let never = world.subject(&case.node, None);
    resource.delete(&world.context, &never).await?;
    world.close().await.map(drop)
}

/// What vanished behind our back is made again.
pub(super) async fn vanished_is_made_again(case: Arc<Prepared>) -> Result {
    let world =
        World::open(case.suite, Opening { from: Some(&case.made), ..Opening::default() }).await?;
    let resource = world.resource(case.case.kind)?;
    let subject = world.subject(&case.node, world.id(&case.node.address));
    resource.delete(&world.context, &subject).await?;
    resource.wait(&world.context, &subject, Goal::Gone).await?;
    world.apply(&case.create.graph).await?;
    world.nothing_to_do(&case.create.graph).await?;
    let census = world.census()?;
    ensure(census == case.create.census, || {
        format!("there is {census}, expected is {}", case.create.census)
    })?;
    world.close().await.map(drop)
}

/// The same change twice is one.
pub(super) async fn update_repeated(case: Arc<Prepared>) -> Result {
    let Some(update) = &case.update else { return Ok(()) };
    let world =
        World::open(case.suite, Opening { from: Some(&case.made), ..Opening::default() }).await?;
    let plan = world.plan(&update.graph).await?;
    world.apply(&update.graph).await?;
    let resource = world.resource(case.case.kind)?;
    let address = &case.node.address;
    let node = update
        .graph
        .get(address)
        .ok_or_else(|| Failure("the changed file has lost the resource".into()))?;
    let subject = world.subject(node, world.id(address));
    let changes = plan
        .operations
        .iter()
        .find(|operation| operation.address == *address && !operation.changes.is_empty())
        .map(|operation| operation.changes.clone())
        .unwrap_or_default();
    ensure(!changes.is_empty(), || "the plan has no change for it".into())?;
    resource.update(&world.context, &subject, &changes).await?;
    resource.wait(&world.context, &subject, Goal::Ready).await?;
    world.nothing_to_do(&update.graph).await?;
    let census = world.census()?;
    ensure(census == update.census, || {
        format!("there is {census}, expected is {}", update.census)
    })?;
    world.close().await.map(drop)
}

/// What vanishes between plan and execution: a change of it is an error with a next step, its deletion is done, and the next run mends
/// everything.
pub(super) async fn vanishes_after_the_plan(case: Arc<Prepared>) -> Result {
    for (work, from) in super::works(&case).skip(1) {
        let opening = Opening { from: Some(from), ..Opening::default() };
        let world = World::open(case.suite, opening).await?;
        let plan = world.plan(&work.graph).await?;
        let resource = world.resource(case.case.kind)?;
        let subject = world.subject(&case.node, world.id(&case.node.address));
        resource.delete(&world.context, &subject).await?;
        resource.wait(&world.context, &subject, Goal::Gone).await?;
        let finished = world.execute(&plan).await?;
        let told = finished.failures.iter().all(|failure| !failure.next_steps.is_empty());
        ensure(told, || Failure::told("no next step", &finished.failures).to_string())?;
        ensure(finished.succeeded() == (work.name == "delete"), || {
            Failure::told(work.name, &finished.failures).to_string()
        })?;
        world.apply(&work.graph).await?;
        world.nothing_to_do(&work.graph).await?;
        let census = world.census()?;
        ensure(census == work.census, || {
            format!("{}: there is {census}, expected is {}", work.name, work.census)
        })?;
        world.close().await?;
    }
    Ok(())
}
