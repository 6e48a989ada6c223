//! `infra test`: the smoke tests of the stack, once more.

use std::sync::Arc;

use futures::future::join_all;
use infra_bootstrap::Kinds;
use infra_event::{Body, Diagnostic, Envelope, ExitCode, Listener};
use infra_plan::Record;
use infra_provider::{Context, Goal, Progress, ProviderError, Resource, Subject};
use serde_json::json;

use crate::arguments::{Global, TestArguments};
use crate::output::{Outcome, answer, say};
use crate::run::{Deployment, start_stream};

/// Prints what the tests print.
struct Printer;

impl Listener for Printer {
    fn event(&mut self, event: &Envelope) {
        if let Body::LogLine { line, .. } = &event.body {
            say(format_args!("{} | {line}", event.address.as_deref().unwrap_or_default()));
        }
    }
}

struct Tested {
    record: Record,
    seconds: f64,
    failure: Option<ProviderError>,
}

/// Runs the tests at once; the exit code says whether all have passed.
pub(crate) async fn run(global: &Global, arguments: &TestArguments) -> Outcome {
    let deployment = Deployment::open(global).await?;
    // A run that changes the items meanwhile would test something else.
    let session = deployment.lock("test").await?;
    let records = chosen(&deployment, &arguments.items)?;
    let stream = start_stream(&deployment, "test", vec![Box::new(Printer)])?;
    let kinds = Kinds::default();
    let resource = kinds.get("smoke_test");
    let (Some(emitter), Some(resource)) = (stream.emitter(), resource) else {
        return Ok(ExitCode::Failed);
    };
    let tests = records.into_iter().zip(0..).map(|(record, number)| {
        let progress = Progress::new(emitter.clone(), number, &record.address);
        let context = deployment.context.with_progress(progress);
        test(context, Arc::clone(&resource), record)
    });
    let tested = join_all(tests).await;
    drop(emitter);
    let _ = tokio::task::spawn_blocking(move || stream.close()).await;
    if let Ok(session) = Arc::try_unwrap(session) {
        session.close().await?;
    }
    let failed = tested.iter().filter(|one| one.failure.is_some()).count();
    answer(global.output, || text(&tested), || document(&tested));
    for one in &tested {
        if let Some(failure) = &one.failure {
            crate::output::print_problems(&[failure.to_diagnostic().about(&one.record.address)]);
        }
    }
    deployment.close().await;
    Ok(if failed == 0 { ExitCode::Done } else { ExitCode::Failed })
}

/// The smoke tests that exist, of the items that are named.
fn chosen(deployment: &Deployment, items: &[String]) -> Outcome<Vec<Record>> {
    let knowledge = deployment.knowledge.lock();
    let all: Vec<Record> =
        knowledge.records.values().filter(|record| record.kind == "smoke_test").cloned().collect();
    drop(knowledge);
    let item = |record: &Record| {
        let address = record.address.as_str();
        address.strip_suffix("/smoke_test").unwrap_or(address).to_owned()
    };
    let is = |record: &Record, name: &str| {
        let whole = item(record);
        whole == name || whole.split_once('/').is_some_and(|(_, short)| short == name)
    };
    let known: Vec<String> = all.iter().map(item).collect();
    let help = if known.is_empty() {
        "give an item a `smoke_test`, and run `infra up`".to_owned()
    } else {
        format!("those with a smoke test are {}", known.join(", "))
    };
    let missing = |summary: String| {
        Diagnostic::error("no-test", summary).set(help.clone()).exit(ExitCode::Invalid)
    };
    if let Some(name) = items.iter().find(|name| !all.iter().any(|record| is(record, name))) {
        return Err(missing(format!("no smoke test of `{name}` exists")).into());
    }
    if all.is_empty() {
        return Err(missing("no smoke test exists".to_owned()).into());
    }
    let wanted = |record: &Record| items.is_empty() || items.iter().any(|name| is(record, name));
    Ok(all.into_iter().filter(wanted).collect())
}

async fn test(context: Context, resource: Arc<dyn Resource>, record: Record) -> Tested {
    let began = context.clock.now();
    let subject = Subject {
        address: record.address.clone(),
        id: Some(record.id.clone()),
        inputs: record.inputs.clone(),
        prior: Some(record.inputs.clone()),
    };
    let outcome = async {
        // The last result first: a test that is cut off must not count as passed.
        resource.delete(&context, &subject).await?;
        resource.wait(&context, &subject, Goal::Gone).await?;
        resource.create(&context, &subject).await?;
        resource.wait(&context, &subject, Goal::Ready).await
    };
    let failure = outcome.await.err();
    let seconds = context.clock.now().since(began).as_secs_f64();
    Tested { record, seconds, failure }
}

fn word(one: &Tested) -> &'static str {
    if one.failure.is_some() { "failed" } else { "passed" }
}

fn text(tested: &[Tested]) -> String {
    let lines = tested
        .iter()
        .map(|one| format!("{}: {} ({:.1}s)", one.record.address, word(one), one.seconds));
    lines.collect::<Vec<_>>().join("\n")
}

fn document(tested: &[Tested]) -> serde_json::Value {
    let tests: Vec<_> = tested
        .iter()
        .map(|one| {
            json!({
                "address": one.record.address, "outcome": word(one), "seconds": one.seconds,
                "message": one.failure.as_ref().map(ToString::to_string),
            })
        })
        .collect();
    json!({ "format_version": 1, "tests": tests })
}
