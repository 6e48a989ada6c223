//! [`endpoints`]: how to reach the Services of an item from outside.

use crate::{Cluster, Failure, Json, ObjectRef, PREFIX};

/// A way to reach something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Name: of the Service, and of the port if it has several.
    pub name: String,
    /// URL or `host:port`.
    pub url: String,
    /// What one should know about it.
    pub note: Option<String>,
}

/// The endpoints of these live Services: the address of a load balancer, or a node's address and the node port.
///
/// # Errors
/// When the nodes cannot be listed.
pub async fn endpoints(cluster: &Cluster, services: &[&Json]) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    let mut node = None;
    for service in services {
        let text = |pointer: &str| service.pointer(pointer).and_then(Json::as_str);
        let host = match text("/spec/type") {
            Some("LoadBalancer") => balancer_address(service),
            Some("NodePort") => {
                if node.is_none() {
                    node = node_address(cluster).await?;
                }
                node.clone()
            }
            _ => continue,
        };
        let Some((host, note)) = host else { continue };
        found.extend(of_ports(service, &host, note.as_deref()));
    }
    Ok(found)
}

/// (host, note).
type Host = (String, Option<String>);

fn balancer_address(service: &Json) -> Option<Host> {
    let ingress = service.pointer("/status/loadBalancer/ingress/0")?;
    let address = ingress.get("ip").or_else(|| ingress.get("hostname"))?;
    Some((address.as_str()?.to_owned(), None))
}

async fn node_address(cluster: &Cluster) -> Result<Option<Host>, Failure> {
    let reference = ObjectRef::new("v1", "Node", None, "any");
    let path = cluster.resource(&reference).await?.collection(None);
    let nodes = cluster.list(&path).await?.items;
    let of_type = |wanted: &str| {
        nodes.iter().find_map(|node| {
            let addresses = node.pointer("/status/addresses")?.as_array()?;
            let matching = addresses
                .iter()
                .find(|address| address.get("type").and_then(Json::as_str) == Some(wanted))?;
            matching.get("address")?.as_str().map(str::to_owned)
        })
    };
    let inside = || {
        let note = "the nodes have no public address: reach it from their network".to_owned();
        of_type("InternalIP").map(|address| (address, Some(note)))
    };
    Ok(of_type("ExternalIP").map(|address| (address, None)).or_else(inside))
}

fn of_ports(service: &Json, host: &str, note: Option<&str>) -> Vec<Found> {
    let text = |pointer: &str| service.pointer(pointer).and_then(Json::as_str);
    let balancer = text("/spec/type") == Some("LoadBalancer");
    let name = text("/metadata/name").unwrap_or_default();
    let ports = service.pointer("/spec/ports").and_then(Json::as_array);
    let ports: Vec<&Json> = ports.into_iter().flatten().collect();
    let annotation = service
        .pointer("/metadata/annotations")
        .and_then(|all| all.get(format!("{PREFIX}/note")))
        .and_then(Json::as_str);
    let several = ports.len() > 1;
    let of_port = |port: &&Json| {
        let inner = port.get("port").and_then(Json::as_u64)?;
        let outer = if balancer { inner } else { port.get("nodePort").and_then(Json::as_u64)? };
        let label = port.get("name").and_then(Json::as_str).unwrap_or_default();
        let protocol = port.get("appProtocol").and_then(Json::as_str).unwrap_or_default();
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let url = match scheme(label, protocol, inner) {
            Some(("http", 80)) if outer == 80 => format!("http://{host}"),
            Some(("https", 443)) if outer == 443 => format!("https://{host}"),
            Some((scheme, _)) => format!("{scheme}://{host}:{outer}"),
            None => format!("{host}:{outer}"),
        };
        Some(Found {
            name: match several {
                true if label.is_empty() => format!("{name}-{inner}"),
                true => format!("{name}-{label}"),
                false => name.to_owned(),
            },
            url,
            note: annotation.or(note).map(str::to_owned),
        })
    };
    ports.iter().filter_map(of_port).collect()
}

/// What is spoken at a port, told by its name, its `appProtocol`, or its number.
fn scheme(label: &str, protocol: &str, port: u64) -> Option<(&'static str, u64)> {
    let says =
        |word: &str| label == word || label.starts_with(&format!("{word}-")) || protocol == word;
    if says("https") || port == 443 || port == 8443 {
        Some(("https", 443))
    } else if says("http") || says("web") || [80, 8000, 8080, 8787, 8888].contains(&port) {
        Some(("http", 80))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn urls() {
        let service = |kind: &str, ports: Json| {
            json!({"metadata": {"name": "app"}, "spec": {"type": kind, "ports": ports},
                "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}})
        };
        let one = service("LoadBalancer", json!([{"port": 80, "nodePort": 30001}]));
        let (host, _) = balancer_address(&one).unwrap();
        assert_eq!(of_ports(&one, &host, None)[0].url, "http://192.0.2.7");
        let two = service(
            "NodePort",
            json!([{"name": "scheduler", "port": 8786, "nodePort": 31375},
                {"name": "http-dashboard", "port": 8787, "nodePort": 30861}]),
        );
        let found = of_ports(&two, "192.0.2.7", None);
        assert_eq!(
            (found[0].name.as_str(), found[0].url.as_str()),
            ("app-scheduler", "192.0.2.7:31375")
        );
        assert_eq!(found[1].url, "http://192.0.2.7:30861");
    }
}
