//! Events in any order, twice, or not at all: recordings may be damaged, and no renderer may stop a run.

use infra_event::{Body, Envelope, Listener};
use infra_report::{
    Appearance, ExpectedDurations, Frame, Plain, ReportExtras, RunModel, Size, frame_lines,
    html_report, read_report, summary_lines, tree_svg,
};
use proptest::prelude::*;

use crate::scenario;
use crate::screen::Written;

/// All kinds of events of all kinds of runs.
fn pool() -> Vec<Envelope> {
    let runs = [
        scenario::up(),
        scenario::up_without_quota(),
        scenario::up_cancelled(),
        scenario::down(true),
        scenario::large(),
    ];
    let mut pool: Vec<Envelope> = runs.into_iter().flatten().collect();
    let lock = Body::LockWaited { holder: "ci@runner-7: infra up, job 812".into() };
    pool.push(Envelope { body: lock, ..pool[0].clone() });
    pool.push(Envelope { body: Body::Unknown, ..pool[0].clone() });
    pool
}

fn events() -> impl Strategy<Value = Vec<Envelope>> {
    let pool = pool();
    let elapsed = prop_oneof![
        8 => (0.0..400.0_f64).boxed(),
        1 => prop::sample::select(vec![-5.0, 1e12, f64::MAX]).boxed(),
    ];
    let one = (0..pool.len(), proptest::option::of(elapsed)).prop_map(move |(index, elapsed)| {
        let mut event = pool[index].clone();
        event.elapsed = elapsed.unwrap_or(event.elapsed);
        event
    });
    proptest::collection::vec(one, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_stops_a_renderer(
        events in events(),
        columns in 1_usize..160,
        rows in 1_usize..60,
        unicode: bool,
    ) {
        let model = RunModel::of(&events);
        let appearance = Appearance { colour: false, unicode };
        let size = Size { columns, rows };
        let lines = frame_lines(&model, &Frame { size, appearance, step: 1 });
        prop_assert!(lines.len() <= rows);
        for line in &lines {
            prop_assert!(line.width() <= columns, "{}", line);
        }
        summary_lines(&model, appearance, columns);
        let mut plain = Plain::new(Box::new(Written::default()), appearance);
        events.iter().for_each(|event| plain.event(event));
        let page = html_report(&events, &ReportExtras::default());
        prop_assert!(!page.contains("NaN"));
        if !events.is_empty() {
            prop_assert_eq!(read_report(&page).unwrap().len(), events.len());
        }
        tree_svg(&events, Some(100.0), columns);
        ExpectedDurations::of([events.as_slice()]);
    }
}
