//! Asking webhooks and acting on their answers.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::call::call;
use super::matching::{Write, concerns};
use crate::kubernetes::machinery::patch::json_patch;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::api::Api;
use crate::kubernetes::server::registry::caller::{Caller, Target};

const MUTATING: &str = "admissionregistration.k8s.io/mutatingwebhookconfigurations";
const VALIDATING: &str = "admissionregistration.k8s.io/validatingwebhookconfigurations";

impl Api {
    /// Lets mutating webhooks change an object.
    pub(in crate::kubernetes::server::registry) async fn call_mutating_webhooks(
        &self,
        operation: &str,
        target: &Target,
        object: &mut Value,
        live: Option<&Value>,
        caller: &Caller,
        warnings: &mut Vec<String>,
    ) -> Result<(), Status> {
        for configuration in configurations(self, MUTATING) {
            for webhook in configuration["webhooks"].as_array().into_iter().flatten() {
                let write = Write { operation, target, object, live };
                let Some(answer) = self.ask(webhook, &write, caller, warnings).await? else {
                    continue;
                };
                if let Some(patch) = answer["patch"].as_str() {
                    let decoded = STANDARD.decode(patch).unwrap_or_default();
                    let patch: Value = serde_json::from_slice(&decoded)
                        .map_err(|error| Status::internal(error.to_string()))?;
                    *object = json_patch(object, &patch)?;
                }
            }
        }
        Ok(())
    }

    /// Lets validating webhooks refuse a write.
    pub(in crate::kubernetes::server::registry) async fn call_validating_webhooks(
        &self,
        operation: &str,
        target: &Target,
        object: &Value,
        live: Option<&Value>,
        caller: &Caller,
        warnings: &mut Vec<String>,
    ) -> Result<(), Status> {
        let write = Write { operation, target, object, live };
        for configuration in configurations(self, VALIDATING) {
            for webhook in configuration["webhooks"].as_array().into_iter().flatten() {
                self.ask(webhook, &write, caller, warnings).await?;
            }
        }
        Ok(())
    }

    /// Asks one webhook; nothing if it does not care or cannot be reached and may be ignored.
    async fn ask(
        &self,
        webhook: &Value,
        write: &Write<'_>,
        caller: &Caller,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Value>, Status> {
        if !concerns(self, webhook, write) {
            return Ok(None);
        }
        let name = webhook["name"].as_str().unwrap_or_default();
        let effects = webhook["sideEffects"].as_str().unwrap_or_default();
        if caller.dry_run && !matches!(effects, "None" | "NoneOnDryRun") {
            return Err(Status::bad_request(format!(
                "admission webhook {name:?} does not support dry run"
            )));
        }
        let review = review(write, caller);
        let answer = match call(self, webhook, &review).await {
            Ok(answer) => answer["response"].clone(),
            Err(_) if webhook["failurePolicy"] == "Ignore" => return Ok(None),
            Err(cause) => {
                return Err(Status::internal(format!("failed calling webhook {name:?}: {cause}")));
            }
        };
        for warning in answer["warnings"].as_array().into_iter().flatten() {
            warnings.extend(warning.as_str().map(str::to_owned));
        }
        if answer["allowed"] == true {
            Ok(Some(answer))
        } else {
            Err(denied(name, &answer["status"]))
        }
    }
}

/// Configurations in the order of their names.
fn configurations(api: &Api, resource: &str) -> Vec<Arc<Value>> {
    api.store.list(resource, None).0
}

/// Reasons that the API knows; a webhook's own ones appear in the message alone.
const REASONS: [&str; 12] = [
    "AlreadyExists",
    "BadRequest",
    "Conflict",
    "Expired",
    "Forbidden",
    "Gone",
    "InternalError",
    "Invalid",
    "NotFound",
    "ServiceUnavailable",
    "TooManyRequests",
    "Unauthorized",
];

fn known_reason(reason: &str) -> &'static str {
    REASONS.into_iter().find(|known| *known == reason).unwrap_or_default()
}

fn denied(webhook: &str, status: &Value) -> Status {
    let by = format!("admission webhook {webhook:?} denied the request");
    let reason = status["reason"].as_str().unwrap_or_default();
    let message = match (status["message"].as_str().unwrap_or_default(), reason) {
        ("", "") => format!("{by} without explanation"),
        ("", reason) => format!("{by}: {reason}"),
        (message, _) => format!("{by}: {message}"),
    };
    let code = status["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(400);
    let mut refusal = Status::new(code.max(400), known_reason(reason), message);
    if let Some(details) = status.get("details") {
        refusal.details = Some(details.clone());
    }
    refusal
}

fn review(write: &Write<'_>, caller: &Caller) -> Value {
    let target = write.target;
    let kind = &target.resource.kind;
    let kind_value = json!({"group": kind.group, "version": kind.version, "kind": kind.kind});
    let resource =
        json!({"group": kind.group, "version": kind.version, "resource": target.resource.plural});
    let name = if target.name.is_empty() {
        write.object["metadata"]["name"].as_str().unwrap_or_default()
    } else {
        &target.name
    };
    let identity = &caller.identity;
    let mut request = json!({
        "uid": uuid::Uuid::new_v4().to_string(),
        "kind": kind_value,
        "resource": resource,
        "requestKind": kind_value,
        "requestResource": resource,
        "name": name,
        "operation": write.operation,
        "userInfo": {"username": identity.name, "uid": identity.uid, "groups": identity.groups},
        "object": write.object,
        "oldObject": write.live.cloned().unwrap_or(Value::Null),
        "dryRun": caller.dry_run,
        "options": {"kind": "Options", "apiVersion": "meta.k8s.io/v1"},
    });
    if !target.namespace.is_empty() {
        request["namespace"] = json!(target.namespace);
    }
    if !target.subresource.is_empty() {
        request["subResource"] = json!(target.subresource);
        request["requestSubResource"] = json!(target.subresource);
    }
    json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request})
}
