//! The list of trials: each a rule, a name, a case, and what is done. Every run starts from a copy of a prepared world.

mod errors;
mod faults;
mod identity;
mod listing;
mod repetition;
mod secrets;
mod stopping;
mod strange;

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};

use crate::Suite;
use crate::failure::{Result, ensure};
use crate::harness::Job;
use crate::prepare::{Prepared, Work};
use crate::world::Snapshot;

type Cases = [Arc<Prepared>];
type Trial = fn(Arc<Prepared>) -> BoxFuture<'static, Result>;

/// Trials that run once for each case.
const SIMPLE: &[(&str, &str, Trial)] = &[
    ("P-01", "observe changes nothing", |case| repetition::observe_changes_nothing(case).boxed()),
    ("P-02", "made twice is one", |case| identity::made_twice_is_one(case).boxed()),
    ("P-02", "killed after the deed", |case| identity::killed_after_the_deed(case).boxed()),
    ("P-02", "killed before the deed", |case| identity::killed_before_the_deed(case).boxed()),
    ("P-03", "deleting what is missing", |case| repetition::missing_is_deleted(case).boxed()),
    ("P-04", "vanished is made again", |case| repetition::vanished_is_made_again(case).boxed()),
    ("P-04", "vanishes after the plan", |case| repetition::vanishes_after_the_plan(case).boxed()),
    ("P-04", "update repeated", |case| repetition::update_repeated(case).boxed()),
    ("P-06", "access shows no secret", |case| secrets::access_shows_no_secret(case).boxed()),
    ("P-06", "errors show no secret", |case| secrets::errors_show_no_secret(case).boxed()),
    ("P-07", "cancelled while waiting", |case| stopping::cancelled_while_waiting(case).boxed()),
    ("P-09", "the wish to wait is followed", |case| faults::wish_to_wait(case).boxed()),
    ("P-10", "unknown fields are ignored", |case| {
        strange::unknown_fields_are_ignored(case).boxed()
    }),
    ("P-10", "unknown states are no success", |case| strange::unknown_states(case).boxed()),
    ("P-11", "unknown outcomes are told", |case| faults::unknown_outcome_is_told(case).boxed()),
    ("P-12", "waits for the end have deadlines", |case| {
        strange::deletion_without_end(case).boxed()
    }),
];

/// All runs of a suite.
pub(crate) fn list(suite: Suite, cases: &Cases) -> Vec<Job> {
    let mut jobs = vec![
        once("kinds", "every kind has a case", covered(suite).boxed()),
        once("P-08", "listings are drained", listing::drained(suite).boxed()),
    ];
    for case in cases {
        for (rule, name, trial) in SIMPLE {
            jobs.push(job(rule, name, case, String::new(), trial(Arc::clone(case))));
        }
        jobs.extend(faults::jobs(case));
        jobs.extend(errors::jobs(case));
        jobs.extend(stopping::jobs(case));
    }
    jobs
}

fn once(rule: &'static str, name: &str, run: BoxFuture<'static, Result>) -> Job {
    let (name, case, variant) = (name.to_owned(), "(all)".to_owned(), String::new());
    Job { rule, name, case, variant, run }
}

fn job(
    rule: &'static str,
    name: &str,
    case: &Arc<Prepared>,
    variant: String,
    run: BoxFuture<'static, Result>,
) -> Job {
    Job { rule, name: name.to_owned(), case: case.case.address.to_owned(), variant, run }
}

/// The operations of a case with the worlds that they start from.
fn works(case: &Prepared) -> impl Iterator<Item = (&Work, &Snapshot)> {
    let update = case.update.as_ref().map(|work| (work, &case.made));
    [(&case.create, &case.before)].into_iter().chain(update).chain([(&case.delete, &case.made)])
}

/// The operation of a case by its name.
fn work<'case>(case: &'case Prepared, name: &str) -> Option<(&'case Work, &'case Snapshot)> {
    works(case).find(|(work, _)| work.name == name)
}

async fn covered(suite: Suite) -> Result {
    let world = crate::world::World::open(suite, crate::world::Opening::default()).await?;
    for kind in &world.provider.capabilities().kinds {
        let cases = suite.cases.iter().filter(|case| case.kind == kind.name).count();
        ensure(cases > 0, || format!("the kind {} has no case", kind.name))?;
        let twice = world.provider.capabilities().kinds.iter().filter(|one| one.name == kind.name);
        ensure(twice.count() == 1, || format!("the kind {} is declared twice", kind.name))?;
        let resource = world.resource(kind.name)?;
        ensure(resource.kind() == *kind, || {
            format!("the resource of {} tells another kind than the capabilities", kind.name)
        })?;
        ensure(kind.expected_seconds > 0.0, || format!("{} has no expected time", kind.name))?;
    }
    world.close().await.map(drop)
}
