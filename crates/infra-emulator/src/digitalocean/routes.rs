//! Which function answers which path. Segments are percent-decoded, so that a repository name is one segment.

use super::call::Call;
use super::clusters::{
    associated, create, credentials, lint, nodes, options, pools, update as clusters,
};
use super::registries::{
    crud, docker_credentials, garbage, integration, repositories, subscription,
};
use super::reply::{ApiError, Outcome};
use super::{
    account, actions, certificates, droplets, load_balancers, projects, reserved_ips, snapshots,
    spaces_keys, tags, volumes, vpcs,
};

/// Answers a call whose path below `/v2` has these segments.
pub(super) fn route(call: &mut Call<'_>, segments: &[&str]) -> Outcome {
    match segments {
        ["kubernetes", rest @ ..] => kubernetes(call, rest),
        ["registries", rest @ ..] => registries(call, rest),
        ["registry", rest @ ..] => registry(call, rest),
        ["load_balancers", rest @ ..] => balancers(call, rest),
        ["volumes", rest @ ..] => storage(call, rest),
        ["projects", rest @ ..] => grouping(call, rest),
        ["account" | "regions" | "sizes" | "actions" | "droplets" | "snapshots", ..] => {
            basics(call, segments)
        }
        _ => others(call, segments),
    }
}

fn basics(call: &mut Call<'_>, segments: &[&str]) -> Outcome {
    match (call.method, segments) {
        ("GET", ["account"]) => account::get(call),
        ("GET", ["account", "keys"]) => account::list_keys(call),
        ("POST", ["account", "keys"]) => account::create_key(call),
        ("GET", ["account", "keys", key]) => account::get_key(call, key),
        ("PUT", ["account", "keys", key]) => account::update_key(call, key),
        ("DELETE", ["account", "keys", key]) => account::delete_key(call, key),
        ("GET", ["regions"]) => account::regions(call),
        ("GET", ["sizes"]) => account::sizes(call),
        ("GET", ["actions"]) => actions::list(call),
        ("GET", ["actions", id]) => actions::get(call, id),
        ("GET", ["droplets"]) => droplets::list(call),
        ("POST", ["droplets"]) => droplets::create(call),
        ("GET", ["droplets", id]) => droplets::get(call, id),
        ("DELETE", ["droplets", id]) => droplets::delete(call, id),
        ("GET", ["snapshots"]) => snapshots::list(call),
        ("GET", ["snapshots", id]) => snapshots::get(call, id),
        ("DELETE", ["snapshots", id]) => snapshots::delete(call, id),
        _ => Err(ApiError::not_found()),
    }
}

fn kubernetes(call: &mut Call<'_>, segments: &[&str]) -> Outcome {
    match (call.method, segments) {
        ("GET", ["options"]) => options::get(call),
        ("POST", ["registry"]) => integration::change(call, true, true),
        ("DELETE", ["registry"]) => integration::change(call, false, true),
        ("POST", ["registries"]) => integration::change(call, true, false),
        ("DELETE", ["registries"]) => integration::change(call, false, false),
        ("GET", ["clusters"]) => clusters::list(call),
        ("POST", ["clusters"]) => create::create(call),
        ("GET", ["clusters", id]) => clusters::get(call, id),
        ("PUT", ["clusters", id]) => clusters::update(call, id),
        ("DELETE", ["clusters", id]) => clusters::delete(call, id),
        ("GET", ["clusters", id, "kubeconfig"]) => credentials::kubeconfig(call, id),
        ("GET", ["clusters", id, "credentials"]) => credentials::credentials(call, id),
        ("GET", ["clusters", id, "user"]) => credentials::user(call, id),
        ("GET", ["clusters", id, "upgrades"]) => clusters::upgrades(call, id),
        ("POST", ["clusters", id, "upgrade"]) => clusters::upgrade(call, id),
        ("GET", ["clusters", id, "status_messages"]) => clusters::status_messages(call, id),
        ("POST", ["clusters", id, "clusterlint"]) => lint::run(call, id),
        ("GET", ["clusters", id, "clusterlint"]) => lint::get(call, id),
        (_, ["clusters", id, "destroy_with_associated_resources", rest @ ..]) => {
            match (call.method, rest) {
                ("GET", []) => associated::list(call, id),
                ("DELETE", ["selective"]) => associated::selective(call, id),
                ("DELETE", ["dangerous"]) => associated::dangerous(call, id),
                _ => Err(ApiError::not_found()),
            }
        }
        (_, ["clusters", id, rest @ ..]) => node_pools(call, id, rest),
        _ => Err(ApiError::not_found()),
    }
}

fn node_pools(call: &mut Call<'_>, cluster: &str, segments: &[&str]) -> Outcome {
    match (call.method, segments) {
        ("GET", ["node_pools"]) => pools::list(call, cluster),
        ("POST", ["node_pools"]) => pools::create(call, cluster),
        ("GET", ["node_pools", pool]) => pools::get(call, cluster, pool),
        ("PUT", ["node_pools", pool]) => pools::update(call, cluster, pool),
        ("DELETE", ["node_pools", pool]) => pools::delete(call, cluster, pool),
        ("GET", ["node_pools_template", name]) => pools::template(call, cluster, name),
        ("POST", ["node_pools", pool, "recycle"]) => nodes::recycle(call, cluster, pool),
        ("DELETE", ["node_pools", pool, "nodes", node]) => nodes::delete(call, cluster, pool, node),
        _ => Err(ApiError::not_found()),
    }
}

fn registries(call: &mut Call<'_>, segments: &[&str]) -> Outcome {
    match (call.method, segments) {
        ("GET", []) => crud::list(call),
        ("POST", []) => crud::create(call, false),
        ("GET", ["options"]) => subscription::options(call),
        ("GET", ["subscription"]) => subscription::get(call),
        ("POST", ["subscription"]) => subscription::update(call),
        ("POST", ["validate-name"]) => crud::validate_name(call),
        ("GET", [name]) => crud::get(call, name),
        ("DELETE", [name]) => crud::delete(call, name),
        ("GET", [name, "docker-credentials"]) => docker_credentials::get(call, name),
        (_, [name, rest @ ..]) => contents(call, name, rest),
        _ => Err(ApiError::not_found()),
    }
}

/// The old paths, for the only registry of an account.
fn registry(call: &mut Call<'_>, segments: &[&str]) -> Outcome {
    match (call.method, segments) {
        ("GET", []) => crud::get_only(call),
        ("POST", []) => crud::create(call, true),
        ("DELETE", []) => crud::delete_only(call),
        ("GET", ["options"]) => subscription::options(call),
        ("GET", ["subscription"]) => subscription::get(call),
        ("POST", ["subscription"]) => subscription::update(call),
        ("POST", ["validate-name"]) => crud::validate_name(call),
        ("GET", ["docker-credentials"]) => {
            let name = crud::only(call)?;
            docker_credentials::get(call, &name)
        }
        ("GET", [name, "repositories"]) => repositories::list_old(call, name),
        (_, [name, rest @ ..]) => contents(call, name, rest),
        _ => Err(ApiError::not_found()),
    }
}

fn contents(call: &mut Call<'_>, registry: &str, segments: &[&str]) -> Outcome {
    match (call.method, segments) {
        ("GET", ["repositoriesV2"]) => repositories::list(call, registry),
        ("DELETE", ["repositories", name]) => repositories::delete(call, registry, name),
        ("GET", ["repositories", name, "tags"]) => repositories::list_tags(call, registry, name),
        ("DELETE", ["repositories", name, "tags", tag]) => {
            repositories::delete_tag(call, registry, name, tag)
        }
        ("GET", ["repositories", name, "digests"]) => {
            repositories::list_manifests(call, registry, name)
        }
        ("DELETE", ["repositories", name, "digests", digest]) => {
            repositories::delete_manifest(call, registry, name, digest)
        }
        ("POST", ["garbage-collection"]) => garbage::run(call, registry),
        ("GET", ["garbage-collection"]) => garbage::get_active(call, registry),
        ("PUT", ["garbage-collection", uuid]) => garbage::update(call, registry, uuid),
        ("GET", ["garbage-collections"]) => garbage::list(call, registry),
        _ => Err(ApiError::not_found()),
    }
}

fn balancers(call: &mut Call<'_>, segments: &[&str]) -> Outcome {
    match (call.method, segments) {
        ("GET", []) => load_balancers::list(call),
        ("POST", []) => load_balancers::create(call),
        ("GET", [id]) => load_balancers::get(call, id),
        ("PUT", [id]) => load_balancers::update(call, id),
        ("DELETE", [id]) => load_balancers::delete(call, id),
        ("DELETE", [id, "cache"]) => load_balancers::delete_cache(call, id),
        ("POST", [id, "droplets"]) => load_balancers::droplets(call, id, true),
        ("DELETE", [id, "droplets"]) => load_balancers::droplets(call, id, false),
        ("POST", [id, "forwarding_rules"]) => load_balancers::change_rules(call, id, true),
        ("DELETE", [id, "forwarding_rules"]) => load_balancers::change_rules(call, id, false),
        _ => Err(ApiError::not_found()),
    }
}

fn storage(call: &mut Call<'_>, segments: &[&str]) -> Outcome {
    match (call.method, segments) {
        ("GET", []) => volumes::list(call),
        ("POST", []) => volumes::create(call),
        ("DELETE", []) => volumes::delete_by_name(call),
        ("POST", ["actions"]) => volumes::act(call, None),
        ("GET", ["snapshots", id]) => snapshots::get(call, id),
        ("DELETE", ["snapshots", id]) => snapshots::delete(call, id),
        ("GET", [id]) => volumes::get(call, id),
        ("DELETE", [id]) => volumes::delete(call, id),
        ("POST", [id, "actions"]) => volumes::act(call, Some(id)),
        ("GET", [id, "actions"]) => actions::list_of(call, id),
        ("GET", [id, "actions", action]) => actions::get_of(call, id, action),
        ("GET", [id, "snapshots"]) => snapshots::list_of_volume(call, id),
        ("POST", [id, "snapshots"]) => snapshots::create(call, id),
        _ => Err(ApiError::not_found()),
    }
}

fn grouping(call: &mut Call<'_>, segments: &[&str]) -> Outcome {
    match (call.method, segments) {
        ("GET", []) => projects::list(call),
        ("POST", []) => projects::create(call),
        ("GET", [id]) => projects::get(call, id),
        ("PUT" | "PATCH", [id]) => projects::update(call, id),
        ("DELETE", [id]) => projects::delete(call, id),
        ("GET", [id, "resources"]) => projects::list_resources(call, id),
        ("POST", [id, "resources"]) => projects::assign(call, id),
        _ => Err(ApiError::not_found()),
    }
}

fn others(call: &mut Call<'_>, segments: &[&str]) -> Outcome {
    match (call.method, segments) {
        ("GET", ["reserved_ips"]) => reserved_ips::list(call),
        ("POST", ["reserved_ips"]) => reserved_ips::create(call),
        ("GET", ["reserved_ips", ip]) => reserved_ips::get(call, ip),
        ("DELETE", ["reserved_ips", ip]) => reserved_ips::delete(call, ip),
        ("GET", ["reserved_ips", ip, "actions"]) => actions::list_of(call, ip),
        ("POST", ["reserved_ips", ip, "actions"]) => reserved_ips::act(call, ip),
        ("GET", ["reserved_ips", ip, "actions", id]) => actions::get_of(call, ip, id),
        ("GET", ["tags"]) => tags::list(call),
        ("POST", ["tags"]) => tags::create(call),
        ("GET", ["tags", name]) => tags::get(call, name),
        ("DELETE", ["tags", name]) => tags::delete(call, name),
        ("POST", ["tags", name, "resources"]) => tags::resources(call, name, true),
        ("DELETE", ["tags", name, "resources"]) => tags::resources(call, name, false),
        ("GET", ["vpcs"]) => vpcs::list(call),
        ("POST", ["vpcs"]) => vpcs::create(call),
        ("GET", ["vpcs", id]) => vpcs::get(call, id),
        ("PUT" | "PATCH", ["vpcs", id]) => vpcs::update(call, id),
        ("DELETE", ["vpcs", id]) => vpcs::delete(call, id),
        ("GET", ["vpcs", id, "members"]) => vpcs::list_members(call, id),
        ("GET", ["vpcs", id, "peerings"]) => vpcs::list_peerings(call, id),
        ("GET", ["certificates"]) => certificates::list(call),
        ("POST", ["certificates"]) => certificates::create(call),
        ("GET", ["certificates", id]) => certificates::get(call, id),
        ("DELETE", ["certificates", id]) => certificates::delete(call, id),
        ("GET", ["spaces", "keys"]) => spaces_keys::list(call),
        ("POST", ["spaces", "keys"]) => spaces_keys::create(call),
        ("GET", ["spaces", "keys", key]) => spaces_keys::get(call, key),
        ("PUT" | "PATCH", ["spaces", "keys", key]) => spaces_keys::update(call, key),
        ("DELETE", ["spaces", "keys", key]) => spaces_keys::delete(call, key),
        _ => Err(ApiError::not_found()),
    }
}
