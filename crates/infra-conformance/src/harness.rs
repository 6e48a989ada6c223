//! [`run_all`]: prepares every case, and runs all trials, several at a time, each in a runtime of its own (a jumping clock watches one).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::runtime::Builder;

use crate::failure::{Failure, Result};
use crate::prepare::{Prepared, prepare};
use crate::report::{Report, Run};
use crate::{Suite, trials};

/// Wall time after which a run counts as hanging.
const LIMIT: Duration = Duration::from_secs(30);

/// How many runtimes there have been.
static WORLDS: AtomicUsize = AtomicUsize::new(0);

/// A run to be made.
pub(crate) struct Job {
    pub(crate) rule: &'static str,
    pub(crate) name: String,
    pub(crate) case: String,
    pub(crate) variant: String,
    pub(crate) run: BoxFuture<'static, Result>,
}

impl Job {
    fn perform(self) -> Run {
        let Self { rule, name, case, variant, run } = self;
        let began = Instant::now();
        let result = alone(run);
        Run { rule, name, case, variant, result, took: began.elapsed() }
    }
}

/// Runs a future in a runtime of its own.
fn alone<T: Send + 'static>(future: BoxFuture<'static, Result<T>>) -> Result<T> {
    // Its threads are called so that the clock of one world does not mind what happens in another.
    let number = WORLDS.fetch_add(1, Ordering::Relaxed);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(format!("{}{number}", infra_clock::WORLD))
        .enable_all()
        .build()
        .map_err(|error| Failure::of("start a runtime", error))?;
    let result = runtime.block_on(async {
        // In a task, as the clock watches the workers of the runtime only.
        let task = tokio::spawn(future);
        match tokio::time::timeout(LIMIT, task).await {
            Ok(Ok(result)) => result,
            Ok(Err(crash)) => Err(Failure::of("it crashed", crash)),
            Err(_) => Err(Failure(format!("not done after {} s of the wall", LIMIT.as_secs()))),
        }
    });
    runtime.shutdown_background();
    result
}

/// Calls `each` for all items, several at a time; keeps no order.
fn at_once<I: Send, O: Send>(items: Vec<I>, each: impl Fn(I) -> O + Sync) -> Vec<O> {
    // More than there are processors: a run mostly waits for its clock to see that nothing happens.
    let workers = std::thread::available_parallelism().map_or(2, usize::from) + 4;
    let queue = Mutex::new(VecDeque::from(items));
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(item) = next else { break };
                    let output = each(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(output);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs all trials of a suite.
pub fn run_all(suite: &Suite) -> Report {
    let (suite, began) = (*suite, Instant::now());
    let prepared = at_once(suite.cases.to_vec(), move |case| {
        let began = Instant::now();
        (case, alone(Box::pin(prepare(suite, case))), began.elapsed())
    });
    let mut runs = Vec::new();
    let mut cases: Vec<Arc<Prepared>> = Vec::new();
    for (case, result, took) in prepared {
        let (result, prepared) = match result {
            Ok(prepared) => (Ok(()), Some(Arc::new(prepared))),
            Err(failure) => (Err(failure), None),
        };
        cases.extend(prepared);
        runs.push(Run {
            rule: "P-04",
            name: "create, read, update, delete".into(),
            case: case.address.into(),
            variant: String::new(),
            result,
            took,
        });
    }
    let jobs = trials::list(suite, &cases);
    runs.extend(at_once(jobs, Job::perform));
    Report::new(runs, began.elapsed())
}
