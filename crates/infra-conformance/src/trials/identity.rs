//! One marker, one object: whatever is repeated, and wherever a run was killed (rule P-02).

use std::sync::Arc;

use infra_engine::Intent;
use infra_event::Action;
use infra_plan::{IdentityClass, Ownership, Value};
use infra_provider::{ErrorKind, Goal};

use crate::failure::{Failure, Result, ensure};
use crate::prepare::Prepared;
use crate::world::{Opening, World};

/// The same call twice gives one object, or a refusal that says that it is there.
pub(super) async fn made_twice_is_one(case: Arc<Prepared>) -> Result {
    let opening = Opening { from: Some(&case.before), ..Opening::default() };
    let world = World::open(case.suite, opening).await?;
    let resource = world.resource(case.case.kind)?;
    let mut subject = world.subject(&case.node, None);
    let first = resource.create(&world.context, &subject).await?;
    // Of what cannot be marked, two are two: the engine never calls twice without a look at the listing.
    if resource.kind().identity != IdentityClass::Unmarkable {
        match resource.create(&world.context, &subject).await {
            Ok(second) => ensure(second.id == first.id, || {
                format!("the ids are {} and {}", first.id, second.id)
            })?,
            Err(error) => ensure(error.kind == ErrorKind::AlreadyExists, || {
                format!("the second call says {:?}: {error}", error.kind)
            })?,
        }
    }
    subject.id = Some(first.id);
    resource.wait(&world.context, &subject, Goal::Ready).await?;
    let census = world.census()?;
    ensure(census == case.create.census, || {
        format!("there is {census}, and after one call {}", case.create.census)
    })?;
    world.close().await.map(drop)
}

/// What the journal holds of a run that was killed in a creation.
async fn intent(case: &Prepared) -> Result<Intent> {
    let opening = Opening { from: Some(&case.before), ..Opening::default() };
    let world = World::open(case.suite, opening).await?;
    let resource = world.resource(case.case.kind)?;
    let subject = world.subject(&case.node, None);
    let mut listing_before: Option<Value> = None;
    if resource.kind().identity == IdentityClass::Unmarkable {
        listing_before = resource.listing_before(&world.context, &subject).await?;
        ensure(listing_before.is_some(), || {
            "it can bear no marker, and tells no listing before".into()
        })?;
    }
    world.close().await?;
    Ok(Intent {
        run: "killed".into(),
        address: case.node.address.clone(),
        kind: case.node.kind.clone(),
        provider: case.node.provider.clone(),
        action: Action::Create,
        inputs: subject.inputs,
        ownership: Ownership::Owned,
        depends_on: case.node.dependencies().into_iter().collect(),
        listing_before,
    })
}

/// A run that was killed after the call and before its record is completed: what it made is taken over.
pub(super) async fn killed_after_the_deed(case: Arc<Prepared>) -> Result {
    let intent = intent(&case).await?;
    let opening = Opening { from: Some(&case.made), ..Opening::default() };
    let world = World::open(case.suite, opening).await?;
    let address = &case.node.address;
    let made = world.id(address);
    {
        let mut knowledge = world.knowledge.lock();
        knowledge.records.remove(address);
        knowledge.unsettled.insert(address.clone(), intent);
    }
    world.settle().await?;
    let found = world.id(address);
    ensure(found == made, || format!("{found:?} was taken over, {made:?} was made"))?;
    world.apply(&case.create.graph).await?;
    world.nothing_to_do(&case.create.graph).await?;
    let census = world.census()?;
    ensure(census == case.create.census, || {
        format!("there is {census}, and was {}", case.create.census)
    })?;
    world.close().await.map(drop)
}

/// A run that was killed before the call has made nothing: it is made, once.
pub(super) async fn killed_before_the_deed(case: Arc<Prepared>) -> Result {
    let intent = intent(&case).await?;
    let opening = Opening { from: Some(&case.before), ..Opening::default() };
    let world = World::open(case.suite, opening).await?;
    let address = &case.node.address;
    world.knowledge.lock().unsettled.insert(address.clone(), intent);
    world.settle().await?;
    ensure(world.id(address).is_none(), || "something was found that nobody has made".into())?;
    world.apply(&case.create.graph).await?;
    world.nothing_to_do(&case.create.graph).await?;
    let census = world.census()?;
    ensure(census == case.create.census, || {
        format!("there is {census}, expected is {}", case.create.census)
    })?;
    let left = world.knowledge.lock().unsettled.len();
    ensure(left == 0, || Failure("something is left unsettled".into()).to_string())?;
    world.close().await.map(drop)
}
