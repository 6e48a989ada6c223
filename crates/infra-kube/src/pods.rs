//! Which pods stand behind an object: those that its selector selects.

use crate::wait::name_of;
use crate::{Cluster, Failure, Json, ObjectRef};

/// Which pods of a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSelection {
    /// The namespace.
    pub namespace: String,
    /// One pod by its name, or all that a label selector selects.
    pub which: WhichPods,
}

/// One pod, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhichPods {
    /// The pod of this name.
    Named(String),
    /// What this label selector selects, in the form of the API's query.
    Selected(String),
}

/// The pods behind an object; `None` if pods never stand behind objects of its kind.
///
/// # Errors
/// When the object is not there, or the API does not answer.
pub async fn pods_behind(
    cluster: &Cluster,
    object: &ObjectRef,
) -> Result<Option<PodSelection>, Failure> {
    let namespace = object.namespace.clone().unwrap_or_default();
    let selector = match (object.group(), object.kind.as_str()) {
        ("", "Pod") => {
            let which = WhichPods::Named(object.name.clone());
            return Ok(Some(PodSelection { namespace, which }));
        }
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job")
        | ("", "Service" | "ReplicationController") => "/spec/selector",
        _ => return Ok(None),
    };
    let live = cluster.get(object).await?.ok_or_else(|| {
        let mut failure = Failure::unreachable(&format!("read {object}"), "it is not there");
        failure.code = 404;
        failure
    })?;
    let selector = live.pointer(selector).and_then(label_selector);
    Ok(selector.map(|selector| PodSelection { namespace, which: WhichPods::Selected(selector) }))
}

/// A selector of an object, with `matchLabels` or as a plain map, in the form of the API's query; `None` if it selects nothing.
fn label_selector(selector: &Json) -> Option<String> {
    let structured =
        selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some();
    let labels = if structured { selector.get("matchLabels") } else { Some(selector) };
    let labels = labels.and_then(Json::as_object).into_iter().flatten();
    let mut terms: Vec<String> =
        labels.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    let expressions = selector.get("matchExpressions").and_then(Json::as_array);
    for expression in expressions.into_iter().flatten().filter(|_| structured) {
        let key = expression.get("key").and_then(Json::as_str)?;
        let values: Vec<&str> = expression
            .get("values")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .collect();
        terms.push(match expression.get("operator").and_then(Json::as_str)? {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        });
    }
    (!terms.is_empty()).then(|| terms.join(","))
}

/// The pods of the selections as they are now, each once, by namespace and name.
///
/// # Errors
/// When the API does not answer. A pod by name that is not there is no error.
pub async fn pods(cluster: &Cluster, selections: &[PodSelection]) -> Result<Vec<Json>, Failure> {
    let mut found: Vec<Json> = Vec::new();
    for selection in selections {
        let namespace = &selection.namespace;
        match &selection.which {
            WhichPods::Named(name) => {
                let pod = ObjectRef::new("v1", "Pod", Some(namespace), name);
                found.extend(cluster.get(&pod).await?);
            }
            WhichPods::Selected(selector) => {
                let path = format!("/api/v1/namespaces/{namespace}/pods");
                found.extend(cluster.list_selected(&path, selector).await?);
            }
        }
    }
    let key = |pod: &Json| (place_of(pod).0.to_owned(), name_of(pod));
    found.sort_by_key(key);
    found.dedup_by_key(|pod| key(pod));
    Ok(found)
}

/// Namespace and name of a pod.
pub fn place_of(pod: &Json) -> (&str, &str) {
    let text = |pointer: &str| pod.pointer(pointer).and_then(Json::as_str).unwrap_or_default();
    (text("/metadata/namespace"), text("/metadata/name"))
}

/// Whether a pod runs, and is not on its way out.
pub fn runs(pod: &Json) -> bool {
    pod.pointer("/status/phase").and_then(Json::as_str) == Some("Running")
        && pod.pointer("/metadata/deletionTimestamp").is_none()
}

/// Whether a pod runs and says that it is ready.
pub fn is_ready(pod: &Json) -> bool {
    runs(pod) && matches!(crate::readiness::condition(pod, "Ready"), Some(("True", ..)))
}

/// The pod to speak to: one that is ready, else one that runs.
pub fn best(pods: &[Json]) -> Option<&Json> {
    pods.iter().find(|pod| is_ready(pod)).or_else(|| pods.iter().find(|pod| runs(pod)))
}

/// The names of a pod's containers.
pub fn containers(pod: &Json) -> Vec<&str> {
    let containers = pod.pointer("/spec/containers").and_then(Json::as_array);
    let named = containers.into_iter().flatten();
    named.filter_map(|container| container.get("name")?.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_in_the_form_of_the_query() {
        let of = |selector: Json| label_selector(&selector);
        assert_eq!(of(json!({"app": "web", "tier": "front"})).unwrap(), "app=web,tier=front");
        let structured = json!({
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]},
                {"key": "old", "operator": "DoesNotExist"},
                {"key": "new", "operator": "Exists"},
                {"key": "zone", "operator": "NotIn", "values": ["x"]},
            ],
        });
        assert_eq!(of(structured).unwrap(), "app=web,tier in (a,b),!old,new,zone notin (x)");
        assert_eq!(of(json!({})), None);
    }
}
