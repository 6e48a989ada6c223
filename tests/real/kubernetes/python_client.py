"""The official Python client does on a cluster what programs do with it. Usage: python_client.py (KUBECONFIG names the cluster).

Prints what failed and how many cases passed; exit code 1 if any failed.
"""

import os
import random
import sys
import threading
import time
import traceback

import yaml
from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock
from kubernetes.stream import portforward, stream

IMAGE = os.environ.get("image", "docker.io/library/busybox:1.37")
EMULATED = os.environ.get("emulated", "yes") == "yes"
NAMESPACE = f"infra-python-{random.randrange(10**9)}"
CASES = []


def case(function):
    CASES.append(function)
    return function


def refused(code, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except ApiException as error:
        assert error.status == code, f"status {error.status} instead of {code}: {error.body}"
        return error
    raise AssertionError(f"{call.__name__} was not refused with {code}")


def until(look, what, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def pod(name, command, **labels):
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name=name, labels=labels or {"app": name}),
        spec=client.V1PodSpec(
            restart_policy="Never",
            termination_grace_period_seconds=1,
            containers=[client.V1Container(name="main", image=IMAGE, command=command)],
        ),
    )


def runs(core, name):
    return until(lambda: core.read_namespaced_pod(name, NAMESPACE).status.phase == "Running", f"{name} runs")


@case
def core_objects():
    core = client.CoreV1Api()
    made = core.create_namespaced_config_map(
        NAMESPACE, client.V1ConfigMap(metadata=client.V1ObjectMeta(name="one"), data={"a": "1"})
    )
    assert made.metadata.uid and made.metadata.resource_version
    refused(409, core.create_namespaced_config_map, NAMESPACE, client.V1ConfigMap(metadata=client.V1ObjectMeta(name="one")))
    made.data["b"] = "2"
    replaced = core.replace_namespaced_config_map("one", NAMESPACE, made)
    assert replaced.data == {"a": "1", "b": "2"}
    refused(409, core.replace_namespaced_config_map, "one", NAMESPACE, made)
    dry = core.patch_namespaced_config_map("one", NAMESPACE, {"data": {"c": "3"}}, dry_run="All")
    assert dry.data["c"] == "3" and "c" not in core.read_namespaced_config_map("one", NAMESPACE).data
    core.create_namespaced_secret(
        NAMESPACE, client.V1Secret(metadata=client.V1ObjectMeta(name="keys"), string_data={"password": "hunter2"})
    )
    assert core.read_namespaced_secret("keys", NAMESPACE).data["password"] == "aHVudGVyMg=="
    named = core.create_namespaced_config_map(NAMESPACE, client.V1ConfigMap(metadata=client.V1ObjectMeta(generate_name="made-")))
    assert named.metadata.name.startswith("made-") and len(named.metadata.name) == 10
    refused(404, core.read_namespaced_config_map, "missing", NAMESPACE)
    refused(422, core.create_namespaced_config_map, NAMESPACE, client.V1ConfigMap(metadata=client.V1ObjectMeta(name="Not_Legal")))


@case
def patches():
    apps, api = client.AppsV1Api(), client.ApiClient()
    container = client.V1Container(name="main", image=IMAGE, command=["sleep", "100000"])
    apps.create_namespaced_deployment(
        NAMESPACE,
        client.V1Deployment(
            metadata=client.V1ObjectMeta(name="web"),
            spec=client.V1DeploymentSpec(
                replicas=1,
                selector=client.V1LabelSelector(match_labels={"app": "web"}),
                template=client.V1PodTemplateSpec(
                    metadata=client.V1ObjectMeta(labels={"app": "web"}), spec=client.V1PodSpec(containers=[container])
                ),
            ),
        ),
    )
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/web"

    def patch(kind, body, **query):
        return api.call_api(
            path, "PATCH", query_params=list(query.items()), header_params={"Content-Type": kind, "Accept": "application/json"},
            body=body, auth_settings=["BearerToken"], response_types_map={200: "object", 201: "object"}, _return_http_data_only=True,
        )

    strategic = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": IMAGE}]}}}}
    both = patch("application/strategic-merge-patch+json", strategic)["spec"]["template"]["spec"]["containers"]
    assert sorted(one["name"] for one in both) == ["main", "side"], both
    merged = patch("application/merge-patch+json", {"metadata": {"labels": {"x": "y"}}, "spec": {"replicas": 2}})
    assert merged["spec"]["replicas"] == 2 and merged["metadata"]["labels"]["x"] == "y"
    pointed = patch("application/json-patch+json", [{"op": "replace", "path": "/spec/replicas", "value": 1}])
    assert pointed["spec"]["replicas"] == 1
    applied = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "annotations": {"who": "python"}}}
    result = patch("application/apply-patch+yaml", applied, fieldManager="python")
    managers = {entry["manager"]: entry["operation"] for entry in result["metadata"]["managedFields"]}
    assert managers["python"] == "Apply", managers
    scale = apps.patch_namespaced_deployment_scale("web", NAMESPACE, {"spec": {"replicas": 2}})
    assert scale.spec.replicas == 2
    until(lambda: apps.read_namespaced_deployment_status("web", NAMESPACE).status.ready_replicas == 2, "both replicas are ready")
    refused(422, apps.patch_namespaced_deployment, "web", NAMESPACE, {"spec": {"selector": {"matchLabels": {"app": "other"}}}})


@case
def batch_and_logs():
    batch, core = client.BatchV1Api(), client.CoreV1Api()
    template = client.V1PodTemplateSpec(spec=pod("unused", ["sh", "-c", "echo done"]).spec)
    job = client.V1Job(metadata=client.V1ObjectMeta(name="once"), spec=client.V1JobSpec(template=template, backoff_limit=0))
    batch.create_namespaced_job(NAMESPACE, job)
    until(lambda: batch.read_namespaced_job_status("once", NAMESPACE).status.succeeded == 1, "the job completes")
    (only,) = core.list_namespaced_pod(NAMESPACE, label_selector="job-name=once").items
    text = core.read_namespaced_pod_log(only.metadata.name, NAMESPACE)
    assert "done" in text, text
    assert len(core.read_namespaced_pod_log(only.metadata.name, NAMESPACE, tail_lines=1).splitlines()) == 1
    followed = list(watch.Watch().stream(core.read_namespaced_pod_log, name=only.metadata.name, namespace=NAMESPACE))
    assert any("done" in line for line in followed), followed
    batch.delete_namespaced_job("once", NAMESPACE, propagation_policy="Foreground")
    until(lambda: not core.list_namespaced_pod(NAMESPACE, label_selector="job-name=once").items, "the job's pod goes")


@case
def lists_in_pages_and_by_selector():
    core = client.CoreV1Api()
    for number in range(7):
        labels = {"part": "odd" if number % 2 else "even"}
        core.create_namespaced_config_map(NAMESPACE, client.V1ConfigMap(metadata=client.V1ObjectMeta(name=f"page-{number}", labels=labels)))
    names, token, pages = [], None, 0
    while True:
        page = core.list_namespaced_config_map(NAMESPACE, limit=3, _continue=token, label_selector="part")
        names += [item.metadata.name for item in page.items]
        pages, token = pages + 1, page.metadata._continue
        if not token:
            break
        assert page.metadata.remaining_item_count is None or page.metadata.remaining_item_count >= 0
    assert names == [f"page-{number}" for number in range(7)] and pages == 3, (names, pages)
    odd = core.list_namespaced_config_map(NAMESPACE, label_selector="part in (odd),part!=even").items
    assert len(odd) == 3
    one = core.list_namespaced_config_map(NAMESPACE, field_selector="metadata.name=page-4").items
    assert [item.metadata.name for item in one] == ["page-4"]
    refused(400, core.list_namespaced_config_map, NAMESPACE, field_selector="data.a=b")
    refused(400, core.list_namespaced_config_map, NAMESPACE, label_selector="!!")
    refused(400, core.list_namespaced_config_map, NAMESPACE, limit=1, _continue="nonsense")
    core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="part=even")
    left = core.list_namespaced_config_map(NAMESPACE, label_selector="part").items
    assert len(left) == 3, len(left)


@case
def watches():
    core = client.CoreV1Api()
    start = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    seen = []

    def act():
        core.create_namespaced_config_map(NAMESPACE, client.V1ConfigMap(metadata=client.V1ObjectMeta(name="watched")))
        core.patch_namespaced_config_map("watched", NAMESPACE, {"data": {"a": "b"}})
        core.delete_namespaced_config_map("watched", NAMESPACE)

    acting = threading.Thread(target=act)
    acting.start()
    watching = watch.Watch()
    for event in watching.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=start, timeout_seconds=30):
        if event["object"].metadata.name == "watched":
            seen.append(event["type"])
            if event["type"] == "DELETED":
                watching.stop()
    acting.join()
    assert seen == ["ADDED", "MODIFIED", "DELETED"], seen
    ended = time.monotonic()
    list(watch.Watch().stream(core.list_namespaced_config_map, NAMESPACE, timeout_seconds=1))
    assert time.monotonic() - ended < 10
    if EMULATED:
        error = refused(504, core.list_namespaced_config_map, NAMESPACE, resource_version="99999999", resource_version_match="NotOlderThan", _request_timeout=20)
        assert "Too large resource version" in error.body, error.body


@case
def sessions():
    core = client.CoreV1Api()
    core.create_namespaced_pod(NAMESPACE, pod("talk", ["sh", "-c", "echo hello; exec sleep 100000"]))
    runs(core, "talk")
    run = lambda command, **more: stream(core.connect_get_namespaced_pod_exec, "talk", NAMESPACE, command=command, stderr=True, stdout=True, **more)
    assert run(["echo", "a b"]).strip() == "a b"
    session = run(["sh", "-c", "echo out; exit 7"], stdin=False, tty=False, _preload_content=False)
    session.run_forever(timeout=20)
    assert session.returncode == 7, session.returncode
    session = run(["cat"], stdin=True, tty=False, _preload_content=False)
    session.write_stdin("typed\n")
    assert session.readline_stdout(timeout=20) == "typed"
    session.close()
    if EMULATED:
        forward = portforward(core.connect_get_namespaced_pod_portforward, "talk", NAMESPACE, ports="8080")
        socket = forward.socket(8080)
        socket.settimeout(20)
        socket.sendall(b"x" * 10000)
        back = b""
        while len(back) < 10000:
            back += socket.recv(65536)
        assert back == b"x" * 10000 and forward.error(8080) is None
        forward.close()


@case
def evictions_and_tokens():
    core, policy = client.CoreV1Api(), client.PolicyV1Api()
    core.create_namespaced_pod(NAMESPACE, pod("guarded", ["sleep", "100000"], app="guarded"))
    runs(core, "guarded")
    budget = client.V1PodDisruptionBudget(
        metadata=client.V1ObjectMeta(name="guard"),
        spec=client.V1PodDisruptionBudgetSpec(min_available=1, selector=client.V1LabelSelector(match_labels={"app": "guarded"})),
    )
    policy.create_namespaced_pod_disruption_budget(NAMESPACE, budget)
    until(lambda: policy.read_namespaced_pod_disruption_budget_status("guard", NAMESPACE).status.current_healthy == 1, "the budget counts")
    eviction = client.V1Eviction(metadata=client.V1ObjectMeta(name="guarded", namespace=NAMESPACE))
    refused(429, core.create_namespaced_pod_eviction, "guarded", NAMESPACE, eviction)
    policy.delete_namespaced_pod_disruption_budget("guard", NAMESPACE)
    core.create_namespaced_pod_eviction("guarded", NAMESPACE, eviction)
    core.create_namespaced_service_account(NAMESPACE, client.V1ServiceAccount(metadata=client.V1ObjectMeta(name="robot")))
    asked = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=600))
    token = core.create_namespaced_service_account_token("robot", NAMESPACE, asked).status.token
    review = client.AuthenticationV1Api().create_token_review(client.V1TokenReview(spec=client.V1TokenReviewSpec(token=token)))
    assert review.status.authenticated and review.status.user.username == f"system:serviceaccount:{NAMESPACE}:robot"
    as_robot = client.Configuration.get_default_copy()
    as_robot.api_key = {"authorization": f"Bearer {token}"}
    as_robot.cert_file = as_robot.key_file = as_robot.refresh_api_key_hook = None
    as_robot.api_key["BearerToken"] = as_robot.api_key["authorization"]
    robot = client.CoreV1Api(client.ApiClient(as_robot))
    refused(403, robot.list_namespaced_pod, NAMESPACE)
    access = client.RbacAuthorizationV1Api()
    rule = client.V1PolicyRule(api_groups=[""], resources=["pods"], verbs=["list"])
    access.create_namespaced_role(NAMESPACE, client.V1Role(metadata=client.V1ObjectMeta(name="lister"), rules=[rule]))
    access.create_namespaced_role_binding(
        NAMESPACE,
        client.V1RoleBinding(
            metadata=client.V1ObjectMeta(name="lister"),
            role_ref=client.V1RoleRef(api_group="rbac.authorization.k8s.io", kind="Role", name="lister"),
            subjects=[client.RbacV1Subject(kind="ServiceAccount", name="robot", namespace=NAMESPACE)],
        ),
    )
    until(lambda: allowed(lambda: robot.list_namespaced_pod(NAMESPACE)), "the role counts", 30)
    question = client.V1SubjectAccessReview(
        spec=client.V1SubjectAccessReviewSpec(
            user=f"system:serviceaccount:{NAMESPACE}:robot",
            resource_attributes=client.V1ResourceAttributes(namespace=NAMESPACE, verb="delete", resource="pods"),
        )
    )
    assert not client.AuthorizationV1Api().create_subject_access_review(question).status.allowed


def allowed(call):
    try:
        call()
        return True
    except ApiException as error:
        assert error.status == 403
        return False


@case
def custom_resources_and_the_dynamic_client():
    group = f"{NAMESPACE}.example.org"
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"kind": "Thing", "plural": "things", "singular": "thing"},
            "versions": [{
                "name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1}, "kept": {"type": "string", "default": "yes"}}},
                    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                }}},
            }],
        },
    }
    extensions, custom = client.ApiextensionsV1Api(), client.CustomObjectsApi()
    extensions.create_custom_resource_definition(definition)
    try:
        established = lambda: any(
            one.type == "Established" and one.status == "True"
            for one in extensions.read_custom_resource_definition(f"things.{group}").status.conditions or []
        )
        until(established, "the definition is established")
        thing = {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "one"}, "spec": {"size": 3, "lost": True}}
        where = (group, "v1", NAMESPACE, "things")
        made = until(lambda: quietly(lambda: custom.create_namespaced_custom_object(*where, thing)), "the kind is served")
        assert made["spec"] == {"size": 3, "kept": "yes"}, made["spec"]
        refused(422, custom.patch_namespaced_custom_object, *where, "one", {"spec": {"size": 0}})
        custom.patch_namespaced_custom_object_status(*where, "one", {"status": {"phase": "Good"}})
        assert custom.get_namespaced_custom_object_status(*where, "one")["status"]["phase"] == "Good"
        things = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version=f"{group}/v1", kind="Thing")
        applied = things.server_side_apply(
            body={"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "two"}, "spec": {"size": 9}}, namespace=NAMESPACE, field_manager="python"
        )
        assert applied.spec.size == 9
        assert sorted(item.metadata.name for item in things.get(namespace=NAMESPACE).items) == ["one", "two"]
        things.delete(name="two", namespace=NAMESPACE)
    finally:
        extensions.delete_custom_resource_definition(f"things.{group}")


def quietly(call):
    try:
        return call()
    except ApiException as error:
        if error.status == 404:
            return None
        raise


@case
def storage_network_and_yaml():
    documents = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec: { rules: [{ host: web.example.org, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: closed }
spec: { podSelector: {}, policyTypes: [Ingress] }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }
"""
    made = utils.create_from_yaml(client.ApiClient(), yaml_objects=list(yaml.safe_load_all(documents)), namespace=NAMESPACE)
    assert len(made) == 4
    claim = client.CoreV1Api().read_namespaced_persistent_volume_claim("data", NAMESPACE)
    assert claim.status.phase in ("Pending", "Bound") and claim.spec.volume_mode == "Filesystem"
    scaler = client.AutoscalingV2Api().read_namespaced_horizontal_pod_autoscaler("web", NAMESPACE)
    assert scaler.spec.min_replicas == 1, scaler.spec
    assert client.StorageV1Api().list_storage_class().items or not EMULATED
    assert client.VersionApi().get_code().major == "1"
    assert {"deployments", "deployments/scale"} <= {one.name for one in client.AppsV1Api().get_api_resources().resources}


@case
def leaders():
    events = []
    lock = ConfigMapLock("leader", NAMESPACE, "me")
    done = threading.Event()

    def leading():
        events.append("leading")
        done.set()

    chosen = electionconfig.Config(lock, lease_duration=4, renew_deadline=3, retry_period=1, onstarted_leading=leading, onstopped_leading=lambda: None)
    threading.Thread(target=leaderelection.LeaderElection(chosen).run, daemon=True).start()
    assert done.wait(30) and events == ["leading"], events


def main():
    config.load_kube_config()
    core = client.CoreV1Api()
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=NAMESPACE)))
    until(lambda: quietly(lambda: core.read_namespaced_service_account("default", NAMESPACE)), "the namespace has its service account")
    failed = []
    for one in CASES:
        try:
            one()
        except Exception:
            failed.append(one.__name__)
            print(f"FAILED {one.__name__}\n{traceback.format_exc()}")
    core.delete_namespace(NAMESPACE)
    until(lambda: allowed_gone(core), "the namespace goes")
    print(f"Python client: {len(CASES) - len(failed)} of {len(CASES)} cases passed")
    return 1 if failed else 0


def allowed_gone(core):
    try:
        core.read_namespace(NAMESPACE)
        return False
    except ApiException as error:
        return error.status == 404


if __name__ == "__main__":
    sys.exit(main())
