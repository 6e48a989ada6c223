//! [`expand`]: what the file wants in its clusters, as nodes of the graph. Pure, but for the files that it reads through [`Files`].

mod cluster;
mod content;
mod item;
mod kustomize;
mod scope;
mod sources;

use infra_event::{Diagnostic, ExitCode, SourceLocation};
use infra_plan::{Address, Node, Value};
use infra_spec::{Location, Spec};

use crate::Files;

/// What `expand` stands on.
pub struct ExpandRequest<'file> {
    /// The file.
    pub spec: &'file Spec,
    /// Reads the user's manifests.
    pub files: &'file dyn Files,
    /// The nodes that the providers made: node pools are waited for by what is to run on them.
    pub cloud_nodes: &'file [Node],
}

/// The nodes of all clusters: namespaces, storage classes, pull secrets, passwords, sets of manifests, smoke tests.
///
/// # Errors
/// Everything in the file and in the manifests that is wrong, all at once.
pub fn expand(request: &ExpandRequest<'_>) -> Result<Vec<Node>, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut nodes = Vec::new();
    for name in request.spec.clusters.keys() {
        cluster::expand_cluster(request, name, &mut nodes, &mut problems);
    }
    if problems.is_empty() { Ok(nodes) } else { Err(problems) }
}

/// The address of a cluster.
fn cluster_address(cluster: &str) -> Address {
    Address::of("cluster", cluster)
}

/// The inputs that name the cluster, by which a resource finds it and vanishes with it.
fn cluster_inputs(cluster: &str) -> Vec<(&'static str, Value)> {
    let address = cluster_address(cluster);
    vec![("cluster", address.as_str().into()), ("cluster_id", Value::reference(&address, "id"))]
}

/// An error at a place of the user's file.
fn problem(location: &Location, code: &str, summary: impl Into<String>) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(code, summary).exit(ExitCode::Invalid);
    diagnostic.location = Some(SourceLocation {
        file: location.file().to_owned(),
        line: location.line(),
        column: location.column(),
        text: None,
        length: location.length(),
    });
    diagnostic
}
