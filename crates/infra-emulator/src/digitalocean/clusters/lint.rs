//! clusterlint: a run is accepted, ends at once and finds nothing.

use serde_json::json;

use super::model::LintRun;
use crate::digitalocean::call::Call;
use crate::digitalocean::reply::{ApiError, Outcome, Reply};
use crate::runtime::Dates;

pub(in crate::digitalocean) fn run(call: &mut Call<'_>, id: &str) -> Outcome {
    call.live_cluster(id)?;
    let run_id = call.state.uuid("clusterlint", id);
    let now = Dates::date_now();
    if let Some(cluster) = call.state.clusters.get_mut(id) {
        let (requested_at, completed_at) = (now.clone(), now);
        cluster.lint = Some(LintRun { run_id: run_id.clone(), requested_at, completed_at });
    }
    Reply::accepted(json!({ "run_id": run_id }))
}

pub(in crate::digitalocean) fn get(call: &mut Call<'_>, id: &str) -> Outcome {
    let asked = call.query.get("run_id").map(str::to_owned);
    let run = call.cluster(id)?.lint.as_ref().ok_or_else(ApiError::not_found)?;
    if asked.is_some_and(|asked| asked != run.run_id) {
        return Err(ApiError::not_found());
    }
    Reply::ok(json!({
        "run_id": run.run_id,
        "requested_at": run.requested_at,
        "completed_at": run.completed_at,
        "diagnostics": [],
    }))
}
