//! The clock as its users see it.

use std::time::{Duration, Instant};

use infra_clock::{Elapsed, WorldClock, WorldTime};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_pass_in_no_time_and_in_order() {
    let clock = WorldClock::jumping(Duration::ZERO);
    let started = Instant::now();
    let order = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for hours in [3_u32, 1, 2] {
        let (clock, order) = (clock.clone(), order.clone());
        tasks.push(tokio::spawn(async move {
            clock.sleep(HOUR * hours).await;
            order.lock().unwrap().push((hours, clock.now()));
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let at = |hours| WorldTime::from_duration(HOUR * hours);
    assert_eq!(*order.lock().unwrap(), [(1, at(1)), (2, at(2)), (3, at(3))]);
    assert!(started.elapsed() < HOUR);
}

#[tokio::test]
async fn a_busy_guard_holds_the_clock() {
    let clock = WorldClock::jumping(Duration::ZERO);
    let busy = clock.busy();
    let sleeper = tokio::spawn({
        let clock = clock.clone();
        async move { clock.sleep(HOUR).await }
    });
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(clock.now(), WorldTime::default());
    drop(busy);
    sleeper.await.unwrap();
    assert_eq!(clock.now(), WorldTime::from_duration(HOUR));
}

#[tokio::test]
async fn a_dropped_sleeper_moves_nothing() {
    let clock = WorldClock::jumping(HOUR);
    assert_eq!(clock.timeout(HOUR, std::future::ready(7)).await, Ok(7));
    assert_eq!(clock.timeout(HOUR, std::future::pending::<()>()).await, Err(Elapsed));
    assert_eq!(clock.now(), WorldTime::from_duration(HOUR * 2));
}

#[tokio::test]
async fn a_scaled_clock_runs_at_its_speed() {
    let clock = WorldClock::scaled(1e6, HOUR);
    clock.sleep(HOUR).await;
    assert!(clock.now() >= WorldTime::from_duration(HOUR * 2));
    assert_eq!(clock.speed(), Some(1e6));
    assert_eq!(WorldClock::scaled(-1.0, HOUR).speed(), Some(1.0));
}

/// A runtime that is a world for itself.
#[expect(clippy::unwrap_used, reason = "a test without a runtime has nothing to test")]
fn realm(number: u32) -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let name = format!("{}{number}", infra_clock::WORLD);
    builder.worker_threads(2).thread_name(name).enable_all().build().unwrap()
}

#[test]
fn what_happens_in_another_world_does_not_stop_this_one() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let (busy, quiet) = (realm(1), realm(2));
    let over = std::sync::Arc::new(AtomicBool::new(false));
    let told = std::sync::Arc::clone(&over);
    busy.spawn(async move {
        while !told.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
    });
    let sleeping = quiet.spawn(async {
        let clock = WorldClock::jumping(Duration::ZERO);
        clock.sleep(Duration::from_secs(3600)).await;
        clock.now().as_duration()
    });
    let limit = Duration::from_secs(20);
    let slept = quiet.block_on(async { tokio::time::timeout(limit, sleeping).await });
    over.store(true, Ordering::Relaxed);
    assert_eq!(slept.unwrap().unwrap(), Duration::from_secs(3600));
}
