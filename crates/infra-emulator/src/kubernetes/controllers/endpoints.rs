//! Endpoints and endpoint slices of Services: the addresses of the pods that they select.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::objects::{
    controller_reference, is_finished, is_going, is_ready, items, key_of, name, namespace, pair,
    text, uid,
};
use super::queue::WorkKey;
use super::runner::{Controller, Outcome};
use crate::kubernetes::machinery::selector::LabelSelector;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, Client, now, time_text};

const SLICES: &str = "discovery.k8s.io/endpointslices";
const SERVICE_LABEL: &str = "kubernetes.io/service-name";
const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";

/// The controller of endpoints and endpoint slices.
pub(super) struct Endpoints {
    client: Client,
}

impl Endpoints {
    /// With access to the API.
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(service) = self.client.get("services", &key.namespace, &key.name) else {
            self.remove(key).await?;
            return Ok(None);
        };
        let selects = service["spec"]["selector"].as_object().is_some_and(|all| !all.is_empty());
        if !selects || text(&service, "/spec/type") == "ExternalName" || is_going(&service) {
            return Ok(None);
        }
        let labels = json!({"matchLabels": service["spec"]["selector"]});
        let selector = LabelSelector::from_object(&labels);
        let mut pods = self.client.list("pods", Some(&key.namespace));
        pods.retain(|pod| {
            selector.matches(pod) && !is_finished(pod) && !text(pod, "/status/podIP").is_empty()
        });
        self.write_endpoints(&service, &pods).await?;
        self.write_slice(&service, &pods).await?;
        Ok(None)
    }

    async fn remove(&self, key: &WorkKey) -> Result<(), Status> {
        self.client.delete("endpoints", key.pair(), &Default::default()).await
    }

    async fn write_endpoints(&self, service: &Value, pods: &[Arc<Value>]) -> Result<(), Status> {
        let publish = service["spec"]["publishNotReadyAddresses"] == true;
        let address = |pod: &Arc<Value>| {
            json!({
                "ip": pod["status"]["podIP"],
                "nodeName": pod["spec"]["nodeName"],
                "targetRef": target(pod),
            })
        };
        let serving = |pod: &&Arc<Value>| publish || is_ready(pod) && !is_going(pod);
        let ready: Vec<Value> = pods.iter().filter(serving).map(address).collect();
        let other: Vec<Value> =
            pods.iter().filter(|pod| !serving(pod) && !is_going(pod)).map(address).collect();
        let mut subset = json!({});
        if !ready.is_empty() {
            subset["addresses"] = json!(ready);
        }
        if !other.is_empty() {
            subset["notReadyAddresses"] = json!(other);
        }
        let ports = ports(service, pods);
        if !ports.is_empty() {
            subset["ports"] = json!(ports);
        }
        let subsets =
            if ready.is_empty() && other.is_empty() { json!([]) } else { json!([subset]) };
        let (own_namespace, own_name) = pair(service);
        if self.client.get("endpoints", own_namespace, own_name).is_none() {
            let mut labels = service["metadata"]["labels"].clone();
            if !labels.is_object() {
                labels = json!({});
            }
            labels["endpoints.kubernetes.io/managed-by"] = json!("endpoint-controller");
            let object = json!({
                "metadata": {
                    "name": own_name,
                    "namespace": own_namespace,
                    "labels": labels,
                    "annotations": {TRIGGER: time_text(now())},
                },
                "subsets": subsets,
            });
            return ignore_exists(self.client.create("endpoints", object).await);
        }
        self.client
            .modify("endpoints", "", pair(service), |object| {
                let empty = subsets.as_array().is_some_and(Vec::is_empty);
                let unchanged = object["subsets"] == subsets;
                let absent = empty && object.get("subsets").is_none();
                if !unchanged && !absent {
                    object["subsets"] = subsets.clone();
                    if !object["metadata"]["annotations"].is_object() {
                        object["metadata"]["annotations"] = json!({});
                    }
                    object["metadata"]["annotations"][TRIGGER] = json!(time_text(now()));
                }
            })
            .await
            .map(|_| ())
    }

    async fn write_slice(&self, service: &Value, pods: &[Arc<Value>]) -> Result<(), Status> {
        let endpoints: Vec<Value> = pods
            .iter()
            .map(|pod| {
                let (ready, going) = (is_ready(pod), is_going(pod));
                let publish = service["spec"]["publishNotReadyAddresses"] == true;
                json!({
                    "addresses": [pod["status"]["podIP"]],
                    "conditions": {
                        "ready": (ready && !going) || publish,
                        "serving": ready,
                        "terminating": going,
                    },
                    "nodeName": pod["spec"]["nodeName"],
                    "targetRef": target(pod),
                })
            })
            .collect();
        let ports: Vec<Value> = ports(service, pods)
            .into_iter()
            .map(|mut port| {
                if port.get("name").is_none() {
                    port["name"] = json!("");
                }
                port
            })
            .collect();
        let slices = self.client.list(SLICES, Some(namespace(service)));
        let own = slices.iter().find(|slice| {
            slice["metadata"]["labels"][SERVICE_LABEL] == *name(service)
                && slice["metadata"]["labels"].get(MANAGED_BY).is_some()
        });
        if let Some(slice) = own {
            return self
                .client
                .modify(SLICES, "", pair(slice), |slice| {
                    slice["endpoints"] = json!(endpoints);
                    slice["ports"] = json!(ports);
                })
                .await
                .map(|_| ());
        }
        let mut labels = service["metadata"]["labels"].clone();
        if !labels.is_object() {
            labels = json!({});
        }
        labels[SERVICE_LABEL] = json!(name(service));
        labels[MANAGED_BY] = json!("endpointslice-controller.k8s.io");
        let object = json!({
            "metadata": {
                "generateName": format!("{}-", name(service)),
                "namespace": namespace(service),
                "labels": labels,
                "ownerReferences": [controller_reference(service)],
            },
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": ports,
        });
        ignore_exists(self.client.create(SLICES, object).await)
    }
}

fn ignore_exists(answer: Result<Arc<Value>, Status>) -> Result<(), Status> {
    match answer {
        Err(status) if status.reason == "AlreadyExists" => Ok(()),
        answer => answer.map(|_| ()),
    }
}

fn target(pod: &Value) -> Value {
    json!({"kind": "Pod", "namespace": namespace(pod), "name": name(pod), "uid": uid(pod)})
}

/// Ports with named target ports looked up in the pods.
fn ports(service: &Value, pods: &[Arc<Value>]) -> Vec<Value> {
    items(service, "/spec/ports")
        .filter_map(|port| {
            let number = match &port["targetPort"] {
                Value::String(named) => pods.iter().find_map(|pod| {
                    items(pod, "/spec/containers")
                        .flat_map(|container| items(container, "/ports"))
                        .find(|own| own["name"] == **named)
                        .map(|own| own["containerPort"].clone())
                })?,
                Value::Null => port["port"].clone(),
                number => number.clone(),
            };
            let mut out = json!({"port": number, "protocol": port["protocol"]});
            if let Some(name) = port.get("name") {
                out["name"] = name.clone();
            }
            Some(out)
        })
        .collect()
}

impl Controller for Endpoints {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        match &*change.key.resource {
            "services" => vec![WorkKey::new(&change.key.namespace, &change.key.name)],
            "pods" => {
                let services = self.client.list("services", Some(&change.key.namespace));
                services
                    .iter()
                    .filter(|service| {
                        let labels = &service["spec"]["selector"];
                        let selector = LabelSelector::from_object(&json!({"matchLabels": labels}));
                        labels.as_object().is_some_and(|labels| !labels.is_empty())
                            && (selector.matches(&change.object)
                                || change
                                    .previous
                                    .as_ref()
                                    .is_some_and(|old| selector.matches(old)))
                    })
                    .map(|service| key_of(service))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
