//! [`Report`]: what came of the trials, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::failure::Failure;

/// One run of one trial.
pub(crate) struct Run {
    pub(crate) rule: &'static str,
    pub(crate) name: String,
    pub(crate) case: String,
    /// What of the trial it was, such as a call that failed.
    pub(crate) variant: String,
    pub(crate) result: Result<(), Failure>,
    pub(crate) took: Duration,
}

/// What came of all trials.
#[derive(Default)]
pub struct Report {
    runs: Vec<Run>,
    took: Duration,
}

impl Report {
    pub(crate) fn new(runs: Vec<Run>, took: Duration) -> Self {
        Self { runs, took }
    }

    /// How many runs there were.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether nothing was run.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// All failures, each with its rule, trial, case and variant.
    pub fn failures(&self) -> Vec<String> {
        let failed = self.runs.iter().filter_map(|run| {
            let failure = run.result.as_ref().err()?;
            let variant =
                if run.variant.is_empty() { String::new() } else { format!(" [{}]", run.variant) };
            Some(format!("{} {} {}{variant}: {failure}", run.rule, run.name, run.case))
        });
        failed.collect()
    }

    /// All failures as one text.
    ///
    /// # Errors
    /// If there is any, or if nothing was run.
    pub fn verdict(&self) -> Result<(), String> {
        let failures = self.failures();
        match failures.len() {
            _ if self.runs.is_empty() => Err("no trial was run".into()),
            0 => Ok(()),
            count => {
                Err(format!("{count} of {} runs failed:\n{}", self.len(), failures.join("\n")))
            }
        }
    }
}

impl fmt::Display for Report {
    /// One line for each trial and case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: BTreeMap<(&str, &str, &str), (usize, usize, Duration)> = BTreeMap::new();
        for run in &self.runs {
            let row = rows.entry((run.rule, &run.name, &run.case)).or_default();
            row.0 += 1;
            row.1 += usize::from(run.result.is_err());
            row.2 += run.took;
        }
        let width = |place: fn(&(&str, &str, &str)) -> usize| rows.keys().map(place).max();
        let name = width(|key| key.1.len()).unwrap_or_default();
        let case = width(|key| key.2.len()).unwrap_or_default();
        for ((rule, trial, about), (runs, failed, took)) in &rows {
            let verdict = if *failed == 0 { "ok".into() } else { format!("{failed} FAILED") };
            writeln!(
                f,
                "{rule}  {trial:name$}  {about:case$}  {runs:>3} runs  {:>6} ms  {verdict}",
                took.as_millis()
            )?;
        }
        write!(f, "{} runs in {:.1} s", self.len(), self.took.as_secs_f64())
    }
}
