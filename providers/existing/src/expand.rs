//! From the file to nodes of the graph: one referenced node per cluster.

use infra_event::{Diagnostic, ExitCode};
use infra_plan::{Address, Node, Ownership, Value};
use infra_provider::ExpandRequest;
use infra_spec::Location;
use infra_spec::model::Cluster;

use crate::kinds::cluster;

/// The nodes that the file asks of this instance.
pub(crate) fn expand(request: &ExpandRequest<'_>) -> Result<Vec<Node>, Vec<Diagnostic>> {
    let (spec, instance) = (request.spec, request.instance);
    let mut problems = Vec::new();
    let mut nodes = Vec::new();
    for described in spec.clusters.values().filter(|cluster| cluster.provider.name == instance) {
        problems.extend(beyond(described));
        nodes.push(node(described, instance));
    }
    for registry in spec.registries.iter().filter(|registry| registry.provider.name == instance) {
        problems.push(unsupported(
            &registry.location,
            format!("the registry `{}` has no provider that could make it", registry.name),
            "name one with `provider:`, or give the login as credentials of a pull secret",
        ));
    }
    for address in spec.addresses.iter().filter(|address| address.provider.name == instance) {
        problems.push(unsupported(
            &address.location,
            format!("the address `{}` has no provider that could make it", address.name),
            "leave it out: a service of type LoadBalancer gets the address that the cluster gives",
        ));
    }
    if problems.is_empty() { Ok(nodes) } else { Err(problems) }
}

fn node(described: &Cluster, instance: &str) -> Node {
    let address = Address::of("cluster", &described.name);
    let inputs = Value::map([("name", Value::from(described.name.as_str()))]);
    let mut node = Node::new(address, cluster::KIND.name, instance, inputs);
    node.ownership = Ownership::Referenced;
    node
}

/// What the file asks of a cluster that is there already and is never changed.
fn beyond(described: &Cluster) -> Vec<Diagnostic> {
    let mut asked = Vec::new();
    let mut ask = |is: bool, what: &'static str| {
        if is {
            asked.push(what);
        }
    };
    ask(!described.pools.is_empty(), "`pools`");
    ask(described.version.is_some(), "`version`");
    ask(described.masters.is_some(), "`masters`");
    ask(described.high_availability.is_some(), "`high_availability`");
    ask(described.network.is_some(), "`network`");
    ask(described.maintenance_window.is_some(), "`maintenance_window`");
    ask(described.auto_upgrade.is_some(), "`auto_upgrade`");
    ask(described.surge_upgrade.is_some(), "`surge_upgrade`");
    let problem = |what: &&str| {
        unsupported(
            &described.location,
            format!(
                "the cluster `{}` is there already, and {what} would change it",
                described.name
            ),
            "leave it out, or choose a provider that makes clusters",
        )
    };
    asked.iter().map(problem).collect()
}

fn unsupported(location: &Location, summary: String, help: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error("unsupported", summary).set(help).exit(ExitCode::Invalid);
    Diagnostic { location: Some(location.into()), ..diagnostic }
}
