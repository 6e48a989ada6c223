//! [`run_stores`]: the trials of the state's stores, in the same report as those of providers.

use std::time::Instant;

use infra_state::trials::{StoreFactory, all};

use crate::Report;
use crate::failure::Failure;
use crate::report::Run;

/// Runs all trials of a store on stores of `factory`. Needs a multi-threaded runtime.
pub async fn run_stores(store: &str, factory: StoreFactory) -> Report {
    let began = Instant::now();
    let mut runs = Vec::new();
    for trial in all() {
        let began = Instant::now();
        let result = trial.run(StoreFactory::clone(&factory)).await;
        runs.push(Run {
            rule: "store",
            name: trial.name.replace('_', " "),
            case: store.to_owned(),
            variant: String::new(),
            result: result.map_err(|failure| Failure(failure.to_string())),
            took: began.elapsed(),
        });
    }
    Report::new(runs, began.elapsed())
}
