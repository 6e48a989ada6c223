//! The settings of a cluster that create and update share: maintenance, autoscaler, firewall, single sign-on, plugins.

use serde_json::{Map, Value, json};

use crate::digitalocean::fields::{Fields, has_form};
use crate::digitalocean::reply::ApiError;

/// Plugins that are switched by `{enabled}`.
const SWITCHES: [&str; 10] = [
    "routing_agent",
    "amd_gpu_device_plugin",
    "amd_gpu_device_metrics_exporter_plugin",
    "nvidia_gpu_device_plugin",
    "rdma_shared_dev_plugin",
    "coredns_autoscaler",
    "p2p_oci_registry_plugin",
    "nvidia_gpu_dra_driver",
    "amd_gpu_dra_driver",
    "nvidia_dcgm_exporter_plugin",
];

const DAYS: [&str; 8] =
    ["any", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Reads the settings that a body has; `null` for one counts as absent.
pub(in crate::digitalocean) fn read(fields: &Fields<'_>) -> Result<Map<String, Value>, ApiError> {
    let mut settings = Map::new();
    if let Some(policy) = fields.object("maintenance_policy")? {
        settings.insert("maintenance_policy".into(), maintenance(&policy)?);
    }
    if let Some(autoscaler) = fields.object("cluster_autoscaler_configuration")? {
        settings.insert("cluster_autoscaler_configuration".into(), scaler(&autoscaler)?);
    }
    if let Some(firewall) = fields.object("control_plane_firewall")? {
        settings.insert("control_plane_firewall".into(), allow_list(&firewall)?);
    }
    if let Some(sso) = fields.object("sso")? {
        settings.insert("sso".into(), single_sign_on(&sso)?);
    }
    for name in SWITCHES {
        if let Some(switch) = fields.object(name)? {
            let enabled = switch.boolean("enabled")?.unwrap_or(false);
            settings.insert(name.into(), json!({ "enabled": enabled }));
        }
    }
    Ok(settings)
}

/// The policy that a cluster gets when none is asked for.
pub(in crate::digitalocean) fn default_maintenance() -> Value {
    json!({ "start_time": "00:00", "duration": "4h0m0s", "day": "any" })
}

fn maintenance(policy: &Fields<'_>) -> Result<Value, ApiError> {
    let start = policy.text("start_time")?.unwrap_or("00:00");
    if !has_form(start, "^([01]?[0-9]|2[0-3]):[0-5][0-9]$") {
        return Err(ApiError::unprocessable(
            "validation error: maintenance_policy.start_time must have the form HH:MM",
        ));
    }
    let day = policy.choice("day", &DAYS)?.unwrap_or("any");
    Ok(json!({ "start_time": start, "duration": "4h0m0s", "day": day }))
}

fn scaler(fields: &Fields<'_>) -> Result<Value, ApiError> {
    let mut value = json!({});
    if let Some(threshold) = fields.number("scale_down_utilization_threshold")? {
        if !(0.0..=1.0).contains(&threshold) {
            return Err(ApiError::unprocessable(
                "validation error: scale_down_utilization_threshold must be between 0 and 1",
            ));
        }
        value["scale_down_utilization_threshold"] = threshold.into();
    }
    if let Some(time) = fields.text("scale_down_unneeded_time")? {
        if !has_form(time, r"^([0-9]+(\.[0-9]+)?(h|ms|m|s))+$") {
            return Err(ApiError::unprocessable(
                "validation error: scale_down_unneeded_time is not a duration",
            ));
        }
        value["scale_down_unneeded_time"] = time.into();
    }
    if let Some(expanders) = fields.texts("expanders")? {
        let known = ["random", "priority", "least_waste"];
        if expanders.iter().any(|name| !known.contains(&name.as_str())) {
            return Err(ApiError::unprocessable(format!(
                "validation error: expanders must be among {}",
                known.join(", ")
            )));
        }
        value["expanders"] = expanders.into();
    }
    Ok(value)
}

fn allow_list(fields: &Fields<'_>) -> Result<Value, ApiError> {
    let addresses = fields.texts("allowed_addresses")?.unwrap_or_default();
    let form =
        r"^([0-9]{1,3}\.){3}[0-9]{1,3}(/([0-9]|[12][0-9]|3[0-2]))?$|^[0-9a-fA-F:]+(/[0-9]{1,3})?$";
    if let Some(wrong) = addresses.iter().find(|address| !has_form(address, form)) {
        return Err(ApiError::unprocessable(format!(
            "validation error: control_plane_firewall: {wrong} is not an address or a CIDR"
        )));
    }
    let enabled = fields.boolean("enabled")?.unwrap_or(false);
    Ok(json!({ "enabled": enabled, "allowed_addresses": addresses }))
}

fn single_sign_on(fields: &Fields<'_>) -> Result<Value, ApiError> {
    let enabled = fields.boolean("enabled")?.unwrap_or(false);
    let required = fields.boolean("required")?.unwrap_or(false);
    let mut value = json!({ "enabled": enabled, "required": required });
    for name in ["issuer_url", "client_id"] {
        match fields.text(name)? {
            Some(text) => value[name] = text.into(),
            None if enabled => {
                return Err(ApiError::unprocessable(format!(
                    "validation error: sso.{name} is required when sso is enabled"
                )));
            }
            None => {}
        }
    }
    Ok(value)
}
