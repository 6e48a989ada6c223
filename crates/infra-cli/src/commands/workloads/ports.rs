//! Which ports are forwarded: those that the user names, or the endpoints of an item.

use infra_event::{Diagnostic, ExitCode};
use infra_kube::pods::{PodSelection, pods_behind};
use infra_kube::{Cluster, ObjectRef};
use infra_plan::Value;
use serde_json::Value as Json;

use super::target::{Target, told};
use crate::output::Outcome;

/// A port of a pod, by its number or by the name that its container gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PodPort {
    Number(u16),
    Name(String),
}

/// What is forwarded.
pub(super) struct Forwarding {
    /// As it is called in sentences, such as `web:80`.
    pub(super) title: String,
    /// The wanted local port; any if 0.
    pub(super) local: u16,
    /// Whether another local port will do.
    pub(super) any_local: bool,
    pub(super) pods: Vec<PodSelection>,
    pub(super) port: PodPort,
}

/// `[LOCAL:]PORT` of the command line; `:PORT` takes any local port.
#[derive(Clone, Debug)]
pub(crate) struct PortPair {
    local: Option<u16>,
    remote: String,
}

impl std::str::FromStr for PortPair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            text.parse::<u16>().map_err(|_| format!("`{text}` is no port: a number up to 65535"))
        };
        let (local, remote) = match text.split_once(':') {
            Some(("", remote)) => (Some(0), remote),
            Some((local, remote)) => (Some(number(local)?), remote),
            None => (None, text),
        };
        if remote.is_empty()
            || (remote.bytes().all(|byte| byte.is_ascii_digit()) && number(remote)? == 0)
        {
            return Err(format!("`{text}` names no port"));
        }
        Ok(Self { local, remote: remote.to_owned() })
    }
}

/// What the command line asks for; without ports, the endpoints of the item, or all ports of its Services.
pub(super) async fn wanted(target: &Target, pairs: &[PortPair]) -> Outcome<Vec<Forwarding>> {
    let services = services(target).await?;
    let mut found = Vec::new();
    if pairs.is_empty() {
        for (service, port) in chosen_ports(target, &services) {
            found.extend(through_service(&target.cluster, service, &port, None).await?);
        }
        if found.is_empty() {
            let problem =
                Diagnostic::error("no-ports", format!("{} has no Services", target.title));
            return Err(problem.set("name a port: infra forward TARGET PORT").into());
        }
        return Ok(found);
    }
    for pair in pairs {
        let mut one = None;
        for service in &services {
            let port = service_port(service, &pair.remote);
            if let Some(port) = port {
                one = through_service(&target.cluster, service, &port, Some(pair)).await?;
                break;
            }
        }
        let forwarding = match one {
            Some(forwarding) => forwarding,
            None if target.item.is_none() && services.is_empty() => {
                through_pods(target, pair).await?
            }
            None => return Err(no_port(target, &services, &pair.remote)),
        };
        found.push(forwarding);
    }
    Ok(found)
}

async fn services(target: &Target) -> Outcome<Vec<Json>> {
    let mut found = Vec::new();
    for object in target.objects.iter().filter(|object| object.kind == "Service") {
        let mut live = target.cluster.get(object).await.map_err(told)?;
        if let Some(live) = &mut live {
            live["apiVersion"] = "v1".into();
            live["kind"] = "Service".into();
        }
        found.extend(live);
    }
    Ok(found)
}

fn ports_of(service: &Json) -> Vec<Json> {
    service.pointer("/spec/ports").and_then(Json::as_array).cloned().unwrap_or_default()
}

fn name_of(service: &Json) -> &str {
    service.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default()
}

/// The port of a Service by its number or name.
fn service_port(service: &Json, wanted: &str) -> Option<Json> {
    ports_of(service).into_iter().find(|port| {
        port.get("name").and_then(Json::as_str) == Some(wanted)
            || port.get("port").and_then(Json::as_u64).map(|number| number.to_string()).as_deref()
                == Some(wanted)
    })
}

/// The endpoints that the file gives the item; without any, every port of every Service.
fn chosen_ports<'live>(target: &Target, services: &'live [Json]) -> Vec<(&'live Json, Json)> {
    let asked = target.item.as_ref().and_then(|record| record.inputs.get("endpoints"));
    let asked = match asked {
        Some(Value::List(list)) if !list.is_empty() => list.as_slice(),
        _ => &[],
    };
    let all = || {
        services
            .iter()
            .flat_map(|service| ports_of(service).into_iter().map(move |port| (service, port)))
    };
    if asked.is_empty() {
        return all().collect();
    }
    let of = |endpoint: &Value| {
        let service = endpoint.text_at("service")?.to_owned();
        let number = match endpoint.get("port") {
            Some(Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        all().find(|(live, port)| {
            name_of(live) == service
                && number
                    .is_none_or(|number| port.get("port").and_then(Json::as_u64) == Some(number))
        })
    };
    asked.iter().filter_map(of).collect()
}

async fn through_service(
    cluster: &Cluster,
    service: &Json,
    port: &Json,
    pair: Option<&PortPair>,
) -> Outcome<Option<Forwarding>> {
    let Some(object) = ObjectRef::of(service) else { return Ok(None) };
    let Some(selection) = pods_behind(cluster, &object).await.map_err(told)? else {
        let summary =
            format!("{object} selects no pods: it stands for something outside of the cluster");
        return Err(Diagnostic::error("no-pods", summary).set("reach it where it is").into());
    };
    let number = port.get("port").and_then(Json::as_u64).and_then(|port| u16::try_from(port).ok());
    let number = number.unwrap_or_default();
    let port = match port.get("targetPort") {
        Some(Json::String(name)) => PodPort::Name(name.clone()),
        Some(Json::Number(target)) => {
            PodPort::Number(target.as_u64().and_then(|it| u16::try_from(it).ok()).unwrap_or(number))
        }
        _ => PodPort::Number(number),
    };
    let asked = pair.and_then(|pair| pair.local);
    Ok(Some(Forwarding {
        title: format!("{}:{number}", object.name),
        local: asked.unwrap_or(number),
        any_local: pair.is_none() || asked == Some(0),
        pods: vec![selection],
        port,
    }))
}

async fn through_pods(target: &Target, pair: &PortPair) -> Outcome<Forwarding> {
    let port = match pair.remote.parse() {
        Ok(number) => PodPort::Number(number),
        Err(_) => PodPort::Name(pair.remote.clone()),
    };
    let local = match (&port, pair.local) {
        (_, Some(local)) => local,
        (PodPort::Number(number), None) => *number,
        (PodPort::Name(_), None) => 0,
    };
    Ok(Forwarding {
        title: format!("{} port {}", target.title, pair.remote),
        local,
        any_local: local == 0,
        pods: target.pods().await?,
        port,
    })
}

fn no_port(target: &Target, services: &[Json], wanted: &str) -> crate::output::Told {
    let known: Vec<String> = services
        .iter()
        .flat_map(|service| {
            let name = name_of(service).to_owned();
            ports_of(service)
                .into_iter()
                .filter_map(move |port| Some(format!("{name}:{}", port.get("port")?)))
        })
        .collect();
    let help = match known.as_slice() {
        [] => "it has no Services: name a workload or a pod instead".to_owned(),
        known => format!("its Services have {}", known.join(", ")),
    };
    let summary = format!("{} has no port `{wanted}`", target.title);
    Diagnostic::error("no-ports", summary).set(help).exit(ExitCode::Invalid).into()
}

impl PodPort {
    /// The number of the port in a pod.
    pub(super) fn in_pod(&self, pod: &Json) -> Option<u16> {
        let name = match self {
            Self::Number(number) => return Some(*number),
            Self::Name(name) => name,
        };
        let all = pod.pointer("/spec/containers").and_then(Json::as_array)?;
        all.iter()
            .filter_map(|container| container.get("ports")?.as_array())
            .flatten()
            .find(|port| port.get("name").and_then(Json::as_str) == Some(name))
            .and_then(|port| u16::try_from(port.get("containerPort")?.as_u64()?).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_ports() {
        let pair = |text: &str| text.parse::<PortPair>().map(|pair| (pair.local, pair.remote));
        assert_eq!(pair("80"), Ok((None, "80".to_owned())));
        assert_eq!(pair("8080:80"), Ok((Some(8080), "80".to_owned())));
        assert_eq!(pair(":http"), Ok((Some(0), "http".to_owned())));
        assert!(pair("80:").is_err() && pair("99999:80").is_err() && pair("80:99999").is_err());
        assert!(pair("").is_err() && pair("0").is_err());
    }
}
