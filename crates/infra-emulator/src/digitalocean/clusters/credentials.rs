//! Kubeconfig, credentials and the cluster's user; tokens that expire.

use std::time::Duration;

use serde_json::json;

use super::model::{Cluster, IssuedToken, Node, Pool};
use crate::digitalocean::call::Call;
use crate::digitalocean::context::Reach;
use crate::digitalocean::events::{Effect, Event};
use crate::digitalocean::reply::{ApiError, Outcome, Reply};

const WEEK: u64 = 7 * 24 * 3600;
/// The longest life that is accepted, in seconds: fifty years.
const LONGEST: u64 = 1_576_800_000;
/// Tokens that live no longer than this many seconds are revoked at their moment of world time. Longer ones expire by the wall, so that an
/// idle world whose clock jumps does not run to their end.
pub(in crate::digitalocean) const SHORT_LIFE: u64 = 4 * 3600;

/// Hands out a token; those that have expired are forgotten.
fn issue(call: &mut Call<'_>, id: &str) -> Result<(String, Duration), ApiError> {
    let asked = call.query.number("expiry_seconds")?;
    let seconds = asked.filter(|seconds| *seconds > 0).unwrap_or(WEEK);
    if seconds > LONGEST {
        return Err(ApiError::bad_request("expiry_seconds is too large"));
    }
    let token = {
        let purpose = call.state.purpose("kubernetes token", id);
        format!("dok_v1_{}", call.state.seed().hex(&purpose))
    };
    let life = Duration::from_secs(seconds);
    let expires_ms = call.now.saturating_add(seconds.saturating_mul(1000));
    let now = call.now;
    if let Some(cluster) = call.state.clusters.get_mut(id) {
        cluster.tokens.retain(|issued| issued.expires_ms > now);
        cluster.tokens.push(IssuedToken { token: token.clone(), expires_ms });
    }
    call.state.changed = true;
    if seconds <= SHORT_LIFE {
        let event = Event::TokenExpired { cluster: id.to_owned(), token: token.clone() };
        call.state.after(call.now, life, event);
    }
    let (cluster, issued) = (id.to_owned(), token.clone());
    call.effects.push(Effect::AddToken { cluster, token: issued, expires_ms });
    Ok((token, life))
}

/// How the cluster is reached: 404 until its control plane is up, as the API has it.
fn reach(call: &Call<'_>, id: &str) -> Result<Reach, ApiError> {
    let cluster = call.live_cluster(id)?;
    call.clusters
        .reach(cluster)
        .filter(|_| cluster.api_up)
        .ok_or_else(|| ApiError::new(http::StatusCode::NOT_FOUND, "cluster is not yet provisioned"))
}

/// `GET .../credentials?expiry_seconds`.
pub(in crate::digitalocean) fn credentials(call: &mut Call<'_>, id: &str) -> Outcome {
    let reach = reach(call, id)?;
    let (token, life) = issue(call, id)?;
    Reply::ok(json!({
        "server": reach.server,
        "certificate_authority_data": reach.certificate_authority,
        "client_certificate_data": null,
        "client_key_data": null,
        "token": token,
        "expires_at": call.context.dates.date_ahead(life),
    }))
}

/// `GET .../kubeconfig?expiry_seconds&type`: YAML, whatever the client accepts.
pub(in crate::digitalocean) fn kubeconfig(call: &mut Call<'_>, id: &str) -> Outcome {
    match call.query.get("type") {
        None | Some("" | "token") => {}
        Some("sso") => return Err(ApiError::unprocessable("sso is not enabled on this cluster")),
        Some(_) => return Err(ApiError::bad_request("type must be one of: token, sso")),
    }
    let reach = reach(call, id)?;
    let (token, _) = issue(call, id)?;
    let cluster = call.cluster(id)?;
    let name = format!("do-{}-{}", cluster.region, cluster.name);
    Reply::yaml(render(&name, &reach, &token))
}

fn render(name: &str, reach: &Reach, token: &str) -> String {
    let (server, ca) = (&reach.server, &reach.certificate_authority);
    format!(
        "apiVersion: v1\nkind: Config\npreferences: {{}}\ncurrent-context: {name}\n\
         clusters:\n- cluster:\n    certificate-authority-data: {ca}\n    server: {server}\n  name: {name}\n\
         contexts:\n- context:\n    cluster: {name}\n    user: {name}-admin\n  name: {name}\n\
         users:\n- name: {name}-admin\n  user:\n    token: {token}\n"
    )
}

pub(in crate::digitalocean) fn user(call: &mut Call<'_>, id: &str) -> Outcome {
    call.cluster(id)?;
    Reply::ok(json!({
        "kubernetes_cluster_user": {
            "username": crate::digitalocean::account::EMAIL,
            "groups": ["k8saas:authenticated", "k8saas:admin"],
        },
    }))
}

/// The labels that DOKS puts on a node.
pub(in crate::digitalocean) fn node_labels(
    cluster: &Cluster,
    pool: &Pool,
    node: Option<&Node>,
) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = [
        ("beta.kubernetes.io/instance-type", pool.size.as_str()),
        ("doks.digitalocean.com/managed", "true"),
        ("doks.digitalocean.com/node-pool", &pool.name),
        ("doks.digitalocean.com/node-pool-id", &pool.id),
        ("doks.digitalocean.com/version", &cluster.version),
        ("failure-domain.beta.kubernetes.io/region", &cluster.region),
        ("node.kubernetes.io/instance-type", &pool.size),
        ("region", &cluster.region),
        ("topology.kubernetes.io/region", &cluster.region),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect();
    if let Some(node) = node {
        labels.push(("doks.digitalocean.com/node-id".into(), node.id.clone()));
    }
    for (key, value) in pool.labels.iter().flatten() {
        labels.push((key.clone(), value.clone()));
    }
    labels
}
