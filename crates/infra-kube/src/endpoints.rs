//! [`ports`]: how to reach the ports of Services from outside.

use crate::{Cluster, Failure, Json, ObjectRef};

/// A port of a Service, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Namespace of the Service.
    pub namespace: String,
    /// Name of the Service.
    pub service: String,
    /// Name of the port; empty if it has none.
    pub name: String,
    /// The Service's port.
    pub port: u64,
    /// Host at which it is reached; brackets around an IPv6 address.
    pub host: String,
    /// The port there.
    pub outer: u64,
    /// What is spoken: `http`, `https` or `tcp`, told by name, `appProtocol` or number.
    pub scheme: &'static str,
    /// Whether it is reached from outside at all.
    pub outside: bool,
    /// What one should know about it.
    pub note: Option<String>,
}

/// The ports of these live Services: at the address of the load balancer, at a node's address and the node port, or (inside
/// the cluster only) at the Service's name. `node_address` stands in for a node's address.
///
/// # Errors
/// When the nodes cannot be listed.
pub async fn ports(
    cluster: &Cluster,
    services: &[&Json],
    node_address: Option<&str>,
) -> Result<Vec<Port>, Failure> {
    let mut node = node_address.map(|address| (address.to_owned(), None));
    let mut found = Vec::new();
    for service in services {
        let kind = service.pointer("/spec/type").and_then(Json::as_str).unwrap_or("ClusterIP");
        if kind == "NodePort" && node.is_none() {
            node = first_node(cluster).await?;
        }
        let host = match kind {
            "LoadBalancer" => balancer(service),
            "NodePort" => node.clone(),
            _ => None,
        };
        found.extend(of_service(service, kind, host));
    }
    Ok(found)
}

/// (host, note).
type Host = (String, Option<String>);

fn balancer(service: &Json) -> Option<Host> {
    let ingress = service.pointer("/status/loadBalancer/ingress/0")?;
    let address = ingress.get("ip").or_else(|| ingress.get("hostname"))?;
    Some((address.as_str()?.to_owned(), None))
}

async fn first_node(cluster: &Cluster) -> Result<Option<Host>, Failure> {
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

fn of_service(service: &Json, kind: &str, host: Option<Host>) -> Vec<Port> {
    let text = |pointer: &str| {
        service.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned()
    };
    let (name, namespace) = (text("/metadata/name"), text("/metadata/namespace"));
    let outside = host.is_some();
    let (host, note) = host.unwrap_or_else(|| {
        let note = "inside the cluster only".to_owned();
        (format!("{name}.{namespace}.svc"), Some(note))
    });
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let of_port = |port: &Json| {
        let inner = port.get("port").and_then(Json::as_u64)?;
        let of_node = port.get("nodePort").and_then(Json::as_u64);
        let label = port.get("name").and_then(Json::as_str).unwrap_or_default();
        let protocol = port.get("appProtocol").and_then(Json::as_str).unwrap_or_default();
        Some(Port {
            namespace: namespace.clone(),
            service: name.clone(),
            name: label.to_owned(),
            port: inner,
            host: host.clone(),
            outer: if kind == "NodePort" && outside { of_node? } else { inner },
            scheme: scheme(label, protocol, inner),
            outside,
            note: note.clone(),
        })
    };
    let ports = service.pointer("/spec/ports").and_then(Json::as_array);
    ports.into_iter().flatten().filter_map(of_port).collect()
}

fn scheme(label: &str, protocol: &str, port: u64) -> &'static str {
    let says =
        |word: &str| label == word || label.starts_with(&format!("{word}-")) || protocol == word;
    if says("https") || port == 443 || port == 8443 {
        "https"
    } else if says("http") || says("web") || [80, 8000, 8080, 8787, 8888].contains(&port) {
        "http"
    } else {
        "tcp"
    }
}

impl Port {
    /// Its URL with this scheme and path; host and port for `tcp`. The usual port of a scheme is left out.
    pub fn url(&self, scheme: &str, path: &str) -> String {
        let Self { host, outer, .. } = self;
        match (scheme, outer) {
            ("http", 80) | ("https", 443) => format!("{scheme}://{host}{path}"),
            ("http" | "https", _) => format!("{scheme}://{host}:{outer}{path}"),
            _ => format!("{host}:{outer}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn urls() {
        let service = |kind: &str, ports: Json| {
            json!({"metadata": {"name": "app", "namespace": "web"}, "spec": {"type": kind, "ports": ports},
                "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}})
        };
        let one = service("LoadBalancer", json!([{"port": 80, "nodePort": 30001}]));
        let port = &of_service(&one, "LoadBalancer", balancer(&one))[0];
        assert_eq!(port.url(port.scheme, ""), "http://192.0.2.7");
        let two = service(
            "NodePort",
            json!([{"name": "scheduler", "port": 8786, "nodePort": 31375},
                {"name": "http-dashboard", "port": 8787, "nodePort": 30861}]),
        );
        let found = of_service(&two, "NodePort", Some(("2001:db8::1".into(), None)));
        assert_eq!(found[0].url(found[0].scheme, ""), "[2001:db8::1]:31375");
        assert_eq!(found[1].url(found[1].scheme, "/status"), "http://[2001:db8::1]:30861/status");
        let inside = of_service(&two, "ClusterIP", None);
        assert_eq!(inside[1].url("http", "/"), "http://app.web.svc:8787/");
    }
}
