//! References, paths and versions: texts with a meaning and a place.

use std::fmt;
use std::path::PathBuf;

use serde::{Serialize, Serializer};

use crate::source::Location;

/// The name of something else in the file. Checked: it exists.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The name.
    pub name: String,
    /// Where it is named, or where the thing stands that it was chosen for.
    pub location: Location,
}

impl Reference {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl PartialEq for Reference {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

/// A stack item on its cluster, as `after` names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ItemReference {
    /// The cluster that the item goes to.
    pub cluster: String,
    /// The item.
    pub item: String,
}

impl fmt::Display for ItemReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.cluster, self.item)
    }
}

/// `existing:`: the thing is referenced and never changed or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Existing {
    /// `existing: true`: it has the name that it has here.
    SameName(bool),
    /// `existing: NAME`: it has this name, id or address at the provider.
    Named(String),
}

impl Existing {
    /// The name at the provider; `own` is the name in the file.
    pub fn name<'a>(&'a self, own: &'a str) -> &'a str {
        match self {
            Self::SameName(_) => own,
            Self::Named(name) => name,
        }
    }
}

/// A path of the user, relative to the file that names it.
#[derive(Clone, Debug)]
pub struct SpecPath {
    /// The path as it is written.
    pub written: String,
    /// Where it is written.
    pub location: Location,
}

impl SpecPath {
    /// The folder of the file that names the path.
    pub fn base_dir(&self) -> PathBuf {
        self.location.base_dir()
    }

    /// The path, relative to where the `-f` paths are relative to, or absolute.
    pub fn resolve(&self) -> PathBuf {
        self.base_dir().join(&self.written)
    }
}

impl PartialEq for SpecPath {
    fn eq(&self, other: &Self) -> bool {
        self.resolve() == other.resolve()
    }
}

impl Serialize for SpecPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

/// A version of Kubernetes as the user asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub enum KubernetesVersion {
    /// `latest`: the newest that the provider offers.
    Latest,
    /// `1.33`, `1.33.4`, or with the provider's suffix `1.33.4-do.1`.
    Number {
        /// Major number; 1 for every Kubernetes so far.
        major: u32,
        /// Minor number.
        minor: u32,
        /// Patch number; without one the newest patch is meant.
        patch: Option<u32>,
        /// What the provider appends, with its separator (`-do.1`, `+k3s1`); empty if nothing.
        suffix: String,
    },
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => formatter.write_str("latest"),
            Self::Number { major, minor, patch, suffix } => {
                write!(formatter, "{major}.{minor}")?;
                if let Some(patch) = patch {
                    write!(formatter, ".{patch}")?;
                }
                formatter.write_str(suffix)
            }
        }
    }
}

impl From<KubernetesVersion> for String {
    fn from(version: KubernetesVersion) -> Self {
        version.to_string()
    }
}

impl std::str::FromStr for KubernetesVersion {
    type Err = String;

    /// # Errors
    /// A text that says what is expected.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        if let Some(rest) = text.strip_prefix('v').filter(|rest| rest.parse::<Self>().is_ok()) {
            return Err(format!("`{text}` begins with `v`; write `\"{rest}\"`"));
        }
        let wrong =
            || format!("`{text}` is no version, such as `\"1.33\"`, `\"1.33.4\"` or `latest`");
        let split = text.find(['-', '+']).unwrap_or(text.len());
        let (numbers, suffix) = text.split_at(split);
        let mut parts = numbers.split('.').map(|part| {
            let digits = !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
            if digits { part.parse::<u32>().ok() } else { None }
        });
        let mut next = || parts.next();
        let (major, minor, patch) = (next(), next(), next());
        let (Some(Some(major)), Some(Some(minor))) = (major, minor) else { return Err(wrong()) };
        let patch = match patch {
            Some(Some(patch)) => Some(patch),
            None => None,
            Some(None) => return Err(wrong()),
        };
        let plain_suffix = suffix.len() != 1
            && suffix.chars().all(|c| c.is_ascii_alphanumeric() || "-+._".contains(c));
        if next().is_some() || !plain_suffix || major != 1 {
            return Err(wrong());
        }
        Ok(Self::Number { major, minor, patch, suffix: suffix.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::KubernetesVersion;

    #[test]
    fn versions_are_read_and_written() {
        for text in ["latest", "1.33", "1.33.4", "1.33.4-do.1", "1.30.0+k3s1"] {
            assert_eq!(text.parse::<KubernetesVersion>().unwrap().to_string(), text);
        }
        for wrong in ["", "1", "v1.33", "1.33.4.5", "133", "1.x", "1.33-", "2.0", "newest", "1.+3"]
        {
            assert!(wrong.parse::<KubernetesVersion>().is_err(), "{wrong}");
        }
    }
}
