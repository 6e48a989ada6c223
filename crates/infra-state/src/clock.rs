//! The clock that leases are measured by: monotonic, local, and counting while the machine sleeps.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};

/// A clock that never goes back and whose zero means nothing; readings of two machines are never compared.
pub trait MonotonicClock: Send + Sync {
    /// The reading of now.
    fn now(&self) -> Duration;

    /// Waits until at least `duration` has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// A clock that can be handed around.
pub type SharedClock = Arc<dyn MonotonicClock>;

/// The machine's own clock.
///
/// On Linux it counts the time that the machine was suspended (`CLOCK_BOOTTIME`), which the standard library's does not: a laptop
/// that wakes up after its lease ran out knows so.
#[derive(Clone, Debug)]
pub struct SystemClock {
    started: std::time::Instant,
}

impl SystemClock {
    /// The machine's clock, shared.
    pub fn shared() -> SharedClock {
        Arc::new(Self { started: std::time::Instant::now() })
    }
}

impl MonotonicClock for SystemClock {
    fn now(&self) -> Duration {
        since_boot().unwrap_or_else(|| self.started.elapsed())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed()
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn since_boot() -> Option<Duration> {
    let reading = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(reading.tv_sec).ok()?;
    Some(Duration::new(seconds, u32::try_from(reading.tv_nsec).ok()?))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn since_boot() -> Option<Duration> {
    None
}
