//! Random files, states and worlds: plans are consistent, deterministic, safe to execute in any order that they allow, survive being
//! saved, and lead to where nothing is left to do.

use std::convert::Infallible;

use infra_event::Action;
use infra_plan::{Node, Plan, Readiness, Secret, Value};
use proptest::prelude::*;

use crate::world::{World, at, inputs, lines, node};

/// How a node needs another one.
#[derive(Clone, Copy, Debug)]
enum Need {
    After,
    Update,
    Replace,
    Joined,
    Secret,
    Within,
}

/// A node of a random file.
#[derive(Clone, Debug)]
struct Wish {
    there: bool,
    base: u8,
    size: u8,
    secret: u8,
    needs: Vec<(prop::sample::Index, Need)>,
}

fn need() -> impl Strategy<Value = Need> {
    use Need::{After, Joined, Replace, Secret, Update, Within};
    prop::sample::select(vec![After, Update, Replace, Joined, Secret, Within])
}

fn wish() -> impl Strategy<Value = Wish> {
    let needs = prop::collection::vec((any::<prop::sample::Index>(), need()), 0..4);
    (prop::bool::weighted(0.8), 0..3_u8, 0..3_u8, 0..2_u8, needs)
        .prop_map(|(there, base, size, secret, needs)| Wish { there, base, size, secret, needs })
}

fn file() -> impl Strategy<Value = (bool, Vec<Wish>)> {
    (any::<bool>(), prop::collection::vec(wish(), 1..12))
}

/// The address of the place in the file; the kind depends on it.
fn address(place: usize) -> String {
    match place % 4 {
        0 => format!("cluster.c{place}"),
        1 => format!("node_pool.c/p{place}"),
        2 => format!("network.n{place}"),
        _ => format!("c/item{place}"),
    }
}

/// The nodes of a file. Needs lead to earlier places, or to later ones if `backwards`.
fn nodes(file: &(bool, Vec<Wish>)) -> Vec<Node> {
    let (backwards, wishes) = file;
    let mut order: Vec<usize> = (0..wishes.len()).filter(|place| wishes[*place].there).collect();
    if *backwards {
        order.reverse();
    }
    let mut nodes = Vec::new();
    for (rank, place) in order.iter().enumerate() {
        let wish = &wishes[*place];
        let mut fields = inputs([
            ("region", u32::from(wish.base).into()),
            ("base", u32::from(wish.base).into()),
            ("size", u32::from(wish.size).into()),
            ("version", u32::from(wish.size).into()),
            ("secret", Value::secret(format!("s{}", wish.secret))),
        ]);
        let Value::Map(map) = &mut fields else { continue };
        let mut after = Vec::new();
        for (number, (index, need)) in wish.needs.iter().enumerate() {
            if rank == 0 {
                break;
            }
            let on = at(&address(order[index.index(rank)]));
            let refer = |path: &str| Value::reference(&on, path);
            match need {
                Need::After => after.push(on),
                Need::Update => drop(map.insert(format!("link{number}"), refer("access.server"))),
                Need::Replace => {
                    let list = Value::List(vec![refer("id"), "x".into()]);
                    drop(map.insert("base".to_owned(), list));
                }
                Need::Joined => {
                    let parts = vec!["a-".into(), refer("ip"), "/".into()];
                    drop(map.insert(format!("url{number}"), Value::Joined(parts)));
                }
                Need::Secret => drop(map.insert("secret".to_owned(), refer("password"))),
                Need::Within => drop(map.insert("cluster".to_owned(), refer("id"))),
            }
        }
        let mut node = node(&address(*place), fields);
        node.after = after;
        nodes.push(node);
    }
    nodes
}

/// What happens behind the back of the deployment.
#[derive(Clone, Debug)]
enum Drift {
    Vanished(prop::sample::Index),
    Changed(prop::sample::Index),
    Deleting(prop::sample::Index),
    Unrecorded(prop::sample::Index),
    NotReady(prop::sample::Index),
}

fn drift() -> impl Strategy<Value = Drift> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        index().prop_map(Drift::Vanished),
        index().prop_map(Drift::Changed),
        index().prop_map(Drift::Deleting),
        index().prop_map(Drift::Unrecorded),
        index().prop_map(Drift::NotReady),
    ]
}

impl World {
    fn happen(&mut self, drift: &Drift) {
        let all: Vec<_> = self.observed.keys().cloned().collect();
        if all.is_empty() {
            return;
        }
        match drift {
            Drift::Vanished(index) => self.vanish(index.get(&all)),
            // A run that died before it could say what it made: only what the file still wants is found again by its marker.
            Drift::Unrecorded(index) => {
                let address = index.get(&all);
                if self.nodes.iter().any(|node| node.address == *address) {
                    self.records.remove(address);
                }
            }
            Drift::Changed(index) => {
                if let Some(seen) = self.observed.get_mut(index.get(&all))
                    && let Value::Map(fields) = &mut seen.fields
                {
                    fields.insert("size".to_owned(), "drifted".into());
                }
            }
            Drift::Deleting(index) => {
                if let Some(seen) = self.observed.get_mut(index.get(&all)) {
                    seen.readiness = Readiness::Deleting;
                }
            }
            Drift::NotReady(index) => {
                let address = index.get(&all);
                let waits = ["cluster", "node_pool", "manifests"];
                if let Some(seen) = self.observed.get_mut(address)
                    && self
                        .records
                        .get(address)
                        .is_some_and(|one| waits.contains(&one.kind.as_str()))
                    && seen.readiness == Readiness::Ready
                {
                    seen.readiness =
                        Readiness::Pending { reason: "busy".to_owned(), blocked: None };
                }
            }
        }
    }

    /// Executes some of a plan, in an order that the plan allows and chance decides. Returns whether it was all of it.
    fn apply_in_some_order(&mut self, plan: &Plan, chances: &[prop::sample::Index], stop: usize) {
        let mut done = vec![false; plan.operations.len()];
        for step in 0..plan.operations.len().min(stop) {
            let ready: Vec<_> = plan
                .operations
                .iter()
                .filter(|one| !done[one.id.0 as usize])
                .filter(|one| one.after.iter().all(|needed| done[needed.0 as usize]))
                .collect();
            let chosen = match chances.get(step % chances.len().max(1)) {
                Some(chance) => *chance.get(&ready),
                None => ready[0],
            };
            self.execute(plan, chosen);
            done[chosen.id.0 as usize] = true;
        }
    }

    /// Plans again and again until nothing is left to do; two plans must be enough for anything that a file can ask for.
    fn converge(&mut self, chances: &[prop::sample::Index]) -> Result<(), TestCaseError> {
        self.agree_to_all();
        let plan = self.plan();
        if plan.refusals.iter().any(|refusal| refusal.code == "order") {
            return Err(TestCaseError::reject("a conflict that needs two runs"));
        }
        prop_assert_eq!(&plan.refusals, &[]);
        prop_assert_eq!(&plan, &self.plan(), "planning is deterministic");
        self.apply_in_some_order(&plan, chances, usize::MAX);
        let second = self.plan();
        prop_assert_eq!(lines(&second), Vec::<String>::new());
        prop_assert_eq!(second.totals.unchanged, self.nodes.len());
        Ok(())
    }
}

/// Totals say what the operations do.
fn check_totals(plan: &Plan) -> Result<(), TestCaseError> {
    let count = |action| plan.operations.iter().filter(|one| one.action == action).count();
    prop_assert_eq!(plan.totals.create, count(Action::Create));
    prop_assert_eq!(plan.totals.adopt, count(Action::Adopt));
    let goes = count(Action::Delete) + count(Action::Forget);
    prop_assert_eq!(plan.totals.delete + plan.totals.forget + plan.totals.replace, goes);
    let document = infra_plan::show::json(plan);
    let shown = |action: &str| {
        let changes = document["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
        changes.iter().filter(|change| change["action"] == action).count()
    };
    prop_assert_eq!(plan.totals.replace, shown("replace"));
    prop_assert_eq!(plan.totals.delete, shown("delete"));
    prop_assert_eq!(plan.totals.update, shown("update"));
    prop_assert_eq!(plan.totals.create - plan.totals.replace, shown("create"));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_file_leads_from_every_other_to_where_nothing_is_left_to_do(
        first in file(),
        second in file(),
        drifts in prop::collection::vec(drift(), 0..4),
        chances in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
        stop in 0..30_usize,
    ) {
        let mut world = World::desiring(nodes(&first));
        world.converge(&chances)?;
        world.nodes = nodes(&second);
        for drift in &drifts {
            world.happen(drift);
        }
        world.agree_to_all();
        let plan = world.plan();
        check_totals(&plan)?;
        // The run dies somewhere; the next one completes it.
        if plan.refusals.is_empty() {
            world.apply_in_some_order(&plan, &chances, stop);
        }
        world.converge(&chances)?;
        for drift in drifts.iter().filter(|drift| matches!(drift, Drift::Unrecorded(_))) {
            world.happen(drift);
        }
        let destroy = world.destroy();
        check_totals(&destroy)?;
        prop_assert_eq!(&destroy.refusals, &[]);
        world.apply_in_some_order(&destroy, &chances, usize::MAX);
        prop_assert!(world.observed.is_empty() && world.records.is_empty());
        prop_assert!(world.destroy().is_empty());
    }

    #[test]
    fn a_saved_plan_is_the_plan(first in file(), second in file()) {
        let mut world = World::desiring(nodes(&first));
        let plan = world.plan();
        world.apply(&plan);
        world.nodes = nodes(&second);
        for plan in [world.plan(), world.destroy()] {
            let mut seal = |secret: &Secret| {
                Ok::<_, Infallible>(Secret::sealed(format!("<{}>", secret.expose().unwrap_or("?"))))
            };
            let Ok(sealed) = plan.map_secrets(&mut seal);
            let text = serde_json::to_string(&sealed).unwrap();
            let back: Plan = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&back, &sealed);
            prop_assert_eq!(serde_json::to_string(&back).unwrap(), text, "the order is kept, too");
            let mut open = |secret: &Secret| {
                let text = secret.sealed_text().unwrap_or("");
                Ok::<_, Infallible>(Secret::new(text.trim_matches(['<', '>']).to_owned()))
            };
            let Ok(opened) = back.map_secrets(&mut open);
            prop_assert_eq!(&opened, &plan);
        }
    }

    #[test]
    fn pictures_and_texts_of_anything_can_be_made(first in file(), second in file(), width in 0..120_usize) {
        let mut world = World::desiring(nodes(&first));
        let plan = world.plan();
        world.apply(&plan);
        world.nodes = nodes(&second);
        for plan in [world.plan(), world.destroy()] {
            let options = infra_plan::show::ShowOptions { color: false, verbose: false, width };
            let text = infra_plan::show::text(&plan, &options);
            let last = text.lines().last().unwrap_or_default().to_owned();
            prop_assert!(last.starts_with("Plan: ") || last.starts_with("No changes."), "{}", last);
            let picture = infra_plan::draw::Picture::of_plan(&plan);
            prop_assert!(picture.edges.iter().all(|(from, to)| from < to));
            let svg = infra_plan::draw::svg(&picture);
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{}", svg);
            prop_assert_eq!(svg.matches("<title>").count(), picture.shapes.len());
        }
    }
}
