//! One call of the API while it is being handled.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::clusters::model::Cluster;
use super::context::{Clusters, Context};
use super::events::Effect;
use super::paging::Query;
use super::reply::ApiError;
use super::state::State;

/// Droplets that a new account may have.
const DROPLET_LIMIT: u64 = 25;

/// A call: what was asked, and what it may reach.
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    /// Path without the query.
    pub(super) path: &'a str,
    /// Scheme and host as the client wrote them.
    pub(super) base: &'a str,
    pub(super) query: Query,
    pub(super) raw: &'a Bytes,
    /// The `Authorization` header.
    pub(super) authorization: Option<&'a str>,
    /// World time in milliseconds.
    pub(super) now: u64,
    pub(super) state: &'a mut State,
    pub(super) context: &'a Context,
    pub(super) clusters: &'a dyn Clusters,
    pub(super) effects: Vec<Effect>,
    /// World time that the call itself takes.
    pub(super) takes: Duration,
}

impl Call<'_> {
    /// The body, which must be JSON.
    pub(super) fn body(&self) -> Result<Value, ApiError> {
        if self.raw.is_empty() {
            return Err(ApiError::bad_request("Request body is empty: expected a JSON object."));
        }
        serde_json::from_slice(self.raw).map_err(|error| {
            ApiError::bad_request(format!("Invalid JSON in request body: {error}"))
        })
    }

    /// The body, or an empty object if there is none.
    pub(super) fn body_or_empty(&self) -> Value {
        if self.raw.is_empty() { json!({}) } else { self.body().unwrap_or(Value::Null) }
    }

    /// The address of what was asked for, without the query.
    pub(super) fn address(&self) -> String {
        format!("{}{}", self.base, self.path)
    }

    pub(super) fn cluster(&self, id: &str) -> Result<&Cluster, ApiError> {
        self.state.clusters.get(id).ok_or_else(ApiError::not_found)
    }

    /// A cluster that is not being deleted.
    pub(super) fn live_cluster(&self, id: &str) -> Result<&Cluster, ApiError> {
        let cluster = self.cluster(id)?;
        if cluster.state == "deleting" {
            return Err(ApiError::unprocessable("cluster is being deleted"));
        }
        Ok(cluster)
    }

    pub(super) fn droplet_limit(&self) -> u64 {
        self.context.faults.quotas().droplet_limit.unwrap_or(DROPLET_LIMIT)
    }

    /// Whether the account may have this many Droplets more. Scaling pools count with their greatest size.
    pub(super) fn check_droplet_limit(&self, more: u64) -> Result<(), ApiError> {
        let used: u64 = self.state.clusters.values().map(Cluster::counted_nodes).sum();
        let left = self.droplet_limit().saturating_sub(used);
        if more <= left {
            return Ok(());
        }
        Err(ApiError::unprocessable(format!(
            "validation error: not enough available droplet limit to create {more} nodes: {left} of {} left",
            self.droplet_limit()
        )))
    }
}
