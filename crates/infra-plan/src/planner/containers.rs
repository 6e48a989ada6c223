//! Which resource a resource is in, by the input that its kind names (`dies_with`, `exclusive_within`).

use super::Planner;
use crate::{Address, Node, Record, Value};

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
}

/// The container that an input of a desired resource refers to.
pub(super) fn container_of_node<'node>(node: &'node Node, field: &str) -> Option<&'node Address> {
    node.inputs.get(field)?.references().first().map(|reference| &reference.address)
}
