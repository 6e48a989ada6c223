//! [`settle`]: finds out what came of the intents of a run that died: what was made is taken over, never made twice, never left.

use infra_event::Action;
use infra_plan::{IdentityClass, Record, Value};
use infra_provider::{Context, ProviderError, Subject};

use crate::{Entry, Fleet, Intent, Ledger, LedgerError, SharedKnowledge};

/// Settles what can be settled: first what is in clouds, then what is in clusters. With a ledger, what was found is kept.
///
/// What cannot be looked at now stays unsettled; a plan that needs it says so itself.
///
/// # Errors
/// When something could not be kept.
pub async fn settle(
    fleet: &Fleet,
    context: &Context,
    knowledge: &SharedKnowledge,
    ledger: Option<&dyn Ledger>,
) -> Result<(), LedgerError> {
    let mut open: Vec<Intent> = knowledge.lock().unsettled.values().cloned().collect();
    open.sort_by_key(|intent| fleet.provider(&intent.provider).is_none());
    for intent in open {
        let Ok(entry) = outcome(fleet, context, knowledge, &intent).await else { continue };
        if let Some(ledger) = ledger {
            ledger.append(entry.clone()).await?;
        }
        knowledge.lock().take(entry);
    }
    Ok(())
}

async fn outcome(
    fleet: &Fleet,
    context: &Context,
    knowledge: &SharedKnowledge,
    intent: &Intent,
) -> Result<Entry, ProviderError> {
    let abandoned = Entry::Abandoned { address: intent.address.clone() };
    // What is recorded is looked at before every plan anyway.
    let recorded = knowledge.lock().records.contains_key(&intent.address);
    let Some(resource) = fleet.resource(&intent.provider, &intent.kind) else {
        return Ok(abandoned);
    };
    if recorded || intent.action != Action::Create {
        return Ok(abandoned);
    }
    let subject = Subject {
        address: intent.address.clone(),
        id: None,
        inputs: intent.inputs.clone(),
        prior: None,
    };
    let found = match &intent.listing_before {
        Some(before) => {
            resource.settle(context, &subject, before).await?.map(|id| (id, Value::Null))
        }
        None => {
            let unique = resource.kind().identity == IdentityClass::UniqueName;
            let seen = resource.observe(context, &subject).await?;
            seen.filter(|seen| seen.ours || unique).map(|seen| (seen.id, seen.outputs))
        }
    };
    let Some((id, outputs)) = found else { return Ok(abandoned) };
    let record = Record {
        address: intent.address.clone(),
        kind: intent.kind.clone(),
        provider: intent.provider.clone(),
        id,
        inputs: intent.inputs.clone(),
        outputs,
        ownership: intent.ownership,
        depends_on: intent.depends_on.clone(),
        protected: resource.kind().protected,
        objects: Vec::new(),
    };
    Ok(Entry::Recorded { record })
}
