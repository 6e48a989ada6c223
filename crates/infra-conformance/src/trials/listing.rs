//! Listings are drained page by page (rule P-08): pages of one entry tell the same as whole ones.

use infra_plan::Graph;

use crate::Suite;
use crate::failure::{Failure, Result, ensure};
use crate::proxy::Interference;
use crate::world::{Opening, Snapshot, World};

/// Everything that is told by listings is the same with pages of one entry.
pub(super) async fn drained(suite: Suite) -> Result {
    let world = World::open(suite, Opening::default()).await?;
    let nodes = world.nodes(suite.crowded).await?;
    let graph = Graph::new(nodes).map_err(|error| Failure::of("the crowded file", error))?;
    world.apply(&graph).await?;
    let crowd = world.close().await?;
    let (whole, _) = told(suite, &crowd, &graph, Interference::default()).await?;
    let narrow = Interference { pages_of_one: Some(suite.page_size), ..Interference::default() };
    let (paged, further) = told(suite, &crowd, &graph, narrow).await?;
    ensure(further > 0, || "no listing has a second page".into())?;
    for ((what, whole), (_, paged)) in whole.iter().zip(&paged) {
        ensure(whole == paged, || format!("{what}: {whole}; with pages of one entry {paged}"))?;
    }
    Ok(())
}

/// What each listing tells, and how many further pages were asked for.
async fn told(
    suite: Suite,
    crowd: &Snapshot,
    graph: &Graph,
    interference: Interference,
) -> Result<(Vec<(String, String)>, usize)> {
    let proxy = Some(interference);
    let world =
        World::open(suite, Opening { from: Some(crowd), proxy, ..Opening::default() }).await?;
    let context = &world.context;
    let mut told = Vec::new();
    for node in graph.nodes() {
        let resource = world.resource(&node.kind)?;
        let subject = world.subject(node, None);
        let seen = resource.observe(context, &subject).await?;
        told.push((format!("observe {}", node.address), format!("{seen:?}")));
        let listing = resource.listing_before(context, &subject).await?;
        told.push((format!("listing before {}", node.address), format!("{listing:?}")));
    }
    let survey = world.provider.survey(context).await?;
    told.push(("survey".into(), format!("{survey:?}")));
    let known: Vec<_> = crowd.knowledge.records.values().cloned().collect();
    let prefix = context.deployment.prefix();
    let findings = world.provider.leftovers(context, &prefix, &known).await?;
    ensure(!findings.found.is_empty(), || "the listing of leftovers finds nothing".into())?;
    told.push(("leftovers".into(), format!("{:?}", findings.found)));
    let further = world.proxy.as_ref().map_or(0, crate::proxy::Proxy::further_pages);
    world.close().await?;
    Ok((told, further))
}
