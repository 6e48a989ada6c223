//! Cluster addresses and node ports of Services, handed out when a Service is written.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::kubernetes::machinery::status::{Cause, Status};
use crate::kubernetes::server::store::Store;

/// 10.96.0.0/16; the first address is the API server's own.
const ADDRESSES: std::ops::Range<u32> = 0x0a60_0001..0x0a60_fffe;
/// The default range of node ports.
const PORTS: std::ops::RangeInclusive<u16> = 30000..=32767;

#[derive(Debug, Default)]
struct Taken {
    addresses: BTreeSet<u32>,
    ports: BTreeSet<u16>,
}

/// The addresses and ports that Services hold.
#[derive(Debug, Default)]
pub(crate) struct ServiceAddresses {
    taken: Mutex<Taken>,
}

impl ServiceAddresses {
    /// What the Services of a store hold.
    pub(crate) fn of(store: &Store) -> Self {
        let own = Self::default();
        for service in store.list("services", None).0 {
            own.lock().take(&service);
        }
        own
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a Service what it lacks, keeping what it had.
    ///
    /// # Errors
    /// 422 for an address or a port that another Service holds or that is out of range.
    pub(crate) fn allocate(
        &self,
        service: &mut Value,
        live: Option<&Value>,
        dry_run: bool,
    ) -> Result<(), Status> {
        if !service["spec"].is_object() {
            return Ok(());
        }
        let mut causes = Vec::new();
        if let Some(live) = live {
            keep(service, live);
            causes.extend(address_change(service, live));
        }
        let mut held = self.lock();
        let mut taken = Taken { addresses: held.addresses.clone(), ports: held.ports.clone() };
        if let Some(live) = live {
            taken.give_back(live);
        }
        set_families(service);
        taken.set_address(service, &mut causes);
        taken.set_ports(service, &mut causes);
        if !causes.is_empty() {
            let name = service["metadata"]["name"].as_str().unwrap_or_default();
            return Err(Status::invalid("", "Service", name, &causes));
        }
        if !dry_run {
            *held = taken;
        }
        Ok(())
    }

    /// Takes back what a Service held.
    pub(crate) fn free(&self, service: &Value) {
        self.lock().give_back(service);
    }
}

fn kind(service: &Value) -> &str {
    service["spec"]["type"].as_str().unwrap_or("ClusterIP")
}

fn has_address(service: &Value) -> bool {
    kind(service) != "ExternalName"
}

/// Carries over what an update left out, unless the type has changed so that it would mean nothing.
fn keep(service: &mut Value, live: &Value) {
    if has_address(service) && has_address(live) {
        let unset = service["spec"]["clusterIP"].as_str().unwrap_or_default().is_empty();
        for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            let missing = service["spec"].get(key).is_none();
            if (missing || unset && key.starts_with("clusterIP"))
                && let Some(value) = live["spec"].get(key)
            {
                service["spec"][key] = value.clone();
            }
        }
    }
    let old = kind(live).to_owned();
    let new = kind(service).to_owned();
    if matches!(new.as_str(), "NodePort" | "LoadBalancer") && old != "ExternalName" {
        let live_ports = live["spec"]["ports"].as_array().cloned().unwrap_or_default();
        if let Some(ports) = service["spec"].get_mut("ports").and_then(Value::as_array_mut) {
            for port in ports {
                let same = live_ports
                    .iter()
                    .find(|one| one["port"] == port["port"] && one["protocol"] == port["protocol"]);
                let unset = port["nodePort"].as_u64().unwrap_or(0) == 0;
                if let (true, Some(number)) = (unset, same.and_then(|one| one.get("nodePort"))) {
                    port["nodePort"] = number.clone();
                }
            }
        }
        if service["spec"].get("healthCheckNodePort").is_none()
            && let Some(port) = live["spec"].get("healthCheckNodePort")
            && needs_health_port(service)
        {
            service["spec"]["healthCheckNodePort"] = port.clone();
        }
    }
    release_by_type(service, live, &old, &new);
}

/// Drops the fields that belong to the old type alone, if the update has left them as they were.
fn release_by_type(service: &mut Value, live: &Value, old: &str, new: &str) {
    let Some(spec) = service["spec"].as_object_mut() else { return };
    if old != "ExternalName" && new == "ExternalName" {
        for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            spec.shift_remove(key);
        }
    }
    let had_ports = matches!(old, "NodePort" | "LoadBalancer");
    if had_ports && !matches!(new, "NodePort" | "LoadBalancer") {
        let live_ports = live["spec"]["ports"].as_array().cloned().unwrap_or_default();
        if let Some(ports) = spec.get_mut("ports").and_then(Value::as_array_mut) {
            for (index, port) in ports.iter_mut().enumerate() {
                let same = live_ports.get(index).and_then(|one| one.get("nodePort"));
                if port.get("nodePort") == same
                    && let Some(map) = port.as_object_mut()
                {
                    map.shift_remove("nodePort");
                }
            }
        }
        spec.shift_remove("externalTrafficPolicy");
        spec.shift_remove("healthCheckNodePort");
    }
    if old == "LoadBalancer" && new != "LoadBalancer" {
        spec.shift_remove("allocateLoadBalancerNodePorts");
        spec.shift_remove("loadBalancerClass");
    }
}

/// The address of a Service stays for its life, unless it stops having one.
fn address_change(service: &mut Value, live: &Value) -> Option<Cause> {
    let had = text_of(&live["spec"]["clusterIP"]);
    if had.is_empty() || !has_address(service) || !has_address(live) {
        return None;
    }
    let (first, single) = (
        text_of(&service["spec"]["clusterIPs"][0]).to_owned(),
        text_of(&service["spec"]["clusterIP"]).to_owned(),
    );
    // Who changes one of the two fields means both.
    let now = if single == had { first } else { single };
    if now == had {
        return None;
    }
    service["spec"]["clusterIP"] = json!(now);
    service["spec"]["clusterIPs"] = json!([now]);
    let message = format!("Invalid value: [{now:?}]: may not change once set");
    Some(invalid("spec.clusterIPs[0]", message))
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn needs_health_port(service: &Value) -> bool {
    kind(service) == "LoadBalancer" && service["spec"]["externalTrafficPolicy"] == "Local"
}

/// The families of a cluster that has IPv4 alone.
fn set_families(service: &mut Value) {
    if !has_address(service) {
        return;
    }
    let spec = &mut service["spec"];
    let headless = spec["clusterIP"] == "None";
    let selector = spec["selector"].as_object().is_some_and(|selector| !selector.is_empty());
    let free = headless && !selector;
    let (families, policy) = if free {
        (json!(["IPv4", "IPv6"]), "RequireDualStack")
    } else {
        (json!(["IPv4"]), "SingleStack")
    };
    if spec.get("ipFamilyPolicy").is_none() {
        spec["ipFamilyPolicy"] = json!(policy);
    }
    if spec["ipFamilies"].as_array().is_none_or(Vec::is_empty) {
        spec["ipFamilies"] = families;
    }
}

fn invalid(field: &str, message: String) -> Cause {
    Cause { reason: "FieldValueInvalid".into(), field: field.to_owned(), message }
}

fn number(address: &str) -> Option<u32> {
    address.parse::<std::net::Ipv4Addr>().ok().map(u32::from)
}

impl Taken {
    fn take(&mut self, service: &Value) {
        self.each(
            service,
            |taken, address| taken.addresses.insert(address),
            |taken, port| taken.ports.insert(port),
        );
    }

    fn give_back(&mut self, service: &Value) {
        self.each(
            service,
            |taken, address| taken.addresses.remove(&address),
            |taken, port| taken.ports.remove(&port),
        );
    }

    fn each(
        &mut self,
        service: &Value,
        address: impl Fn(&mut Self, u32) -> bool,
        port: impl Fn(&mut Self, u16) -> bool,
    ) {
        if let Some(held) = service["spec"]["clusterIP"].as_str().and_then(number) {
            address(self, held);
        }
        let ports = service["spec"]["ports"].as_array().into_iter().flatten();
        let health = service["spec"].get("healthCheckNodePort");
        for held in ports.filter_map(|one| one.get("nodePort")).chain(health) {
            if let Some(held) = held.as_u64().and_then(|held| u16::try_from(held).ok()) {
                port(self, held);
            }
        }
    }

    fn set_address(&mut self, service: &mut Value, causes: &mut Vec<Cause>) {
        if !has_address(service) {
            return;
        }
        let spec = &mut service["spec"];
        let asked = spec["clusterIP"]
            .as_str()
            .filter(|asked| !asked.is_empty())
            .or_else(|| spec["clusterIPs"][0].as_str())
            .unwrap_or_default()
            .to_owned();
        match asked.as_str() {
            "None" => spec["clusterIP"] = json!("None"),
            "" => {
                let Some(free) = ADDRESSES.skip(1).find(|one| !self.addresses.contains(one)) else {
                    causes.push(invalid("spec.clusterIPs", "no address is free".into()));
                    return;
                };
                self.addresses.insert(free);
                spec["clusterIP"] = json!(std::net::Ipv4Addr::from(free).to_string());
            }
            text => match number(text) {
                Some(one) if !ADDRESSES.contains(&one) => causes.push(invalid(
                    "spec.clusterIPs",
                    format!(
                        "Invalid value: [{text:?}]: failed to allocate IP {text}: the provided IP ({text}) is not in the valid range. The range of valid IPs is 10.96.0.0/16"
                    ),
                )),
                Some(one) if !self.addresses.insert(one) => causes.push(invalid(
                    "spec.clusterIPs",
                    format!(
                        "Invalid value: [{text:?}]: failed to allocate IP {text}: provided IP is already allocated"
                    ),
                )),
                // A text that is no address is for validation to refuse.
                _ => spec["clusterIP"] = json!(text),
            },
        }
        if spec["clusterIPs"].as_array().is_none_or(Vec::is_empty) {
            spec["clusterIPs"] = json!([spec["clusterIP"]]);
        }
    }

    fn set_ports(&mut self, service: &mut Value, causes: &mut Vec<Cause>) {
        let wanted = match kind(service) {
            "NodePort" => true,
            "LoadBalancer" => service["spec"]["allocateLoadBalancerNodePorts"] != false,
            _ => return,
        };
        let health = needs_health_port(service);
        let mut fresh = BTreeSet::new();
        let ports = service["spec"].get_mut("ports").and_then(Value::as_array_mut);
        for (index, port) in ports.into_iter().flatten().enumerate() {
            let asked = port["nodePort"].as_u64().unwrap_or(0);
            if asked == 0 {
                if wanted && let Some(free) = self.free_port() {
                    port["nodePort"] = json!(free);
                    fresh.insert(free);
                }
                continue;
            }
            let field = format!("spec.ports[{index}].nodePort");
            match u16::try_from(asked).ok().filter(|asked| PORTS.contains(asked)) {
                None => causes.push(invalid(
                    &field,
                    format!("Invalid value: {asked}: provided port is not in the valid range. The range of valid ports is 30000-32767"),
                )),
                // Two ports of one Service may share a number, with different protocols.
                Some(asked) if !self.ports.insert(asked) && !fresh.contains(&asked) => causes.push(
                    invalid(&field, format!("Invalid value: {asked}: provided port is already allocated")),
                ),
                Some(asked) => {
                    fresh.insert(asked);
                }
            }
        }
        if health
            && service["spec"]["healthCheckNodePort"].as_u64().unwrap_or(0) == 0
            && let Some(free) = self.free_port()
        {
            service["spec"]["healthCheckNodePort"] = json!(free);
        }
    }

    /// Draws at random first, as the real allocator does, so that numbers do not look dependable.
    fn free_port(&mut self) -> Option<u16> {
        let drawn = (0..16)
            .map(|_| rand::random_range(PORTS))
            .find(|port| !self.ports.contains(port))
            .or_else(|| PORTS.into_iter().find(|port| !self.ports.contains(port)))?;
        self.ports.insert(drawn);
        Some(drawn)
    }
}
