//! Which resource a resource is in, by the input that its kind names (`dies_with`, `exclusive_within`), and what that means for it.

use super::Planner;
use super::decide::{Decision, Decisions, Verdict};
use super::removal::Removal;
use crate::{Address, Change, Effect, Kind, Node, Observed, Record, Value};

impl Planner<'_> {
    /// The container that an input of a record names.
    ///
    /// Inputs of records are bound: they hold an id, or some other output of the container, so that only what the record depends on
    /// can be meant. Ids alone would not do, as those of two kinds may be equal.
    pub(super) fn container_of(&self, record: &Record, field: &str) -> Option<Address> {
        let value = record.inputs.get(field)?;
        if let Value::Reference(reference) = value {
            return Some(reference.address.clone());
        }
        record.depends_on.iter().find(|on| self.is_named(value, on)).cloned()
    }

    /// Whether a value is the id or an output of a resource.
    pub(super) fn is_named(&self, value: &Value, address: &Address) -> bool {
        let ids = [
            self.records.get(address).map(|record| record.id.as_str()),
            self.observed.get(address).map(|seen| seen.id.as_str()),
            Some(address.as_str()),
        ];
        let names = |value: &Value| match value {
            Value::Text(text) => ids.contains(&Some(text.as_str())),
            _ => false,
        };
        match value {
            Value::Map(map) => {
                let outputs = self.records.get(address).map(|record| &record.outputs);
                map.values().any(names)
                    || outputs.is_some_and(|outputs| match outputs {
                        Value::Map(outputs) => outputs.values().any(|output| output == value),
                        _ => false,
                    })
            }
            value => names(value),
        }
    }

    /// The container that the resource dies with, if that is made (again), and how the resource goes then.
    pub(super) fn container_that_is_made(
        &self,
        node: &Node,
        kind: &Kind,
        decisions: &Decisions,
    ) -> Option<(Address, Removal)> {
        let container = container_of_node(node, kind.dies_with?)?;
        let removal = match decisions.desired.get(container)?.verdict {
            // What is in a container of another kind or at another provider than before was not in this one.
            Verdict::Replace(_) if self.is_in(node, kind, container) => {
                Removal::Vanish(container.clone())
            }
            // It outlived its container, or was in another one: it does not go by itself.
            Verdict::Create | Verdict::Replace(_) => Removal::Delete,
            _ => return None,
        };
        Some((container.clone(), removal))
    }

    /// The change of container, if the file wants the resource in another one than it is in. It dies with that: it cannot be moved.
    pub(super) fn moves(
        &self,
        node: &Node,
        kind: &Kind,
        seen: &Observed,
        decision: &Decision,
    ) -> Option<Change> {
        let field = kind.dies_with?;
        let record = self.records.get(&node.address);
        let wanted = container_of_node(node, field);
        let after = decision.inputs.get(field).unwrap_or(&Value::Null);
        let now = match record {
            Some(record) => {
                let container = self.container_of(record, field)?;
                let same = wanted == Some(&container) || self.is_named(after, &container);
                if same { None } else { record.inputs.get(field) }
            }
            None => seen.fields.get(field).filter(|live| {
                let named = wanted.is_some_and(|wanted| self.is_named(live, wanted));
                !(named || *live == after || live.is_null())
            }),
        };
        let (before, after) = (now?.clone(), after.clone());
        Some(Change { path: field.to_owned(), before, after, effect: Effect::Replace })
    }

    /// Whether a resource that is there is in this container now (the file may want to move it there).
    fn is_in(&self, node: &Node, kind: &Kind, container: &Address) -> bool {
        let Some(field) = kind.dies_with else { return false };
        match self.records.get(&node.address) {
            Some(record) => self.container_of(record, field).as_ref() == Some(container),
            None => {
                let live = self.observed.get(&node.address).and_then(|seen| seen.fields.get(field));
                live.is_some_and(|live| self.is_named(live, container))
            }
        }
    }
}

/// The container that an input of a desired resource refers to, or names by an address among `after`.
pub(super) fn container_of_node<'node>(node: &'node Node, field: &str) -> Option<&'node Address> {
    let value = node.inputs.get(field)?;
    match value {
        Value::Text(text) => node.after.iter().find(|on| on.as_str() == text),
        value => value.references().first().map(|reference| &reference.address),
    }
}
