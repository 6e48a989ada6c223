//! `POST /v2/kubernetes/clusters`.

use serde_json::{Value, json};

use super::lifecycle;
use super::model::{Cluster, Pool};
use super::pools::PoolSpec;
use super::settings;
use crate::digitalocean::call::Call;
use crate::digitalocean::catalogue::{regions, sizes, versions};
use crate::digitalocean::fields::{self, Fields, has_form, is_uuid};
use crate::digitalocean::reply::{ApiError, Outcome, Reply};
use crate::runtime::Dates;

/// From this minor on a cluster is highly available unless it says otherwise.
const HA_BY_DEFAULT: (u32, u32) = (1, 36);

pub(in crate::digitalocean) fn create(call: &mut Call<'_>) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let name = cluster_name(&fields)?;
    if call.state.clusters.values().any(|cluster| cluster.name == name) {
        return Err(ApiError::unprocessable(
            "validation error: a cluster with this name already exists",
        ));
    }
    let region = fields.required_text("region")?;
    if !regions::find(region).is_some_and(|region| region.kubernetes) {
        return Err(ApiError::unprocessable("validation error: invalid region slug"));
    }
    let version = versions::resolve(fields.required_text("version")?)
        .ok_or_else(|| ApiError::unprocessable("validation error: invalid version slug"))?;
    let specs = pool_specs(&fields, region)?;
    call.check_droplet_limit(specs.iter().map(PoolSpec::counted_nodes).sum())?;
    let vpc_uuid = network(call, &fields, region)?;
    let tags = fields::tags(&fields)?;
    let mut settings = settings::read(&fields)?;
    settings.entry("maintenance_policy").or_insert_with(settings::default_maintenance);
    let ha = fields.boolean("ha")?;
    let numbers = versions::numbers(version).unwrap_or_default();
    let (auto_upgrade, surge_upgrade) =
        (fields.boolean("auto_upgrade")?, fields.boolean("surge_upgrade")?);
    let isolated_workers = fields.boolean("isolated_workers")?.unwrap_or(false);
    let (cluster_subnet, service_subnet) = subnets(&fields)?;

    let id = call.state.uuid("cluster", &name);
    let pools: Vec<Pool> = specs.into_iter().map(|spec| spec.build(call.state, &id)).collect();
    gpu_plugins(&mut settings, &pools);
    let now = Dates::date_now();
    let mut all_tags = vec!["k8s".to_owned(), format!("k8s:{id}")];
    all_tags.extend(tags.into_iter().filter(|tag| tag != "k8s"));
    call.state.ensure_tags(&all_tags);
    let mut cluster = Cluster {
        id: id.clone(),
        name,
        region: region.to_owned(),
        version: version.to_owned(),
        vpc_uuid,
        cluster_subnet,
        service_subnet,
        tags: all_tags,
        ha: ha.unwrap_or((numbers.0, numbers.1) >= HA_BY_DEFAULT),
        auto_upgrade: auto_upgrade.unwrap_or(false),
        surge_upgrade: surge_upgrade.unwrap_or(false),
        isolated_workers,
        settings,
        state: "provisioning".into(),
        message: "provisioning".into(),
        created_at: now.clone(),
        updated_at: now,
        pools,
        registries: Vec::new(),
        api_up: false,
        ipv4: String::new(),
        endpoint: String::new(),
        messages: Vec::new(),
        lint: None,
        tokens: Vec::new(),
    };
    cluster.say("Cluster is being provisioned");
    lifecycle::schedule_creation(call.state, call.context, call.now, &cluster);
    let reply = cluster.json();
    call.state.clusters.insert(id, cluster);
    Reply::created(json!({ "kubernetes_cluster": reply }))
}

pub(super) fn cluster_name(fields: &Fields<'_>) -> Result<String, ApiError> {
    let name = fields.required_text("name")?;
    if has_form(name, r"^[a-zA-Z0-9]([-a-zA-Z0-9_.]{0,253}[a-zA-Z0-9])?$") {
        return Ok(name.to_owned());
    }
    Err(ApiError::unprocessable(
        "validation error: name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    ))
}

fn pool_specs(fields: &Fields<'_>, region: &str) -> Result<Vec<PoolSpec>, ApiError> {
    let list = fields.list("node_pools")?.map(Vec::as_slice).unwrap_or_default();
    if list.is_empty() {
        return Err(ApiError::unprocessable(
            "validation error: cluster must have at least one node pool",
        ));
    }
    let specs: Vec<PoolSpec> = list
        .iter()
        .map(|value| PoolSpec::read(&Fields::of(value)?, region))
        .collect::<Result<_, _>>()?;
    for (index, spec) in specs.iter().enumerate() {
        if specs.iter().take(index).any(|other| other.name == spec.name) {
            return Err(ApiError::unprocessable(
                "validation error: node pool names must be unique",
            ));
        }
    }
    if specs.iter().all(|spec| spec.count == 0) {
        return Err(ApiError::unprocessable(
            "validation error: cluster must have at least one worker node",
        ));
    }
    Ok(specs)
}

fn network(call: &mut Call<'_>, fields: &Fields<'_>, region: &str) -> Result<String, ApiError> {
    let subnet = fields.text("worker_subnet_uuid")?.filter(|id| !id.is_empty());
    let vpc = fields.text("vpc_uuid")?.filter(|id| !id.is_empty());
    if let Some(id) = subnet.or(vpc).filter(|id| !is_uuid(id)) {
        return Err(ApiError::unprocessable(format!("validation error: {id} is not a valid UUID")));
    }
    let Some(vpc) = vpc else {
        if subnet.is_some() {
            return Err(ApiError::unprocessable(
                "validation error: worker_subnet_uuid needs vpc_uuid",
            ));
        }
        return Ok(call.state.default_vpc(region));
    };
    match call.state.vpcs.get(vpc) {
        Some(known) if known.region == region => Ok(vpc.to_owned()),
        Some(_) => Err(ApiError::unprocessable(
            "validation error: the VPC is not in the region of the cluster",
        )),
        None => Err(ApiError::unprocessable("validation error: invalid vpc_uuid: VPC not found")),
    }
}

fn subnets(fields: &Fields<'_>) -> Result<(String, String), ApiError> {
    let form = r"^([0-9]{1,3}\.){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])$";
    let read = |name: &str, default: &str| -> Result<String, ApiError> {
        let text = fields.text(name)?.filter(|text| !text.is_empty()).unwrap_or(default);
        if has_form(text, form) {
            return Ok(text.to_owned());
        }
        Err(ApiError::unprocessable(format!("validation error: {name} is not a valid CIDR")))
    };
    Ok((read("cluster_subnet", "10.244.0.0/16")?, read("service_subnet", "10.245.0.0/16")?))
}

/// The device plugin of a vendor is on as soon as a pool has its GPUs.
fn gpu_plugins(settings: &mut serde_json::Map<String, Value>, pools: &[Pool]) {
    let models =
        || pools.iter().filter_map(|pool| sizes::find(&pool.size)?.gpu).map(|gpu| gpu.model);
    for (vendor, plugin) in
        [("nvidia", "nvidia_gpu_device_plugin"), ("amd", "amd_gpu_device_plugin")]
    {
        if models().any(|model| model.starts_with(vendor)) {
            settings.entry(plugin).or_insert_with(|| json!({ "enabled": true }));
        }
    }
}
