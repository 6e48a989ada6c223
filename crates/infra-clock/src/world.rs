//! [`WorldClock`]: reading and waiting for world time.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::driver;

/// A moment of world time: the time since the world began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorldTime(Duration);

impl WorldTime {
    /// The moment `since_beginning` after the world began.
    pub fn from_duration(since_beginning: Duration) -> Self {
        Self(since_beginning)
    }

    /// The time since the world began.
    pub fn as_duration(self) -> Duration {
        self.0
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    pub fn since(self, earlier: WorldTime) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::ops::Add<Duration> for WorldTime {
    type Output = WorldTime;

    fn add(self, duration: Duration) -> WorldTime {
        WorldTime(self.0.saturating_add(duration))
    }
}

impl fmt::Display for WorldTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "T+{:.3}s", self.0.as_secs_f64())
    }
}

/// A deadline passed before the future was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the deadline passed")
    }
}

impl std::error::Error for Elapsed {}

/// The clock of the world that a run takes place in.
#[derive(Clone)]
pub struct WorldClock {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pace: Pace,
    busy: AtomicI64,
    pub(crate) waiting: Mutex<Waiting>,
    pub(crate) changed: Condvar,
}

enum Pace {
    /// World time runs `speed` times as fast as a monotonic clock.
    Scaled { started: Instant, elapsed: Duration, speed: f64 },
    /// World time stands still until the driver moves it to the next deadline.
    Jumping,
}

/// Sleepers of a jumping clock, and what it shows.
#[derive(Default)]
pub(crate) struct Waiting {
    pub(crate) now: Duration,
    next_id: u64,
    pub(crate) sleepers: BTreeMap<(Duration, u64), Waker>,
}

impl WorldClock {
    /// World time as real clouds have it: one second takes one second.
    pub fn real() -> Self {
        Self::scaled(1.0, Duration::ZERO)
    }

    /// World time that runs `speed` times as fast as the wall's, from `elapsed` on.
    ///
    /// A speed that is not a positive number counts as 1.
    pub fn scaled(speed: f64, elapsed: Duration) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        Self::new(Pace::Scaled { started: Instant::now(), elapsed, speed }, elapsed)
    }

    /// World time that jumps to the next deadline as soon as the current tokio runtime has nothing to do and nobody holds a
    /// [`Busy`] guard.
    ///
    /// # Panics
    /// When called outside a tokio runtime, like [`tokio::runtime::Handle::current`].
    pub fn jumping(elapsed: Duration) -> Self {
        let clock = Self::new(Pace::Jumping, elapsed);
        driver::spawn(Arc::downgrade(&clock.inner), tokio::runtime::Handle::current());
        clock
    }

    fn new(pace: Pace, now: Duration) -> Self {
        let waiting = Waiting { now, ..Waiting::default() };
        Self {
            inner: Arc::new(Inner {
                pace,
                busy: AtomicI64::new(0),
                waiting: Mutex::new(waiting),
                changed: Condvar::new(),
            }),
        }
    }

    /// The present world time.
    pub fn now(&self) -> WorldTime {
        match &self.inner.pace {
            Pace::Scaled { started, elapsed, speed } => {
                WorldTime(elapsed.saturating_add(started.elapsed().mul_f64(*speed)))
            }
            Pace::Jumping => WorldTime(self.inner.lock().now),
        }
    }

    /// How many world seconds a wall second takes; `None` for a clock that jumps.
    pub fn speed(&self) -> Option<f64> {
        match &self.inner.pace {
            Pace::Scaled { speed, .. } => Some(*speed),
            Pace::Jumping => None,
        }
    }

    /// Waits for `duration` of world time.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now() + duration).await;
    }

    /// Waits until the world reaches `deadline`; returns at once if it has.
    pub async fn sleep_until(&self, deadline: WorldTime) {
        match &self.inner.pace {
            Pace::Scaled { speed, .. } => {
                let left = deadline.since(self.now());
                if !left.is_zero() {
                    tokio::time::sleep(left.div_f64(*speed)).await;
                }
            }
            Pace::Jumping => {
                Sleeper { inner: Arc::clone(&self.inner), deadline: deadline.0, key: None }.await;
            }
        }
    }

    /// Runs `future` for at most `duration` of world time.
    ///
    /// # Errors
    /// [`Elapsed`] when the deadline passes first; the future is dropped then.
    pub async fn timeout<F: Future>(
        &self,
        duration: Duration,
        future: F,
    ) -> Result<F::Output, Elapsed> {
        tokio::select! {
            biased;
            output = future => Ok(output),
            () = self.sleep(duration) => Err(Elapsed),
        }
    }

    /// Keeps a jumping clock from jumping while the guard lives: a request in flight, work on a blocking thread, a child process.
    #[must_use]
    pub fn busy(&self) -> Busy {
        self.hold(1)
    }

    /// Lets a jumping clock jump although the client of the request that is being answered holds a [`Busy`] guard: for an emulator that
    /// lets world time pass before it answers.
    #[must_use]
    pub fn lent(&self) -> Busy {
        self.hold(-1)
    }

    fn hold(&self, count: i64) -> Busy {
        self.inner.busy.fetch_add(count, Ordering::SeqCst);
        Busy { inner: Arc::clone(&self.inner), count }
    }
}

impl fmt::Debug for WorldClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorldClock")
            .field("now", &self.now())
            .field("speed", &self.speed())
            .finish()
    }
}

impl Inner {
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::SeqCst) > 0
    }

    /// The sleepers; a panic of another holder leaves them usable, as every change is one statement.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// World time does not jump while this lives; see [`WorldClock::busy`] (and its opposite, [`WorldClock::lent`]).
pub struct Busy {
    inner: Arc<Inner>,
    count: i64,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.inner.busy.fetch_sub(self.count, Ordering::SeqCst);
    }
}

/// Ready once the clock shows `deadline`.
struct Sleeper {
    inner: Arc<Inner>,
    deadline: Duration,
    key: Option<(Duration, u64)>,
}

impl Future for Sleeper {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut waiting = this.inner.lock();
        if waiting.now >= this.deadline {
            if let Some(key) = this.key.take() {
                waiting.sleepers.remove(&key);
            }
            return Poll::Ready(());
        }
        let key = *this.key.get_or_insert_with(|| {
            waiting.next_id += 1;
            (this.deadline, waiting.next_id)
        });
        waiting.sleepers.insert(key, context.waker().clone());
        this.inner.changed.notify_all();
        Poll::Pending
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.inner.lock().sleepers.remove(&key);
        }
    }
}
