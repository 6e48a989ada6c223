//! [`refresh_records`]: keeps in the state what the file now says of resources that needed no operation.

use infra_plan::{Graph, Record};

use crate::{Entry, Fleet, Ledger, LedgerError, SharedKnowledge};

/// Brings protection, dependencies and ownership of recorded resources up to date with the graph of a plan that was carried out: when
/// such a resource leaves the file, only its record tells.
///
/// # Errors
/// When something could not be kept.
pub async fn refresh_records(
    fleet: &Fleet,
    graph: &Graph,
    knowledge: &SharedKnowledge,
    ledger: &dyn Ledger,
) -> Result<(), LedgerError> {
    for node in graph.nodes() {
        let protected = node.protected
            || fleet.kind(&node.provider, &node.kind).is_some_and(|kind| kind.protected);
        let recorded = knowledge.lock().records.get(&node.address).cloned();
        let Some(record) = recorded else { continue };
        let depends_on: Vec<_> = node.dependencies().into_iter().collect();
        let fresh = Record { protected, depends_on, ownership: node.ownership, ..record.clone() };
        if fresh != record {
            let entry = Entry::Recorded { record: fresh };
            ledger.append(entry.clone()).await?;
            knowledge.lock().take(entry);
        }
    }
    Ok(())
}
