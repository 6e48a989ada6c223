//! [`poll`]: the one way to wait by asking. Rare at first, dense near the usual duration, bounded, and it says why.

use std::future::Future;
use std::time::Duration;

use infra_plan::Value;

use crate::{Context, ErrorKind, ProviderError, Retry};

/// What one look found.
#[derive(Clone, Debug)]
pub enum Probe {
    /// The goal is reached; these are the outputs.
    Reached(Value),
    /// Not yet.
    NotYet {
        /// What it is waiting for, and how far that is.
        reason: String,
        /// What is in the way, if something is.
        blocked: Option<String>,
    },
}

/// When to look.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// How long it usually takes.
    pub usual: Duration,
    /// The shortest time between two looks.
    pub shortest: Duration,
    /// The longest time between two looks.
    pub longest: Duration,
    /// When to give up.
    pub deadline: Duration,
}

impl Schedule {
    /// For something that usually takes `usual`, and after `deadline` will not come.
    pub fn usual(usual: Duration, deadline: Duration) -> Self {
        Self { usual, shortest: Duration::from_secs(2), longest: Duration::from_secs(15), deadline }
    }

    /// The time until the next look, `elapsed` after the start: half of what is left until the usual duration, within the bounds;
    /// afterwards a tenth of the time that has passed.
    pub fn pause(&self, elapsed: Duration) -> Duration {
        let pause = if elapsed < self.usual { (self.usual - elapsed) / 2 } else { elapsed / 10 };
        pause.clamp(self.shortest, self.longest)
    }
}

/// Looks until the goal is reached. A look that fails in a way that is worth another try counts as "not yet"; any other failure ends
/// the wait.
///
/// # Errors
/// What `look` failed with; [`ErrorKind::TimedOut`] after the deadline, with the last reason; [`ErrorKind::Cancelled`].
pub async fn poll<F>(
    context: &Context,
    operation: &str,
    schedule: Schedule,
    mut look: impl FnMut() -> F,
) -> Result<Value, ProviderError>
where
    F: Future<Output = Result<Probe, ProviderError>>,
{
    let started = context.clock.now();
    loop {
        let (reason, blocked) = match look().await {
            Ok(Probe::Reached(outputs)) => return Ok(outputs),
            Ok(Probe::NotYet { reason, blocked }) => (reason, blocked),
            Err(error) if error.retry == Retry::Never => return Err(error),
            Err(error) => (format!("no answer: {}", error.message), None),
        };
        let elapsed = context.clock.now().since(started);
        if elapsed >= schedule.deadline {
            return Err(too_long(operation, schedule.deadline, &blocked.unwrap_or(reason)));
        }
        context.progress.waiting(reason, blocked);
        tokio::select! {
            () = context.clock.sleep(schedule.pause(elapsed)) => {}
            () = context.cancel.cancelled() => return Err(ProviderError::cancelled(operation)),
        }
    }
}

fn too_long(operation: &str, deadline: Duration, last: &str) -> ProviderError {
    let message = format!("not done after {} s; last seen: {last}", deadline.as_secs());
    ProviderError::new(ErrorKind::TimedOut, operation, message)
}
