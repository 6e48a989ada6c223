//! [`replay`]: shows a recorded run again, at a chosen speed.

use std::time::Duration;

use infra_event::{Envelope, Listener};

/// A pause longer than this comes from a damaged recording or a mistaken speed, and is left out.
const LONGEST_PAUSE: f64 = 86_400.0;
/// How often listeners are ticked between events, as in a run.
const TICK: f64 = 0.1;

/// Feeds the events to the listeners and finishes them. At `speed` 1 a world second takes a second, at 10 a tenth of one; without a
/// speed, or at one that is not above zero, all events follow at once. `sleep` is called to wait.
pub fn replay(
    events: &[Envelope],
    listeners: &mut [Box<dyn Listener>],
    speed: Option<f64>,
    mut sleep: impl FnMut(Duration),
) {
    let speed = speed.filter(|speed| speed.is_finite() && *speed > 0.0);
    let mut now = events.first().map_or(0.0, |event| event.elapsed);
    for event in events {
        if let Some(speed) = speed {
            pause(now, event.elapsed, speed, listeners, &mut sleep);
        }
        now = now.max(event.elapsed);
        listeners.iter_mut().for_each(|listener| listener.event(event));
    }
    listeners.iter_mut().for_each(|listener| listener.finish());
}

/// Waits from one moment of world time to another, with ticks on the way.
fn pause(
    from: f64,
    to: f64,
    speed: f64,
    listeners: &mut [Box<dyn Listener>],
    sleep: &mut impl FnMut(Duration),
) {
    let seconds = (to - from) / speed;
    // Not a number compares as false.
    if !(seconds > 0.0 && seconds <= LONGEST_PAUSE) {
        return;
    }
    let (mut left, mut now) = (seconds, from);
    while left > TICK {
        sleep(Duration::from_secs_f64(TICK));
        left -= TICK;
        now += TICK * speed;
        listeners.iter_mut().for_each(|listener| listener.tick(now));
    }
    sleep(Duration::from_secs_f64(left.max(0.0)));
}
