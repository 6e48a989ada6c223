//! The provider's block of the file, and how to connect with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use infra_event::Diagnostic;
use infra_plan::Address;
use infra_spec::Spec;
use infra_spec::model::ProviderBlock;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kubeconfig::{Contexts, Place};
use crate::provider::ExistingClusters;

/// `providers: { existing: ... }`: which kubeconfig, and which of its contexts.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The kubeconfig, relative to the file that names it; `$KUBECONFIG`, else `~/.kube/config` if absent.
    #[serde(default)]
    pub kubeconfig: Option<PathBuf>,
    /// The context of clusters that name none by `existing: NAME`; the kubeconfig's current one if absent.
    #[serde(default)]
    pub context: Option<String>,
}

/// What a rehearsal puts in the place of real clusters.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// A kubeconfig whose current context leads to the emulated cluster.
    pub kubeconfig: PathBuf,
}

/// Makes a provider from a block of the file; nothing is read or sent yet. In a rehearsal all clusters are the emulated one.
///
/// # Errors
/// All that is wrong with the block.
pub fn connect(
    block: &ProviderBlock,
    spec: &Spec,
    rehearsal: Option<Rehearsal>,
) -> Result<Arc<ExistingClusters>, Vec<Diagnostic>> {
    let config: Config =
        block.decode().map_err(|errors| errors.iter().map(Diagnostic::from).collect::<Vec<_>>())?;
    if let Some(rehearsal) = rehearsal {
        let place = Place::File(rehearsal.kubeconfig);
        let contexts = Contexts { place, usual: None, by_cluster: BTreeMap::new() };
        return Ok(Arc::new(ExistingClusters::new(contexts)));
    }
    let place = config
        .kubeconfig
        .map_or(Place::Usual, |path| Place::File(block.location.base_dir().join(from_home(&path))));
    let ours = spec.clusters.values().filter(|cluster| cluster.provider.name == block.name);
    let named = ours.filter_map(|cluster| {
        let infra_spec::model::Existing::Named(context) = cluster.existing.as_ref()? else {
            return None;
        };
        Some((Address::of("cluster", &cluster.name), context.clone()))
    });
    let contexts = Contexts { place, usual: config.context, by_cluster: named.collect() };
    Ok(Arc::new(ExistingClusters::new(contexts)))
}

/// `~/PATH` as the shell reads it.
fn from_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}
