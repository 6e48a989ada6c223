"""Drives an emulated DigitalOcean account with pydo: `drive.py ENDPOINTS.json PROXY_URL`.

Every call goes through a validating proxy. A violation that it reports, in a request or in a reply, ends the run.
"""

import json
import sys
import time
import urllib.error
import urllib.request

import pydo
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy

SPEED = 600


def flagged(headers):
    """Whether the proxy objects: a header for a wrong reply, a problem document of its own for a wrong request."""
    return bool(headers.get("sl-violations")) or "problem+json" in (headers.get("content-type") or "")


class Watch(SansIOHTTPPolicy):
    """Sends the token and looks at every answer."""

    def __init__(self, token):
        super().__init__()
        self.token = token
        self.calls = 0
        self.operations = set()

    def on_request(self, request):
        request.http_request.headers["Authorization"] = f"Bearer {self.token}"

    def on_response(self, request, response):
        self.calls += 1
        asked, answer = request.http_request, response.http_response
        self.operations.add((asked.method, asked.url.split("?")[0]))
        if flagged(answer.headers):
            text = answer.headers.get("sl-violations") or answer.text()
            sys.exit(f"{asked.method} {asked.url} ({answer.status_code}): {text}")
        if not answer.headers.get("ratelimit-remaining") and answer.status_code < 400:
            sys.exit(f"{asked.method} {asked.url}: no rate-limit headers")


def until(what, read, seconds):
    """Waits for at most that much world time."""
    deadline = time.monotonic() + seconds / SPEED + 20
    while True:
        if read():
            return
        if time.monotonic() > deadline:
            sys.exit(f"{what} does not happen")
        time.sleep(5 / SPEED)


def refused(status, call, *arguments, **named):
    """The call must be refused with this status; gives the error's body. pydo answers some refusals with their body."""
    try:
        body = call(*arguments, **named)
    except HttpResponseError as error:
        if error.status_code != status:
            sys.exit(f"expected {status}, got {error.status_code}: {error.message}")
        return {"id": "raised"}
    if not isinstance(body, dict) or "message" not in body:
        sys.exit(f"expected {status}, got {body}")
    return body


def every_page(call, name, **named):
    """All items of a list, page by page."""
    items, page = [], 1
    while True:
        reply = call(per_page=50, page=page, **named)
        items += reply[name]
        if "next" not in reply.get("links", {}).get("pages", {}):
            assert reply["meta"]["total"] == len(items), name
            return items
        page += 1


def basics(client):
    assert client.account.get()["account"]["status"] == "active"
    assert len(every_page(client.regions.list, "regions")) > 10
    sizes = every_page(client.sizes.list, "sizes")
    assert any("gpu_info" in size for size in sizes)
    options = client.kubernetes.list_options()["options"]
    assert {"slug", "kubernetes_version", "supported_features"} <= set(options["versions"][0])
    key = client.ssh_keys.create({"name": "k", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA k"})
    client.ssh_keys.update(key["ssh_key"]["id"], {"name": "renamed"})
    client.ssh_keys.get(key["ssh_key"]["id"])
    assert len(client.ssh_keys.list()["ssh_keys"]) == 1
    client.ssh_keys.delete(key["ssh_key"]["id"])
    made = client.certificates.create({"name": "c", "type": "lets_encrypt", "dns_names": ["a.example.org"]})
    client.certificates.get(made["certificate"]["id"])
    assert len(client.certificates.list()["certificates"]) == 1
    client.certificates.delete(made["certificate"]["id"])
    key = client.spaces_key.create({"name": "k", "grants": [{"bucket": "b", "permission": "read"}]})["key"]
    client.spaces_key.get(key["access_key"])
    client.spaces_key.update(key["access_key"], {"name": "again"})
    assert len(client.spaces_key.list()["keys"]) == 1
    client.spaces_key.delete(key["access_key"])
    return options


def projects(client):
    client.projects.get_default()
    made = client.projects.create({"name": "p", "purpose": "Web Application", "environment": "Staging"})["project"]
    client.projects.patch(made["id"], {"description": "d"})
    client.projects.assign_resources(made["id"], {"resources": ["do:volume:1"]})
    assert len(client.projects.list_resources(made["id"])["resources"]) == 1
    refused(412, client.projects.delete, made["id"])
    client.projects.assign_resources_default({"resources": ["do:volume:1"]})
    client.projects.list_resources_default()
    client.projects.delete(made["id"])
    assert len(client.projects.list()["projects"]) == 1


def vpcs(client):
    vpc = client.vpcs.create({"name": "own", "region": "ams3", "ip_range": "10.10.10.0/24"})["vpc"]
    assert vpc["default"]
    second = client.vpcs.create({"name": "two", "region": "ams3", "description": "second"})["vpc"]
    refused(422, client.vpcs.create, {"name": "three", "region": "ams3", "ip_range": "10.10.10.0/24"})
    client.vpcs.patch(second["id"], {"description": "changed"})
    client.vpcs.update(second["id"], {"name": "second"})
    client.vpcs.list_peerings(second["id"])
    assert len(client.vpcs.list()["vpcs"]) == 2
    return second["id"]


def cluster(client, options, vpc):
    refused(422, client.kubernetes.create_cluster, {
        "name": "bad", "region": "ams3", "version": "1.2.3-do.0",
        "node_pools": [{"name": "p", "size": "s-2vcpu-4gb", "count": 1}],
    })
    made = client.kubernetes.create_cluster({
        "name": "hub", "region": "ams3", "version": options["versions"][-1]["slug"], "vpc_uuid": vpc,
        "tags": ["mine"], "ha": False, "auto_upgrade": False, "surge_upgrade": True,
        "maintenance_policy": {"start_time": "03:00", "day": "any"},
        "control_plane_firewall": {"enabled": False, "allowed_addresses": []},
        "node_pools": [{
            "name": "default", "size": "s-2vcpu-4gb", "count": 2, "labels": {"role": "all"},
            "taints": [{"key": "only", "value": "x", "effect": "PreferNoSchedule"}], "tags": ["pool"],
        }],
    })["kubernetes_cluster"]
    uuid = made["id"]
    refused(404, client.kubernetes.get_credentials, uuid)
    running = lambda: client.kubernetes.get_cluster(uuid)["kubernetes_cluster"]["status"]["state"] == "running"
    until("a running cluster", running, 1200)
    client.kubernetes.update_cluster(uuid, {"name": "hub", "tags": ["mine", "yours"], "auto_upgrade": True})
    assert len(client.kubernetes.list_clusters()["kubernetes_clusters"]) == 1
    credentials = client.kubernetes.get_credentials(uuid, expiry_seconds=3600)
    assert credentials["token"] and credentials["server"].startswith("https://")
    client.kubernetes.get_cluster_user(uuid)
    client.kubernetes.get_status_messages(uuid)
    client.kubernetes.run_cluster_lint(uuid, {})
    client.kubernetes.get_cluster_lint_results(uuid)
    assert len(client.vpcs.list_members(vpc)["members"]) >= 3
    refused(409, client.vpcs.delete, vpc)
    return uuid, running


def pools(client, uuid):
    pool = client.kubernetes.add_node_pool(uuid, {
        "name": "more", "size": "g-2vcpu-8gb", "count": 1, "auto_scale": True, "min_nodes": 1, "max_nodes": 3,
    })["node_pool"]
    refused(422, client.kubernetes.add_node_pool, uuid, {"name": "more", "size": "g-2vcpu-8gb", "count": 1})
    read = lambda: client.kubernetes.get_node_pool(uuid, pool["id"])["node_pool"]
    ready = lambda: all(node["status"]["state"] == "running" for node in read()["nodes"])
    until("nodes of the pool", ready, 600)
    client.kubernetes.update_node_pool(uuid, pool["id"], {"name": "more", "count": 2, "auto_scale": False})
    until("two nodes", lambda: len(read()["nodes"]) == 2 and ready(), 600)
    node = read()["nodes"][0]["id"]
    client.kubernetes.delete_node(uuid, pool["id"], node, replace=1)
    until("the node's replacement", lambda: node not in json.dumps(read()) and ready(), 900)
    client.kubernetes.recycle_node_pool(uuid, pool["id"], {"nodes": [read()["nodes"][0]["id"]]})
    until("recycled nodes", lambda: len(read()["nodes"]) == 2 and ready(), 900)
    assert len(client.kubernetes.list_node_pools(uuid)["node_pools"]) == 2
    client.kubernetes.delete_node_pool(uuid, pool["id"])
    gone = lambda: len(client.kubernetes.list_node_pools(uuid)["node_pools"]) == 1
    until("the end of the pool", gone, 600)


def registries(client, uuid):
    client.registries.validate_name({"name": "images"})
    made = client.registries.create({"name": "images", "subscription_tier_slug": "basic", "region": "fra1"})
    assert made["registry"]["name"] == "images"
    refused(409, client.registries.validate_name, {"name": "images"})
    client.registries.get("images")
    client.registries.list()
    client.registries.get_options()
    client.registries.get_subscription()
    client.registries.update_subscription({"tier_slug": "professional"})
    assert "registry.digitalocean.com" in client.registries.get_docker_credentials("images")["auths"]
    client.registries.list_repositories_v2("images")
    client.kubernetes.add_registries({"cluster_uuids": [uuid], "registries": ["images"]})
    integrated = client.kubernetes.get_cluster(uuid)["kubernetes_cluster"]
    assert integrated["registry_enabled"]
    client.kubernetes.remove_registries({"cluster_uuids": [uuid], "registries": ["images"]})
    client.kubernetes.add_registry({"cluster_uuids": [uuid]})
    client.kubernetes.remove_registry({"cluster_uuids": [uuid]})
    client.registry.get()
    client.registry.get_options()
    client.registry.get_subscription()
    client.registry.get_docker_credentials(expiry_seconds=60, read_write=True)
    client.registry.list_repositories("images")
    client.registry.list_repositories_v2("images")
    client.registry.run_garbage_collection("images", {"type": "unreferenced blobs only"})
    client.registries.get_garbage_collection("images")
    done = lambda: client.registries.list_garbage_collections("images")["garbage_collections"][0]["status"]
    until("garbage collection", lambda: done() == "succeeded", 300)
    client.registries.delete("images")
    client.registry.create({"name": "old-way", "subscription_tier_slug": "starter", "region": "nyc3"})
    client.registry.delete()


def network(client):
    balancer = client.load_balancers.create({
        "name": "web", "region": "ams3", "tag": "web", "size_unit": 1,
        "forwarding_rules": [{
            "entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80,
        }],
    })["load_balancer"]
    read = lambda: client.load_balancers.get(balancer["id"])["load_balancer"]
    until("an active load balancer", lambda: read()["status"] == "active", 300)
    rule = {"entry_protocol": "tcp", "entry_port": 22, "target_protocol": "tcp", "target_port": 22}
    client.load_balancers.add_forwarding_rules(balancer["id"], {"forwarding_rules": [rule]})
    client.load_balancers.remove_forwarding_rules(balancer["id"], {"forwarding_rules": [rule]})
    client.load_balancers.update(balancer["id"], {
        "name": "web", "region": "ams3", "tag": "web", "forwarding_rules": [rule],
    })
    assert len(client.load_balancers.list()["load_balancers"]) == 1
    client.load_balancers.delete(balancer["id"])
    until("the end of the load balancer", lambda: not client.load_balancers.list()["load_balancers"], 60)


def addresses(client, droplet):
    address = client.reserved_ips.create({"region": "ams3"})["reserved_ip"]["ip"]
    refused(422, client.reserved_ips_actions.post, address, {"type": "unassign"})
    action = client.reserved_ips_actions.post(address, {"type": "assign", "droplet_id": droplet})["action"]
    ended = lambda: client.reserved_ips_actions.get(address, action["id"])["action"]["status"] == "completed"
    until("the assignment", ended, 60)
    assert client.reserved_ips.get(address)["reserved_ip"]["droplet"]["id"] == droplet
    client.reserved_ips_actions.list(address)
    client.actions.list()
    client.actions.get(action["id"])
    client.reserved_ips.list()
    client.reserved_ips.delete(address)
    direct = client.reserved_ips.create({"droplet_id": droplet})
    until("an unlocked address", lambda: not client.reserved_ips.get(direct["reserved_ip"]["ip"])["reserved_ip"]["locked"], 60)
    client.reserved_ips.delete(direct["reserved_ip"]["ip"])


def storage(client, droplet):
    client.tags.create({"name": "keep"})
    volume = client.volumes.create({
        "name": "data", "region": "ams3", "size_gigabytes": 10, "filesystem_type": "ext4", "tags": ["keep"],
    })["volume"]
    refused(409, client.volumes.create, {"name": "data", "region": "ams3", "size_gigabytes": 10})
    for body in (
        {"type": "attach", "droplet_id": droplet, "region": "ams3"},
        {"type": "resize", "size_gigabytes": 20, "region": "ams3"},
        {"type": "detach", "droplet_id": droplet, "region": "ams3"},
    ):
        action = client.volume_actions.post_by_id(volume["id"], body)["action"]
        ended = lambda: client.volume_actions.get(volume["id"], action["id"])["action"]["status"] == "completed"
        until(body["type"], ended, 60)
    client.volume_actions.list(volume["id"])
    snapshot = client.volume_snapshots.create(volume["id"], {"name": "s", "tags": ["keep"]})["snapshot"]
    client.volume_snapshots.get_by_id(snapshot["id"])
    client.volume_snapshots.list(volume["id"])
    assert client.tags.get("keep")["tag"]["resources"]["count"] == 2
    resources = {"resources": [{"resource_id": volume["id"], "resource_type": "volume"}]}
    client.tags.unassign_resources("keep", resources)
    client.tags.assign_resources("keep", resources)
    client.tags.list()
    client.volume_snapshots.delete_by_id(snapshot["id"])
    assert len(client.volumes.list(name="data", region="ams3")["volumes"]) == 1
    client.volumes.get(volume["id"])
    client.volumes.delete(volume["id"])
    client.tags.delete("keep")


def upgrade_and_end(client, uuid, running, vpc):
    target = client.kubernetes.get_available_upgrades(uuid)["available_upgrade_versions"][0]["slug"]
    client.kubernetes.upgrade_cluster(uuid, {"version": target})
    until("the upgrade", running, 3600)
    assert client.kubernetes.get_cluster(uuid)["kubernetes_cluster"]["version"] == target
    found = client.kubernetes.list_associated_resources(uuid)
    assert found == {"load_balancers": [], "volumes": [], "volume_snapshots": []}
    client.kubernetes.destroy_associated_resources_selective(
        uuid, {"load_balancers": [], "volumes": [], "volume_snapshots": []}
    )
    gone = lambda: not client.kubernetes.list_clusters()["kubernetes_clusters"]
    until("the end of the cluster", gone, 300)
    refused(404, client.kubernetes.get_cluster, uuid)
    client.vpcs.delete(vpc)


def unproxied(api, token, uuid):
    """What the description or the proxy cannot carry: YAML for a client that accepts JSON, Droplets."""

    def get(path):
        request = urllib.request.Request(api + path, headers={"Authorization": f"Bearer {token}", "Accept": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return answer.headers["content-type"], answer.read().decode()

    kind, text = get(f"/v2/kubernetes/clusters/{uuid}/kubeconfig")
    assert kind.startswith("application/yaml") and "current-context: do-ams3-hub" in text, kind
    droplets = json.loads(get(f"/v2/droplets?tag_name=k8s:{uuid}")[1])["droplets"]
    assert len(droplets) == 2
    return droplets[0]["id"]


def proxy_bites(proxy, token):
    """The proxy must flag wrong requests and wrong replies, or its silence says nothing."""
    vpc = "00000000-0000-4000-8000-000000000000"
    wrong = [
        ("POST", "/v2/kubernetes/clusters", {"name": "x"}),
        ("GET", "/v2/account?probe=type", None),
        ("GET", f"/v2/vpcs/{vpc}?probe=id", None),
    ]
    for method, path, body in wrong:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(proxy + path, data=data, headers=headers, method=method)
        try:
            urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            if flagged(error.headers):
                continue
        sys.exit(f"the proxy lets {method} {path} pass")


def main():
    endpoints = json.load(open(sys.argv[1], encoding="utf-8"))["digitalocean"]
    watch = Watch(endpoints["token"])
    client = pydo.Client(token="unused", endpoint=sys.argv[2], authentication_policy=watch, retry_total=0)
    proxy_bites(sys.argv[2], endpoints["token"])
    options = basics(client)
    projects(client)
    vpc = vpcs(client)
    uuid, running = cluster(client, options, vpc)
    droplet = unproxied(endpoints["url"], endpoints["token"], uuid)
    pools(client, uuid)
    registries(client, uuid)
    network(client)
    addresses(client, droplet)
    storage(client, droplet)
    upgrade_and_end(client, uuid, running, vpc)
    print(f"digitalocean: {watch.calls} calls of pydo through prism, no violation")


main()
