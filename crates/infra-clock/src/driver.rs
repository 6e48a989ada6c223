//! The thread that moves a jumping clock.
//!
//! It watches the runtime from outside: when every worker has been parked for a settling time, without being woken in between, and
//! nobody holds a busy guard, nothing can happen but by the passing of time. Loopback traffic wakes a worker within
//! microseconds, so a reply or a watch event on its way is seen as activity.

use std::sync::Weak;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::world::Inner;

/// How often the runtime is looked at.
const LOOK: Duration = Duration::from_micros(150);
/// How many looks in a row must find it parked and undisturbed.
const QUIET_LOOKS: u32 = 6;
/// How long the thread sleeps when no one waits for world time, before it looks whether the clock still exists.
const UNUSED: Duration = Duration::from_millis(200);

/// Name of the threads that move clocks.
const CLOCK: &str = "world-clock";
/// What names of threads begin with that belong to one of several worlds in a process: a runtime whose threads are called so, with a
/// number of its own, is a world for itself.
pub const WORLD: &str = "realm-";

pub(crate) fn spawn(inner: Weak<Inner>, runtime: Handle) {
    let world =
        std::thread::current().name().filter(|name| name.starts_with(WORLD)).map(str::to_owned);
    // A clock that cannot start its thread would stand still for ever; the run then ends by its wall-time limits.
    let _ = std::thread::Builder::new()
        .name(CLOCK.into())
        .spawn(move || drive(&inner, &runtime, world.as_deref()));
}

fn drive(inner: &Weak<Inner>, runtime: &Handle, world: Option<&str>) {
    let mut quiet = 0;
    let mut last = None;
    while let Some(clock) = inner.upgrade() {
        let waiting = clock.lock();
        if waiting.sleepers.is_empty() {
            let _ = clock.changed.wait_timeout(waiting, UNUSED);
            quiet = 0;
            continue;
        }
        drop(waiting);
        let seen = parked(runtime);
        quiet = if seen.is_some() && seen == last && !clock.is_busy() { quiet + 1 } else { 0 };
        last = seen;
        if quiet >= QUIET_LOOKS && !waits_for_a_processor(world) && parked(runtime) == last {
            jump(&clock);
            quiet = 0;
            last = None;
        }
        drop(clock);
        std::thread::sleep(LOOK);
    }
}

/// The sum of all workers' park counters if every worker is parked.
fn parked(runtime: &Handle) -> Option<u64> {
    let metrics = runtime.metrics();
    let mut sum = 0;
    for worker in 0..metrics.num_workers() {
        let count = metrics.worker_park_unpark_count(worker);
        // Odd: parked; even: running.
        if count.is_multiple_of(2) {
            return None;
        }
        sum += count;
    }
    Some(sum)
}

/// Whether a thread of this process has something to do and no processor to do it on.
///
/// A worker that was woken counts as parked until it really runs, which on a busy machine takes longer than any settling time; the kernel
/// knows better. Where it does not tell (no `/proc`), the settling time must do.
///
/// Clocks have no work in any world, and threads of other worlds in this process (see [`WORLD`]) none in this one.
fn waits_for_a_processor(world: Option<&str>) -> bool {
    let own = std::fs::read_link("/proc/thread-self").ok();
    let own = own.as_deref().and_then(std::path::Path::file_name);
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return false };
    threads.flatten().any(|thread| {
        if Some(thread.file_name().as_os_str()) == own {
            return false;
        }
        // `ID (NAME) STATE ...`; a name may hold anything.
        let Ok(stat) = std::fs::read_to_string(thread.path().join("stat")) else { return false };
        let Some((head, rest)) = stat.rsplit_once(") ") else { return false };
        let name = head.split_once('(').map_or("", |(_, name)| name);
        if name == CLOCK || name.starts_with(WORLD) && Some(name) != world {
            return false;
        }
        matches!(rest.chars().next(), Some('R' | 'D'))
    })
}

/// Moves the clock to the earliest deadline and wakes whoever waits for it.
fn jump(clock: &Inner) {
    let mut waiting = clock.lock();
    let Some((&(deadline, _), _)) = waiting.sleepers.first_key_value() else { return };
    waiting.now = waiting.now.max(deadline);
    let mut due = Vec::new();
    while let Some(entry) = waiting.sleepers.first_entry() {
        if entry.key().0 > deadline {
            break;
        }
        due.push(entry.remove());
    }
    drop(waiting);
    for waker in due {
        waker.wake();
    }
}
