//! `pods/binding`: a scheduler's decision.

use serde_json::{Value, json};

use super::dispatch::Call;
use super::objects::check_write_options;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::http::{Answer, json_response};
use crate::kubernetes::server::registry::Target;

/// Answers a binding.
pub(super) async fn answer(call: &Call, target: &Target, body: &[u8]) -> Answer {
    check_write_options(call, "CreateOptions")?;
    let binding: Value =
        serde_json::from_slice(body).map_err(|error| Status::bad_request(error.to_string()))?;
    let node = binding["target"]["name"].as_str().unwrap_or_default();
    call.api.bind_pod(target, node, &call.caller()?).await?;
    let success = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "code": 201,
    });
    Ok(json_response(201, &success, &[]))
}
