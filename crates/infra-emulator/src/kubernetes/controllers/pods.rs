//! Making and removing pods for their owners.

use std::sync::Arc;

use serde_json::{Value, json};

use super::objects::{controller_reference, is_ready, name, namespace, pair, text};
use crate::kubernetes::machinery::prepare::DeleteOptions;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::Client;

/// A pod of a template, controlled by an owner; the name is given or generated.
pub(super) fn from_template(owner: &Value, template: &Value, fixed: Option<&str>) -> Value {
    let mut metadata = json!({"namespace": namespace(owner)});
    match fixed {
        Some(fixed) => metadata["name"] = json!(fixed),
        None => metadata["generateName"] = json!(format!("{}-", name(owner))),
    }
    for key in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template["metadata"].get(key).filter(|value| !value.is_null()) {
            metadata[key] = value.clone();
        }
    }
    metadata["ownerReferences"] = json!([controller_reference(owner)]);
    json!({"metadata": metadata, "spec": template["spec"]})
}

/// Creates a pod and tells so in an event of its owner.
pub(super) async fn create(
    client: &Client,
    component: &str,
    owner: &Value,
    pod: Value,
) -> Result<Arc<Value>, Status> {
    match client.create("pods", pod).await {
        Ok(pod) => {
            let message = format!("Created pod: {}", name(&pod));
            client.event_from(component, owner, "Normal", "SuccessfulCreate", &message).await;
            Ok(pod)
        }
        Err(status) => {
            // In a namespace that goes away nothing can be made, and nobody needs to hear of it.
            if !status.message.contains("because it is being terminated") {
                let message = format!("Error creating: {}", status.message);
                client.event_from(component, owner, "Warning", "FailedCreate", &message).await;
            }
            Err(status)
        }
    }
}

/// Deletes a pod and tells so in an event of its owner.
pub(super) async fn delete(
    client: &Client,
    component: &str,
    owner: &Value,
    pod: &Value,
) -> Result<(), Status> {
    client.delete("pods", pair(pod), &DeleteOptions::default()).await?;
    let message = format!("Deleted pod: {}", name(pod));
    client.event_from(component, owner, "Normal", "SuccessfulDelete", &message).await;
    Ok(())
}

/// The pods in the order in which they are best given up: unassigned, pending, not ready, youngest first.
pub(super) fn by_worth(mut pods: Vec<Arc<Value>>) -> Vec<Arc<Value>> {
    let rank = |pod: &Value| {
        let placed = !text(pod, "/spec/nodeName").is_empty();
        let running = text(pod, "/status/phase") == "Running";
        (placed, running, is_ready(pod))
    };
    pods.sort_by(|one, other| {
        rank(one).cmp(&rank(other)).then_with(|| {
            text(other, "/metadata/creationTimestamp").cmp(text(one, "/metadata/creationTimestamp"))
        })
    });
    pods
}
