//! `LimitRanger`: defaults and bounds of a namespace for containers and pods.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::caller::Target;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::api::Api;
use crate::kubernetes::server::quantity::Quantity;

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

impl Api {
    /// Fills in and checks what the namespace's limit ranges say about a pod.
    pub(super) fn limit_pod(
        &self,
        target: &Target,
        name: &str,
        pod: &mut Value,
    ) -> Result<(), Status> {
        let (ranges, _) = self.store.list("limitranges", Some(&target.namespace));
        let limits: Vec<&Value> = ranges
            .iter()
            .filter_map(|range| range["spec"]["limits"].as_array())
            .flatten()
            .filter(|limit| limit["type"] == "Container")
            .collect();
        let mut notes = Vec::new();
        let mut refusals = Vec::new();
        for (key, word) in [("containers", "container"), ("initContainers", "init container")] {
            let Some(containers) = pod["spec"].get_mut(key).and_then(Value::as_array_mut) else {
                continue;
            };
            for container in containers {
                for limit in &limits {
                    fill_in(container, limit, word, &mut notes);
                }
                for limit in &limits {
                    check(container, limit, &mut refusals);
                }
            }
        }
        if !notes.is_empty() {
            let text = format!("LimitRanger plugin set: {}", notes.join("; "));
            if !pod["metadata"]["annotations"].is_object() {
                pod["metadata"]["annotations"] = json!({});
            }
            pod["metadata"]["annotations"][ANNOTATION] = json!(text);
        }
        match refusals.as_slice() {
            [] => Ok(()),
            [one] => Err(target.forbidden(name, one)),
            several => Err(target.forbidden(name, &format!("[{}]", several.join(", ")))),
        }
    }
}

fn fill_in(container: &mut Value, limit: &Value, word: &str, notes: &mut Vec<String>) {
    if !container["resources"].is_object() {
        container["resources"] = json!({});
    }
    let name = container["name"].as_str().unwrap_or_default().to_owned();
    // A default limit stands in for a default request, as the defaulting of a LimitRange has it.
    for (defaults, into) in [("defaultRequest", "requests"), ("default", "limits")] {
        let Some(defaults) = limit[defaults].as_object() else { continue };
        let mut set = BTreeSet::new();
        for (resource, quantity) in defaults {
            if container["resources"][into].get(resource).is_some() {
                continue;
            }
            if !container["resources"][into].is_object() {
                container["resources"][into] = json!({});
            }
            container["resources"][into][resource] = quantity.clone();
            set.insert(resource.clone());
        }
        if !set.is_empty() {
            let list = set.into_iter().collect::<Vec<_>>().join(", ");
            let what = if into == "requests" { "request" } else { "limit" };
            notes.push(format!("{list} {what} for {word} {name}"));
        }
    }
}

fn check(container: &Value, limit: &Value, refusals: &mut Vec<String>) {
    let bounds = [("min", "requests", "minimum"), ("max", "limits", "maximum")];
    for (bound, of, word) in bounds {
        let Some(bounds) = limit[bound].as_object() else { continue };
        for (resource, quantity) in bounds {
            let Some(bound) = Quantity::of(quantity) else { continue };
            let what = if of == "requests" { "request" } else { "limit" };
            match Quantity::of(&container["resources"][of][resource]) {
                None => refusals.push(format!(
                    "{word} {resource} usage per Container is {bound}.  No {what} is specified"
                )),
                Some(used) if word == "minimum" && used < bound => refusals.push(format!(
                    "{word} {resource} usage per Container is {bound}, but request is {used}"
                )),
                Some(used) if word == "maximum" && used > bound => refusals.push(format!(
                    "{word} {resource} usage per Container is {bound}, but limit is {used}"
                )),
                Some(_) => {}
            }
        }
    }
}
