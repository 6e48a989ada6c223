//! What must be there before a pod's containers can start: config maps, secrets and bound claims.

use serde_json::Value;

use crate::kubernetes::controllers::objects::{items, namespace, text};
use crate::kubernetes::server::Client;

/// What keeps a pod's volumes from being mounted, in the kubelet's words.
pub(super) fn missing_mount(client: &Client, pod: &Value) -> Option<String> {
    for volume in items(pod, "/spec/volumes") {
        let name = text(volume, "/name");
        let failed =
            |cause: String| Some(format!("MountVolume.SetUp failed for volume {name:?} : {cause}"));
        if let Some((kind, wanted)) = reference(volume)
            && client.get(&format!("{kind}s"), namespace(pod), wanted).is_none()
        {
            return failed(format!("{kind} {wanted:?} not found"));
        }
        for source in items(volume, "/projected/sources") {
            if let Some((kind, wanted)) = projected(source)
                && client.get(&format!("{kind}s"), namespace(pod), wanted).is_none()
            {
                return failed(format!("{kind} {wanted:?} not found"));
            }
        }
        let claim = text(volume, "/persistentVolumeClaim/claimName");
        if !claim.is_empty() {
            let found = client.get("persistentvolumeclaims", namespace(pod), claim);
            let bound = found.is_some_and(|claim| text(&claim, "/status/phase") == "Bound");
            if !bound {
                return failed(format!("persistentvolumeclaim {claim:?} is not bound"));
            }
        }
    }
    None
}

/// What keeps a container from being made: a config map or secret of its environment.
pub(super) fn missing_environment(
    client: &Client,
    pod: &Value,
    container: &Value,
) -> Option<String> {
    let direct = items(container, "/env").filter_map(|one| {
        let from = &one["valueFrom"];
        key_reference(&from["configMapKeyRef"], "configmap")
            .or_else(|| key_reference(&from["secretKeyRef"], "secret"))
    });
    let whole = items(container, "/envFrom").filter_map(|from| {
        key_reference(&from["configMapRef"], "configmap")
            .or_else(|| key_reference(&from["secretRef"], "secret"))
    });
    for (kind, name, key) in direct.chain(whole) {
        let Some(object) = client.get(&format!("{kind}s"), namespace(pod), name) else {
            return Some(format!("{kind} {name:?} not found"));
        };
        let known = |field: &str, key: &str| object[field].get(key).is_some();
        if let Some(key) = key.filter(|key| !known("data", key) && !known("binaryData", key)) {
            let place = format!("{}/{name}", namespace(pod));
            let word = if kind == "secret" { "Secret" } else { "ConfigMap" };
            return Some(format!("couldn't find key {key} in {word} {place}"));
        }
    }
    None
}

fn key_reference<'a>(
    reference: &'a Value,
    kind: &'static str,
) -> Option<(&'static str, &'a str, Option<&'a str>)> {
    if reference.is_null() || reference["optional"] == true {
        return None;
    }
    Some((kind, reference["name"].as_str()?, reference["key"].as_str()))
}

fn reference(volume: &Value) -> Option<(&'static str, &str)> {
    let (map, secret) = (&volume["configMap"], &volume["secret"]);
    if !map.is_null() && map["optional"] != true {
        return Some(("configmap", map["name"].as_str()?));
    }
    if !secret.is_null() && secret["optional"] != true {
        return Some(("secret", secret["secretName"].as_str()?));
    }
    None
}

fn projected(source: &Value) -> Option<(&'static str, &str)> {
    let name = |value: &Value| value["name"].as_str().map(str::to_owned);
    let (map, secret) = (&source["configMap"], &source["secret"]);
    // The certificate bundles of the default token volume are made by the cluster itself, one of them not by every kind of cluster.
    if name(map).is_some_and(|name| name.ends_with("-ca.crt") || name.ends_with("service-ca.crt")) {
        return None;
    }
    if !map.is_null() && map["optional"] != true {
        return Some(("configmap", map["name"].as_str()?));
    }
    if !secret.is_null() && secret["optional"] != true {
        return Some(("secret", secret["name"].as_str()?));
    }
    None
}
