//! [`Prepared`]: a case with the worlds that its trials start from, and the calls that each of its operations makes.

use std::collections::BTreeSet;

use infra_emulator::RequestRecord;
use infra_plan::{Address, Graph, Node};

use crate::census::Census;
use crate::failure::{Failure, Result, ensure};
use crate::world::{Opening, Snapshot, World};
use crate::{Case, Suite};

/// A request that an operation makes, by its number since the world was opened.
#[derive(Clone, Debug)]
pub(crate) struct CallMade {
    pub(crate) number: usize,
    pub(crate) method: String,
    pub(crate) path: String,
}

/// An operation as it goes when nothing is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What is desired.
    pub(crate) graph: Graph,
    /// Its distinct calls, in their order; of a call that is repeated, the first.
    pub(crate) calls: Vec<CallMade>,
    /// What exists afterwards.
    pub(crate) census: Census,
}

impl Work {
    /// The first call that changes something.
    pub(crate) fn first_change(&self) -> Option<&CallMade> {
        self.calls.iter().find(|call| call.method != "GET")
    }
}

/// A case with the worlds that its trials start from.
pub(crate) struct Prepared {
    pub(crate) suite: Suite,
    pub(crate) case: Case,
    /// The resource.
    pub(crate) node: Node,
    /// Everything that the resource needs is there, but not the resource itself.
    pub(crate) before: Snapshot,
    /// The resource is there.
    pub(crate) made: Snapshot,
    pub(crate) create: Work,
    pub(crate) update: Option<Work>,
    pub(crate) delete: Work,
}

/// The nodes that a node needs, without itself.
fn needed<'node>(nodes: &'node [Node], address: &Address) -> Vec<&'node Node> {
    let mut wanted = BTreeSet::from([address.clone()]);
    loop {
        let more: BTreeSet<Address> = nodes
            .iter()
            .filter(|node| wanted.contains(&node.address))
            .flat_map(Node::dependencies)
            .collect();
        let before = wanted.len();
        wanted.extend(more);
        if wanted.len() == before {
            break;
        }
    }
    nodes.iter().filter(|node| wanted.contains(&node.address) && node.address != *address).collect()
}

fn find(nodes: &[Node], case: &Case) -> Result<Node> {
    let found = nodes.iter().find(|node| node.address.as_str() == case.address);
    let node =
        found.ok_or_else(|| Failure(format!("the suite's file gives no node {}", case.address)))?;
    ensure(node.kind == case.kind, || format!("{} is a {}", case.address, node.kind))?;
    Ok(node.clone())
}

fn graph(needed: &[&Node], node: Option<&Node>) -> Result<Graph> {
    let nodes = needed.iter().copied().chain(node).cloned();
    Graph::new(nodes).map_err(|error| Failure::of("the suite's graph", error))
}

/// Prepares a case: its whole life once, without faults (create, read, update, delete).
///
/// # Errors
/// Whatever went wrong in that life.
pub(crate) async fn prepare(suite: Suite, case: Case) -> Result<Prepared> {
    let world = World::open(suite, Opening::default()).await?;
    let nodes = world.nodes(suite.file).await?;
    let node = find(&nodes, &case)?;
    let needed = needed(&nodes, &node.address);
    let changed = match case.changed {
        Some(file) => {
            let changed = find(&world.nodes(file).await?, &case)?;
            ensure(changed.inputs != node.inputs, || "its changed file changes nothing".into())?;
            Some(changed)
        }
        None => None,
    };
    let without = graph(&needed, None)?;
    world.apply(&without).await?;
    world.nothing_to_do(&without).await?;
    let empty = world.census()?;
    let before = world.close().await?;

    let with = graph(&needed, Some(&node))?;
    let (create, made) = live(suite, &before, "create", &with).await?;
    ensure(made.knowledge.records.contains_key(&node.address), || "it is not recorded".into())?;
    let update = match &changed {
        Some(changed) => {
            let work = live(suite, &made, "update", &graph(&needed, Some(changed))?).await?;
            let id = |snapshot: &Snapshot| {
                snapshot.knowledge.records.get(&node.address).map(|record| record.id.clone())
            };
            ensure(id(&work.1) == id(&made), || "a change in place has replaced it".into())?;
            Some(work.0)
        }
        None => None,
    };
    let (delete, gone) = live(suite, &made, "delete", &without).await?;
    ensure(!gone.knowledge.records.contains_key(&node.address), || "it is still recorded".into())?;
    ensure(delete.census == empty, || {
        format!(
            "after its deletion there is {}, before its creation there was {empty}",
            delete.census
        )
    })?;
    Ok(Prepared { suite, case, node, before, made, create, update, delete })
}

/// Runs an operation in a copy of a world, and looks that it is done.
async fn live(
    suite: Suite,
    from: &Snapshot,
    name: &'static str,
    graph: &Graph,
) -> Result<(Work, Snapshot)> {
    let told = |failure: Failure| Failure::of(name, failure);
    let world = World::open(suite, Opening { from: Some(from), ..Opening::default() }).await?;
    let plan = world.plan(graph).await.map_err(told)?;
    ensure(!plan.is_empty(), || format!("{name}: there is nothing to do"))?;
    let first = world.requests().len();
    let finished = world.execute(&plan).await.map_err(told)?;
    ensure(finished.succeeded(), || Failure::told(name, &finished.failures).to_string())?;
    let calls = distinct(&world.requests(), first);
    world.nothing_to_do(graph).await.map_err(told)?;
    let census = world.census()?;
    let work = Work { name, graph: graph.clone(), calls, census };
    Ok((work, world.close().await?))
}

fn distinct(requests: &[RequestRecord], first: usize) -> Vec<CallMade> {
    let mut seen = BTreeSet::new();
    requests
        .iter()
        .enumerate()
        .skip(first)
        .filter(|(_, request)| seen.insert((request.method.clone(), request.path.clone())))
        .map(|(number, request)| CallMade {
            number,
            method: request.method.clone(),
            path: request.path.clone(),
        })
        .collect()
}
