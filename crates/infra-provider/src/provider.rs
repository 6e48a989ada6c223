//! [`Provider`]: a cloud, as the rest of the program sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use infra_event::{Diagnostic, Leftover};
use infra_plan::{Address, Kind, Node, Plan, Record};
use infra_spec::Spec;
use serde::{Deserialize, Serialize};

use crate::{ClusterAccess, Context, ProviderError, RegistryLogin, Resource};

/// What a provider can do, as plain data; read by the planner, `explain` and the conformance kit.
#[derive(Clone, Debug, Serialize)]
pub struct Capabilities {
    /// Type of the provider, such as `digitalocean`.
    pub provider: &'static str,
    /// The kinds that it knows.
    pub kinds: Vec<&'static Kind>,
    /// How many calls may run at a time.
    pub parallel: usize,
    /// What an `addresses:` entry is here, in a few words, and what it binds to (`node`, `load_balancer`).
    pub address: Option<(&'static str, &'static [&'static str])>,
    /// Whether an address can move to another cluster.
    pub address_moves: bool,
    /// Whether the listing after a destroy can be asked by marker and by cluster id.
    pub lists_leftovers: bool,
}

/// A size of nodes that can be had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfferedSize {
    /// The provider's name of it.
    pub name: String,
    /// Virtual CPUs.
    pub cpus: f64,
    /// Memory in bytes.
    pub memory: u64,
    /// Number of GPUs.
    pub gpus: u32,
    /// Price a month in US dollars.
    pub monthly: Option<f64>,
}

/// What the provider told before planning: it is read once, and the plan stands on it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Survey {
    /// Sizes that can be had in the chosen region.
    pub sizes: Vec<OfferedSize>,
    /// Kubernetes versions that can be had, newest first, in the provider's words.
    pub versions: Vec<String>,
    /// Quotas: name to (used, limit).
    pub quotas: BTreeMap<String, (u64, u64)>,
    /// Anything else that `expand` needs, by name.
    pub facts: BTreeMap<String, serde_json::Value>,
}

/// What `expand` stands on.
pub struct ExpandRequest<'file> {
    /// The file.
    pub spec: &'file Spec,
    /// The name of this instance in the file's `providers`.
    pub instance: &'file str,
    /// What the provider told.
    pub survey: &'file Survey,
}

/// What an independent listing found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What is there.
    pub found: Vec<Leftover>,
    /// What was asked, in the cloud's words, such as `load balancers`.
    pub asked: Vec<String>,
}

/// A cloud, as the rest of the program sees it: one instance of the file's `providers`.
pub trait Provider: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// Reads what planning needs: sizes, prices, versions, quotas. Checks the credentials by that.
    fn survey<'call>(
        &'call self,
        context: &'call Context,
    ) -> BoxFuture<'call, Result<Survey, ProviderError>>;

    /// The nodes that the file asks of this provider. Pure.
    ///
    /// # Errors
    /// Everything in the file that this provider cannot do, all at once.
    fn expand(&self, request: &ExpandRequest<'_>) -> Result<Vec<Node>, Vec<Diagnostic>>;

    /// The resource of this kind.
    fn resource(&self, kind: &str) -> Option<Arc<dyn Resource>>;

    /// Checks a whole plan against quotas, sizes and names, before the first write. All failures at once.
    fn preflight(&self, plan: &Plan, survey: &Survey) -> Vec<Diagnostic>;

    /// Access to the cluster with this id.
    fn cluster_access<'call>(
        &'call self,
        context: &'call Context,
        cluster: &'call Address,
        id: &'call str,
    ) -> BoxFuture<'call, Result<ClusterAccess, ProviderError>>;

    /// A login to the registry with this id: for pushing if `write`, else for pulling.
    fn registry_login<'call>(
        &'call self,
        context: &'call Context,
        id: &'call str,
        write: bool,
    ) -> BoxFuture<'call, Result<RegistryLogin, ProviderError>>;

    /// Takes away what the things of a deployment leave behind and nothing bears any more, such as empty tags. Called when all `known`
    /// things are gone, also if they went in a run that died, and before the listing that proves it. Nothing to do if absent.
    fn tidy<'call>(
        &'call self,
        _context: &'call Context,
        _marker_prefix: &'call str,
        _known: &'call [Record],
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        Box::pin(async { Ok(()) })
    }

    /// Lists, independently of the state, what is there of a deployment: by its owner markers (which begin with `marker_prefix`), by the
    /// ids of its clusters, and what bore one of the `known` ids when the destruction began. Referenced records are among those: they are no
    /// leftovers themselves, but what of ours is in them is.
    fn leftovers<'call>(
        &'call self,
        context: &'call Context,
        marker_prefix: &'call str,
        known: &'call [Record],
    ) -> BoxFuture<'call, Result<Findings, ProviderError>>;
}

/// The cheapest size that satisfies a need; of equal prices the smaller memory, then the name.
///
/// # Errors
/// The closest sizes, by name, if none fits.
pub fn choose_size(
    sizes: &[OfferedSize],
    cpus: f64,
    memory: u64,
    gpus: u32,
) -> Result<&OfferedSize, Vec<String>> {
    let fits = |size: &&OfferedSize| {
        size.cpus >= cpus
            && size.memory >= memory
            && size.gpus >= gpus
            && (gpus > 0 || size.gpus == 0)
    };
    let order = |one: &&OfferedSize, two: &&OfferedSize| {
        let price = |size: &OfferedSize| size.monthly.unwrap_or(f64::MAX);
        price(one)
            .total_cmp(&price(two))
            .then(one.memory.cmp(&two.memory))
            .then(one.cpus.total_cmp(&two.cpus))
            .then(one.name.cmp(&two.name))
    };
    sizes.iter().filter(fits).min_by(order).ok_or_else(|| {
        let mut largest: Vec<_> = sizes.iter().filter(|size| size.gpus >= gpus.min(1)).collect();
        largest.sort_by(|one, two| two.memory.cmp(&one.memory).then(two.cpus.total_cmp(&one.cpus)));
        largest.iter().take(3).map(|size| size.name.clone()).collect()
    })
}
