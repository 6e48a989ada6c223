//! The visible list of providers, and how their instances are connected.

use std::sync::Arc;

use infra_engine::{Fleet, LocalResources};
use infra_event::{Diagnostic, ExitCode};
use infra_plan::Kind;
use infra_provider::{Provider, Resource};
use infra_spec::Spec;
use infra_spec::model::ProviderBlock;

use crate::output::{Outcome, Told};

/// The types of providers that this program knows.
pub(crate) const TYPES: &[&str] = &[infra_digitalocean::TYPE, infra_existing::TYPE];

/// Where the emulators of a rehearsal are.
#[derive(Clone, Debug)]
pub(crate) struct Emulated {
    pub(crate) digitalocean: infra_digitalocean::Rehearsal,
    pub(crate) existing: Option<infra_existing::Rehearsal>,
}

/// Connects every instance that the file uses. Nothing is sent yet.
pub(crate) fn connect(spec: &Spec, emulated: Option<&Emulated>) -> Outcome<Fleet> {
    let mut fleet = Fleet::default().with_local(Arc::new(Local::default()));
    let mut problems = Vec::new();
    for block in spec.providers.values().filter(|block| block.in_use) {
        match provider(block, spec, emulated) {
            Ok(provider) => fleet = fleet.with_provider(&block.name, provider),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(fleet) } else { Err(Told(problems)) }
}

/// Whether the file uses a provider of this type.
pub(crate) fn uses(spec: &Spec, provider_type: &str) -> bool {
    spec.providers.values().any(|block| block.in_use && block.provider_type == provider_type)
}

fn provider(
    block: &ProviderBlock,
    spec: &Spec,
    emulated: Option<&Emulated>,
) -> Result<Arc<dyn Provider>, Vec<Diagnostic>> {
    match block.provider_type.as_str() {
        infra_digitalocean::TYPE => {
            let rehearsal = emulated.map(|emulated| emulated.digitalocean.clone());
            Ok(infra_digitalocean::connect(block, rehearsal)?)
        }
        infra_existing::TYPE => {
            let rehearsal = emulated.and_then(|emulated| emulated.existing.clone());
            Ok(infra_existing::connect(block, spec, rehearsal)?)
        }
        other => {
            let summary = format!("there is no provider of the type `{other}`");
            let help = format!("use one of {}", TYPES.join(", "));
            Err(vec![
                Diagnostic::error("unknown-provider", summary).set(help).exit(ExitCode::Invalid),
            ])
        }
    }
}

/// What is in clusters, images, and what lives in the state alone.
struct Local {
    resources: Vec<Arc<dyn Resource>>,
}

impl Default for Local {
    fn default() -> Self {
        let mut resources = infra_bootstrap::resources();
        resources.push(Arc::new(infra_oci::ImageResource::default()));
        Self { resources }
    }
}

impl LocalResources for Local {
    fn kinds(&self) -> Vec<&'static Kind> {
        self.resources.iter().map(|resource| resource.kind()).collect()
    }

    fn resource(&self, kind: &str) -> Option<Arc<dyn Resource>> {
        self.resources.iter().find(|resource| resource.kind().name == kind).cloned()
    }
}
