//! [`Census`]: how much of what exists in the emulated account, told by no client.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::Suite;
use crate::failure::{Failure, Result};

/// How much of what exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census(BTreeMap<String, usize>);

impl Census {
    /// Counts the world of a directory.
    pub(crate) fn of(suite: &Suite, directory: &Path) -> Result<Self> {
        let shown = infra_emulator::show(directory)
            .map_err(|error| Failure::of("show the world", error))?;
        let lists = (suite.account)(&shown).as_object().cloned().unwrap_or_default();
        let counted = lists
            .into_iter()
            .filter(|(name, _)| !suite.not_counted.contains(&name.as_str()))
            .filter_map(|(name, list)| Some((name, list.as_array()?.len())));
        Ok(Self(counted.collect()))
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self
            .0
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        f.write_str(&parts.join(", "))
    }
}
