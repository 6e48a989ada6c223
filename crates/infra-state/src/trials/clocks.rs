//! Clocks that a trial moves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use tokio::sync::watch;

use crate::clock::MonotonicClock;

/// A clock that stands still until it is told to go on: a process that is paused, or whose heartbeat is looked at beat by beat.
#[derive(Clone)]
pub struct StandingClock {
    now: watch::Sender<Duration>,
}

impl StandingClock {
    /// A clock that shows `now`.
    pub fn at(now: Duration) -> Arc<Self> {
        Arc::new(Self { now: watch::Sender::new(now) })
    }

    /// Moves the clock and wakes those whose time has come.
    pub fn advance(&self, by: Duration) {
        self.now.send_modify(|now| *now += by);
    }
}

impl MonotonicClock for StandingClock {
    fn now(&self) -> Duration {
        *self.now.borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut now = self.now.subscribe();
        let until = self.now().saturating_add(duration);
        // The sender may go first; then this sleeps for ever, as nothing moves the clock any more.
        async move {
            if now.wait_for(|now| *now >= until).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
        .boxed()
    }
}

/// What happens whenever somebody sleeps on a [`PacedClock`].
type OnSleep = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// Longer sleeps do not end on a [`PacedClock`]: a waiter looks more often than that, and only heartbeats are slower.
const LONGEST_STEP: Duration = Duration::from_secs(1);

/// A clock that goes on by as much as a waiter sleeps, at once: a waiter that has all the time.
pub struct PacedClock {
    now: Arc<Mutex<Duration>>,
    on_sleep: OnSleep,
}

impl PacedClock {
    /// A clock with nothing else going on. It begins at a time of its own, as the clocks of two machines do.
    pub fn alone() -> Arc<Self> {
        Self::with(Arc::new(|| tokio::task::yield_now().boxed()))
    }

    /// A clock on which `on_sleep` happens during every sleep.
    pub fn with(on_sleep: OnSleep) -> Arc<Self> {
        let now = Arc::new(Mutex::new(Duration::from_secs(1_000_000)));
        Arc::new(Self { now, on_sleep })
    }
}

impl MonotonicClock for PacedClock {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration > LONGEST_STEP {
            return std::future::pending().boxed();
        }
        let (now, happens) = (Arc::clone(&self.now), (self.on_sleep)());
        async move {
            happens.await;
            *now.lock().unwrap_or_else(PoisonError::into_inner) += duration;
        }
        .boxed()
    }
}
