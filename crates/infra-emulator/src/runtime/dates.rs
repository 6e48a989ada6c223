//! Dates that people and clients read, and how they relate to world time.

use std::time::Duration;

use infra_clock::WorldClock;
use jiff::Timestamp;

/// Writes dates of the wall, as API replies carry them.
#[derive(Clone, Debug)]
pub(crate) struct Dates {
    speed: f64,
}

impl Dates {
    pub(crate) fn of(clock: &WorldClock) -> Self {
        Self { speed: clock.speed().unwrap_or(1.0) }
    }

    fn now() -> Timestamp {
        Timestamp::try_from(infra_clock::wall_now()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The present date in RFC 3339 with seconds.
    pub(crate) fn date_now() -> String {
        Self::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The date at which `ahead` of world time will have passed, with nanoseconds as credentials carry it.
    pub(crate) fn date_ahead(&self, ahead: Duration) -> String {
        let wall = ahead.div_f64(self.speed);
        let then = Self::now().checked_add(wall).unwrap_or(Timestamp::MAX);
        then.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string()
    }

    /// The Unix second at which `ahead` of world time will have passed.
    pub(crate) fn unix_ahead(&self, ahead: Duration) -> i64 {
        let wall = ahead.div_f64(self.speed);
        Self::now().checked_add(wall).unwrap_or(Timestamp::MAX).as_second()
    }
}
