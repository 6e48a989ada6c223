//! `pods/eviction`: a deletion that disruption budgets may refuse.

use serde_json::{Value, json};

use super::dispatch::Call;
use super::objects::{check_write_options, delete_options};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::http::{Answer, json_response};
use crate::kubernetes::server::registry::Target;

/// Answers an eviction.
pub(super) async fn answer(call: &Call, target: &Target, body: &[u8]) -> Answer {
    check_write_options(call, "CreateOptions")?;
    let eviction: Value =
        serde_json::from_slice(body).map_err(|error| Status::bad_request(error.to_string()))?;
    let mut caller = call.caller()?;
    let given = &eviction["deleteOptions"];
    caller.dry_run = caller.dry_run
        || given["dryRun"].as_array().is_some_and(|all| all.iter().any(|one| one == "All"));
    let options = if given.is_object() {
        delete_options(call, given.to_string().as_bytes())?
    } else {
        Default::default()
    };
    call.api.evict_pod(&target.sub(""), &options, &caller).await?;
    let success = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "code": 201,
    });
    Ok(json_response(201, &success, &[]))
}
