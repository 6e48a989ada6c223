//! What the API tells before planning: sizes with prices, versions, quotas, VPCs, registry tiers. Read at once.

use std::collections::BTreeMap;

use infra_provider::{Context, ErrorKind, OfferedSize, ProviderError, Survey};
use serde_json::json;

use crate::api::account::{Account, Size};
use crate::client::Client;

const MEBIBYTE: u64 = 1 << 20;

/// Reads the survey for a region.
pub(crate) async fn read(
    client: &Client,
    context: &Context,
    region: &str,
) -> Result<Survey, ProviderError> {
    let (account, options, sizes, vpcs, clusters, addresses) = futures::try_join!(
        client.account(context),
        client.options(context),
        client.sizes(context),
        client.vpcs(context),
        client.clusters(context),
        client.reserved_ips(context),
    )?;
    check_account(&account)?;
    let mut regions: Vec<_> = options.regions.iter().map(|region| region.slug.clone()).collect();
    regions.sort();
    let offered: Vec<_> = options.sizes.iter().map(|size| size.slug.as_str()).collect();
    let here = |size: &&Size| {
        size.available
            && offered.contains(&size.slug.as_str())
            && size.regions.iter().any(|one| one == region)
    };
    let nodes = clusters.iter().flat_map(|cluster| &cluster.node_pools);
    let used: u64 =
        nodes.map(|pool| if pool.auto_scale { pool.max_nodes } else { pool.count }).sum();
    let address_limit = account.reserved_ip_limit.unwrap_or(account.floating_ip_limit);
    let vpcs =
        vpcs.iter().filter(|vpc| vpc.region == region).map(|vpc| (vpc.name.clone(), json!(vpc.id)));
    Ok(Survey {
        sizes: sizes.iter().filter(here).map(offered_size).collect(),
        versions: options.versions.into_iter().map(|version| version.slug).collect(),
        quotas: BTreeMap::from([
            ("droplets".to_owned(), (used, account.droplet_limit)),
            ("reserved_ips".to_owned(), (addresses.len() as u64, address_limit)),
        ]),
        facts: BTreeMap::from([
            ("vpcs".to_owned(), serde_json::Value::Object(vpcs.collect())),
            ("regions".to_owned(), json!(regions)),
        ]),
    })
}

fn check_account(account: &Account) -> Result<(), ProviderError> {
    if account.status != "locked" {
        return Ok(());
    }
    let message = format!("the account is locked: {}", account.status_message);
    Err(ProviderError::new(ErrorKind::Forbidden, "read the account", message)
        .set("unlock it at DigitalOcean first (billing, verification)"))
}

fn offered_size(size: &Size) -> OfferedSize {
    OfferedSize {
        name: size.slug.clone(),
        cpus: f64::from(size.vcpus),
        memory: size.memory * MEBIBYTE,
        gpus: size.gpu_info.as_ref().map_or(0, |gpu| gpu.count),
        monthly: size.price_monthly,
    }
}
