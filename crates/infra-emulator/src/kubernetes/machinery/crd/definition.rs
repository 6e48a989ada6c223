//! One version of a custom kind, compiled from its definition, and the status that definitions get.

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::rules::Rules;
use super::structural;
use crate::kubernetes::machinery::managed_fields::{Tracking, track};
use crate::kubernetes::machinery::schema::time_text;
use crate::kubernetes::machinery::scheme::{GroupVersionKind, Resource, Subresource};

/// What one served version of a definition asks of its objects.
#[derive(Debug, Clone, Default)]
pub struct CustomResource {
    /// `spec.versions[i]`.
    pub version: Value,
    /// `kind` of the objects.
    pub kind: String,
    /// The compiled validation rules.
    pub(super) rules: Rules,
}

impl CustomResource {
    /// The resources that a definition serves, one per served version.
    pub fn resources(definition: &Value) -> Vec<Resource> {
        let versions = definition["spec"]["versions"].as_array().map_or(&[][..], Vec::as_slice);
        versions
            .iter()
            .filter(|version| version["served"].as_bool() == Some(true))
            .map(|version| resource(definition, version))
            .collect()
    }

    /// The schema of the version.
    pub fn schema(&self) -> &Value {
        &self.version["schema"]["openAPIV3Schema"]
    }

    /// Paths of the `scale` subresource (specification, status, label selector) as keys, if there is one.
    pub fn scale(&self) -> Option<ScalePaths> {
        let scale = self.version["subresources"].get("scale").filter(|scale| scale.is_object())?;
        let keys = |name: &str| -> Vec<String> {
            let path = scale[name].as_str().unwrap_or_default().trim_start_matches('.');
            path.split('.').filter(|key| !key.is_empty()).map(str::to_owned).collect()
        };
        Some(ScalePaths {
            replicas: keys("specReplicasPath"),
            status_replicas: keys("statusReplicasPath"),
            selector: keys("labelSelectorPath"),
        })
    }

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

/// Where the `scale` subresource finds its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalePaths {
    /// Keys to the wanted count.
    pub replicas: Vec<String>,
    /// Keys to the present count.
    pub status_replicas: Vec<String>,
    /// Keys to the selector text; empty if there is none.
    pub selector: Vec<String>,
}

fn resource(definition: &Value, version: &Value) -> Resource {
    let spec = &definition["spec"];
    let names = &spec["names"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().map(text).collect()
    };
    let kind = GroupVersionKind::new(
        &text(&spec["group"]),
        &text(&version["name"]),
        &text(&names["kind"]),
    );
    let verbs = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<String>>();
    let mut subresources = Vec::new();
    for name in ["scale", "status"] {
        if version["subresources"].get(name).is_some_and(Value::is_object) {
            let kind = if name == "scale" {
                GroupVersionKind::new("autoscaling", "v1", "Scale")
            } else {
                kind.clone()
            };
            subresources.push(Subresource {
                name: name.to_owned(),
                kind,
                verbs: verbs("get patch update"),
            });
        }
    }
    let custom = CustomResource {
        version: version.clone(),
        kind: kind.kind.clone(),
        rules: Rules::compile(&version["schema"]["openAPIV3Schema"]),
    };
    Resource {
        list_kind: text(&names["listKind"]),
        plural: text(&names["plural"]),
        singular: text(&names["singular"]),
        short_names: list(&names["shortNames"]),
        categories: list(&names["categories"]),
        namespaced: spec["scope"].as_str() == Some("Namespaced"),
        verbs: verbs("delete deletecollection get list patch create update watch"),
        subresources,
        schema: structural::object_schema(custom.schema()),
        custom: Some(Arc::new(custom)),
        kind,
    }
}

/// The definition with the status that the controllers give it: accepted names, `NamesAccepted` and `Established` conditions,
/// stored versions. Other definitions that take the same names are not looked at.
/// `resource` is that of definitions.
pub fn conditions(resource: &Resource, definition: &Value, now: Timestamp) -> Value {
    let mut out = definition.clone();
    let time = time_text(now, false);
    let old = definition["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let condition = |kind: &str, reason: &str, message: &str| {
        let same = old.iter().find(|own| own["type"] == kind && own["status"] == "True").cloned();
        same.unwrap_or_else(|| {
            json!({
                "type": kind,
                "status": "True",
                "lastTransitionTime": time,
                "reason": reason,
                "message": message,
            })
        })
    };
    let mut status = definition["status"].as_object().cloned().unwrap_or_default();
    status.insert("acceptedNames".into(), definition["spec"]["names"].clone());
    let accepted = condition("NamesAccepted", "NoConflicts", "no conflicts found");
    let established =
        condition("Established", "InitialNamesAccepted", "the initial names have been accepted");
    let others = old
        .iter()
        .filter(|own| own["type"] != "NamesAccepted" && own["type"] != "Established")
        .cloned();
    let list: Vec<Value> = [accepted, established].into_iter().chain(others).collect();
    status.insert("conditions".into(), Value::Array(list));
    status.insert("storedVersions".into(), json!(stored_versions(definition)));
    out["status"] = Value::Object(status);
    if out["status"] == definition["status"] {
        return out;
    }
    track(
        Some(definition),
        out,
        Tracking { resource, subresource: "status", manager: "kube-apiserver", now },
    )
}

/// Versions in which objects may be stored: those of before and the present storage version.
pub(crate) fn stored_versions(definition: &Value) -> Vec<String> {
    let mut stored: Vec<String> = definition["status"]["storedVersions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|version| version.as_str().map(str::to_owned))
        .collect();
    let versions = definition["spec"]["versions"].as_array().into_iter().flatten();
    for version in versions.filter(|version| version["storage"].as_bool() == Some(true)) {
        let name = version["name"].as_str().unwrap_or_default().to_owned();
        if !stored.contains(&name) {
            stored.push(name);
        }
    }
    stored
}

/// Order of versions by priority: `v2`, `v1`, `v1beta1`, ..., then others by name.
pub fn version_order(a: &str, b: &str) -> Ordering {
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

#[cfg(test)]
mod tests {
    use super::version_order;

    #[test]
    fn stable_versions_come_first() {
        let mut versions = ["v1beta1", "foo", "v10", "v2", "v1alpha2", "v2beta1", "v1"];
        versions.sort_by(|a, b| version_order(a, b));
        assert_eq!(versions, ["v10", "v2", "v1", "v2beta1", "v1beta1", "v1alpha2", "foo"]);
    }
}
