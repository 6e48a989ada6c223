//! Secrets are used and never shown (rule P-06). Besides these trials, the events of every run are searched for the cloud's tokens.

use std::sync::Arc;

use infra_emulator::FaultAction;
use infra_provider::Credential;

use super::faults;
use crate::failure::{Failure, Result, ensure};
use crate::prepare::Prepared;
use crate::world::{Opening, World};

/// Access to clusters and registries can be had, and its debug text has no secret in it.
pub(super) async fn access_shows_no_secret(case: Arc<Prepared>) -> Result {
    let world =
        World::open(case.suite, Opening { from: Some(&case.made), ..Opening::default() }).await?;
    let Some(id) = world.id(&case.node.address) else { return Ok(()) };
    let (provider, context) = (&world.provider, &world.context);
    let hides = |text: &str, secret: Option<&str>| {
        let secret = secret.unwrap_or_default().to_owned();
        let shown = secret.is_empty() || text.contains(&secret);
        ensure(!shown, || "a secret is empty, or is shown".into())
    };
    match case.case.kind {
        "cluster" => {
            let access = provider.cluster_access(context, &case.node.address, &id).await?;
            let secret = match &access.credential {
                Credential::Token(token) => token.clone(),
                Credential::Certificate { key, .. } => key.clone(),
            };
            hides(&format!("{access:?}"), secret.expose())?;
        }
        "registry" => {
            for write in [false, true] {
                let login = provider.registry_login(context, &id, write).await?;
                hides(&format!("{login:?}"), login.password.expose())?;
            }
        }
        _ => {}
    }
    let resource = world.resource(case.case.kind)?;
    let subject = world.subject(&case.node, Some(id));
    let seen = resource.observe(context, &subject).await?;
    world.shows_no_secret("what is seen", &format!("{seen:?}"))?;
    world.close().await.map(drop)
}

/// Whatever is refused or cut off, the whole error with all its causes has no secret in it.
pub(super) async fn errors_show_no_secret(case: Arc<Prepared>) -> Result {
    let reset = FaultAction { reset: true, ..FaultAction::default() };
    for then in [faults::status(401), faults::status(403), faults::status(500), reset] {
        let mut faults = faults::at(&case, 0, then);
        faults.rules.iter_mut().for_each(|rule| rule.times = None);
        let opening = Opening { from: Some(&case.made), faults, ..Opening::default() };
        let world = World::open(case.suite, opening).await?;
        let resource = world.resource(case.case.kind)?;
        let subject = world.subject(&case.node, world.id(&case.node.address));
        let looked = resource.observe(&world.context, &subject).await.map(drop);
        let deleted = resource.delete(&world.context, &subject).await;
        for result in [looked, deleted] {
            let Err(error) = result else {
                return Err(Failure("a cloud that refuses everything counts as success".into()));
            };
            world.shows_no_secret("an error", &format!("{error:?}"))?;
            world.shows_no_secret("a diagnostic", &format!("{:?}", error.to_diagnostic()))?;
        }
        world.close().await?;
    }
    Ok(())
}
