//! `GET /v2/kubernetes/options`.

use serde_json::{Value, json};

use crate::digitalocean::call::Call;
use crate::digitalocean::catalogue::{regions, sizes, versions};
use crate::digitalocean::reply::{Outcome, Reply};

pub(in crate::digitalocean) fn get(_: &mut Call<'_>) -> Outcome {
    let regions: Vec<Value> = regions::REGIONS
        .iter()
        .filter(|region| region.kubernetes)
        .map(|region| json!({ "name": region.name, "slug": region.slug }))
        .collect();
    let sizes: Vec<Value> = sizes::SIZES
        .iter()
        .filter(|size| size.kubernetes)
        .map(|size| json!({ "name": size.option_name(), "slug": size.slug }))
        .collect();
    let versions: Vec<Value> = versions::VERSIONS.into_iter().map(versions::json_of).collect();
    Reply::ok(json!({ "options": { "regions": regions, "versions": versions, "sizes": sizes } }))
}
