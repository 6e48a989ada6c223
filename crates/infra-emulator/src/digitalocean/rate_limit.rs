//! The two sliding windows of the API: requests per minute and per hour, in world time.

use std::collections::VecDeque;
use std::time::Duration;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 3_600_000;

/// The requests of the last hour.
#[derive(Debug)]
pub(super) struct RateLimit {
    per_minute: usize,
    per_hour: usize,
    counted: VecDeque<u64>,
}

/// What the window says about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) limit: usize,
    pub(super) remaining: usize,
    /// World time until the oldest counted request leaves the window.
    pub(super) reset: Duration,
    pub(super) verdict: Verdict,
}

/// Whether a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    /// Too many in a minute; try again after this much world time.
    Burst(Duration),
    /// Too many in an hour.
    Hour,
}

impl RateLimit {
    pub(super) fn new(per_minute: Option<u64>, per_hour: Option<u64>) -> Self {
        let number = |given: Option<u64>, default| {
            given.map_or(default, |given| usize::try_from(given).unwrap_or(usize::MAX))
        };
        Self {
            per_minute: number(per_minute, 250),
            per_hour: number(per_hour, 5000),
            counted: VecDeque::new(),
        }
    }

    /// Counts a request at this world time, if it may pass.
    pub(super) fn count(&mut self, now_ms: u64) -> Standing {
        while self.counted.front().is_some_and(|oldest| oldest + HOUR_MS <= now_ms) {
            self.counted.pop_front();
        }
        let recent = self.counted.partition_point(|at| at + MINUTE_MS <= now_ms);
        let verdict = if self.counted.len() >= self.per_hour {
            Verdict::Hour
        } else if self.counted.len() - recent >= self.per_minute {
            let oldest = self.counted.get(recent).copied().unwrap_or(now_ms);
            Verdict::Burst(Duration::from_millis(oldest + MINUTE_MS - now_ms))
        } else {
            self.counted.push_back(now_ms);
            Verdict::Pass
        };
        let oldest = self.counted.front().copied().unwrap_or(now_ms);
        let remaining = match verdict {
            Verdict::Burst(_) => 0,
            _ => self.per_hour.saturating_sub(self.counted.len()),
        };
        let reset = Duration::from_millis((oldest + HOUR_MS).saturating_sub(now_ms));
        Standing { limit: self.per_hour, remaining, reset, verdict }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minute_and_the_hour_are_sliding_windows() {
        let mut limit = RateLimit::new(Some(2), Some(3));
        assert_eq!(limit.count(0).verdict, Verdict::Pass);
        assert_eq!(limit.count(10_000).verdict, Verdict::Pass);
        let third = limit.count(20_000);
        assert_eq!(third.verdict, Verdict::Burst(Duration::from_secs(40)));
        assert_eq!(third.remaining, 0);
        assert_eq!(limit.count(60_000).verdict, Verdict::Pass);
        let fourth = limit.count(130_000);
        assert_eq!(fourth.verdict, Verdict::Hour);
        assert_eq!(fourth.reset, Duration::from_secs(3600 - 130));
        assert_eq!(limit.count(HOUR_MS).verdict, Verdict::Pass);
    }
}
