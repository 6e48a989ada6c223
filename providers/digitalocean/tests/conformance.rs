//! The provider keeps the contract: rules P-01 to P-12 on the emulated cloud, for every kind.

#[path = "conformance/broken.rs"]
mod broken;

use std::sync::Arc;

use infra_conformance::{Case, Suite, run_all};
use infra_digitalocean::{Rehearsal, connect};
use infra_provider::Provider;
use serde_json::Value as Json;

/// Two pools, so that one of them is not made with its cluster.
const FILE: &str = "
apiVersion: infra/v1
name: trial
providers: { digitalocean: { region: ams3 } }
cluster:
  version: latest
  tags: [one]
  pools:
    - { name: default, count: 1, size: s-2vcpu-4gb }
    - { name: extra, count: 1, size: s-2vcpu-4gb, labels: { for: trials }, taints: ['only=trials:NoSchedule'] }
registries: [{ name: images, tier: basic }]
addresses: [{ name: front, bind: { pool: default } }]
";

const CHANGED: &str = "
apiVersion: infra/v1
name: trial
providers: { digitalocean: { region: ams3 } }
cluster:
  version: latest
  tags: [one, two]
  high_availability: true
  maintenance_window: { day: sunday, start: '03:00' }
  pools:
    - { name: default, count: 1, size: s-2vcpu-4gb }
    - { name: extra, count: 2, size: s-2vcpu-4gb, labels: { for: all } }
registries: [{ name: images, tier: professional }]
addresses: [{ name: front, bind: { pool: default } }]
";

const CROWDED: &str = "
apiVersion: infra/v1
name: trial
providers: { digitalocean: { region: ams3 } }
clusters:
  one: { pools: [{ name: default, count: 1, size: s-2vcpu-4gb }] }
  two: { pools: [{ name: default, count: 1, size: s-2vcpu-4gb }] }
addresses: [{ name: one }, { name: two }, { name: three }]
";

const CASES: &[Case] = &[
    case("cluster", "cluster.main", Some(CHANGED), true),
    case("node_pool", "node_pool.main/extra", Some(CHANGED), true),
    case("registry", "registry.images", Some(CHANGED), false),
    case("registry_integration", "registry_integration.main/images", None, false),
    case("address", "address.front", None, true),
    case("address_binding", "address_binding.front", None, true),
];

const fn case(
    kind: &'static str,
    address: &'static str,
    changed: Option<&'static str>,
    has_states: bool,
) -> Case {
    Case { kind, address, changed, has_states }
}

/// Every `status.state` of the answer.
fn unknown_state(json: &mut Json) {
    match json {
        Json::Object(map) => {
            if let Some(state) = map.get_mut("status").and_then(|status| status.get_mut("state")) {
                *state = "hibernating".into();
            }
            // A reserved IP says only that something is under way.
            if let Some(locked) = map.get_mut("locked") {
                *locked = true.into();
            }
            map.values_mut().for_each(unknown_state);
        }
        Json::Array(list) => list.iter_mut().for_each(unknown_state),
        _ => {}
    }
}

const SUITE: Suite = Suite {
    instance: "digitalocean",
    service: "digitalocean",
    file: FILE,
    crowded: CROWDED,
    cases: CASES,
    connect: |block, endpoints| {
        let api = endpoints.digitalocean.as_ref();
        let registry = endpoints.registry.as_ref();
        let rehearsal = Rehearsal {
            endpoint: api.map(|api| api.url.clone()).unwrap_or_default(),
            token: api.map(|api| api.token.clone()).unwrap_or_default(),
            registry_endpoint: registry.map(|at| format!("http://{}", at.host)).unwrap_or_default(),
        };
        Ok(connect(block, Some(rehearsal))? as Arc<dyn Provider>)
    },
    url: |endpoints| endpoints.digitalocean.as_mut().map(|api| &mut api.url),
    secrets: |endpoints| endpoints.digitalocean.iter().map(|api| api.token.clone()).collect(),
    account: |shown| &shown["digitalocean"],
    // A region's default VPC comes with its first cluster and stays; tags stay with the account.
    not_counted: &["pending", "garbage_collections", "tags", "vpcs"],
    page_size: "per_page",
    own_words: &["labels"],
    unknown_state,
    request_ids: true,
};

#[test]
fn the_contract_is_kept() {
    let report = run_all(&SUITE);
    println!("{report}");
    if let Err(failures) = report.verdict() {
        panic!("{failures}");
    }
}
