"""The Helm SDK does on a cluster what `helm` does. Usage: helm_sdk.py (KUBECONFIG names the cluster).

The chart is written here: a definition, a workload, hooks of every kind with weights and delete policies, a test. Exit code 1 if a case fails.
"""

import base64
import gzip
import json
import os
import pathlib
import random
import sys
import tempfile
import time
import traceback

import helm_python
from helm_python import Config
from kubernetes import client, config
from kubernetes.client.rest import ApiException

IMAGE = os.environ.get("image", "docker.io/library/busybox:1.37")
NAMESPACE = f"infra-helm-{random.randrange(10**9)}"
GROUP = f"{NAMESPACE}.example.org"
CASES = []

FILES = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: VERSION\nappVersion: '1'\n",
    "values.yaml": "replicas: 1\ncolour: blue\nbroken: false\n",
    "crds/things.yaml": f"""apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{ name: things.{GROUP} }}
spec:
  group: {GROUP}
  scope: Namespaced
  names: {{ kind: Thing, plural: things, singular: thing }}
  versions: [{{ name: v1, served: true, storage: true, schema: {{ openAPIV3Schema: {{ type: object, x-kubernetes-preserve-unknown-fields: true }} }} }}]
""",
    "templates/thing.yaml": f"apiVersion: {GROUP}/v1\nkind: Thing\nmetadata: {{ name: {{{{ .Release.Name }}}} }}\nspec: {{ colour: {{{{ .Values.colour }}}} }}\n",
    "templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Release.Name }}-settings }\ndata: { colour: {{ .Values.colour }} }\n",
    "templates/deployment.yaml": """apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }} }
spec:
  replicas: {{ .Values.replicas }}
  progressDeadlineSeconds: 60
  selector: { matchLabels: { app: {{ .Release.Name }} } }
  template:
    metadata: { labels: { app: {{ .Release.Name }} } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: IMAGE
          command: [sh, -c, "echo up; exec sleep 100000"]
          {{- if .Values.broken }}
          resources: { requests: { cpu: "10000" } }
          {{- end }}
""",
    "templates/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: { name: {{ .Release.Name }} }\nspec: { selector: { app: {{ .Release.Name }} }, ports: [{ port: 80 }] }\n",
    "templates/NOTES.txt": "The colour is {{ .Values.colour }}.\n",
}


def hook(name, when, weight, policy, command):
    return f"""apiVersion: batch/v1
kind: Job
metadata:
  name: {{{{ .Release.Name }}}}-{name}
  annotations: {{ helm.sh/hook: "{when}", helm.sh/hook-weight: "{weight}", helm.sh/hook-delete-policy: "{policy}" }}
spec:
  backoffLimit: 0
  template: {{ spec: {{ restartPolicy: Never, containers: [{{ name: main, image: IMAGE, command: [sh, -c, "{command}"] }}] }} }}
"""


FILES["templates/first.yaml"] = hook("first", "pre-install,pre-upgrade", -5, "before-hook-creation", "echo first")
FILES["templates/second.yaml"] = hook("second", "pre-install", 5, "hook-succeeded", "echo second")
FILES["templates/after.yaml"] = hook("after", "post-install,post-upgrade", 0, "before-hook-creation", "echo after")
FILES["templates/last.yaml"] = hook("last", "pre-delete", 0, "hook-succeeded,before-hook-creation", "echo last")
FILES["templates/bad-hook.yaml"] = "{{- if .Values.failing }}\n" + hook("bad", "pre-upgrade", 1, "before-hook-creation", "exit 1") + "{{- end }}\n"
FILES["templates/test.yaml"] = """apiVersion: v1
kind: Pod
metadata: { name: {{ .Release.Name }}-test, annotations: { helm.sh/hook: test, helm.sh/hook-delete-policy: before-hook-creation } }
spec: { restartPolicy: Never, containers: [{ name: main, image: IMAGE, command: [sh, -c, "echo tested; exit {{ .Values.testExit | default 0 }}"] }] }
"""


def chart(folder, version):
    root = pathlib.Path(folder) / version
    for name, text in FILES.items():
        path = root / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("VERSION", version).replace("IMAGE", IMAGE))
    return str(root / "shop")


def case(function):
    CASES.append(function)
    return function


def refused(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except helm_python.HelmError as error:
        return str(error)
    raise AssertionError("it was not refused")


def gone(call, *arguments):
    try:
        call(*arguments)
        return False
    except ApiException as error:
        return error.status == 404


def until_ready(world):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        status = world.apps.read_namespaced_deployment_status("web", NAMESPACE).status
        if status.ready_replicas == status.replicas == status.updated_replicas and all(one.status == "True" for one in status.conditions):
            return
        time.sleep(0.1)
    raise AssertionError(f"the deployment does not become ready: {status}")


class World:
    def __init__(self, folder):
        self.helm = Config(kubeconfig_path=os.environ["KUBECONFIG"], namespace=NAMESPACE)
        self.one, self.two = chart(folder, "1.0.0"), chart(folder, "2.0.0")
        self.core, self.apps, self.batch = client.CoreV1Api(), client.AppsV1Api(), client.BatchV1Api()

    def stored(self, name):
        """Status by revision, as it stands in the release's secrets."""
        secrets = self.core.list_namespaced_secret(NAMESPACE, label_selector=f"owner=helm,name={name}").items
        found = {}
        for secret in secrets:
            assert secret.type == "helm.sh/release.v1"
            release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret.data["release"]))))
            found[release["version"]] = release["info"]["status"]
        return found


@case
def install_with_hooks_and_wait(world):
    world.helm.check_reachable()
    release = world.helm.install(world.one, "web", {"replicas": 2}, namespace=NAMESPACE, wait="watcher", timeout=120)
    assert "kind: Deployment" in json.dumps(release) or release, release
    deployment = world.apps.read_namespaced_deployment("web", NAMESPACE)
    assert deployment.status.ready_replicas == 2, deployment.status
    assert deployment.metadata.annotations["meta.helm.sh/release-name"] == "web"
    assert deployment.metadata.labels["app.kubernetes.io/managed-by"] == "Helm"
    jobs = {job.metadata.name: job for job in world.batch.list_namespaced_job(NAMESPACE).items}
    assert set(jobs) == {"web-first", "web-after"}, f"what its policy says is deleted: {set(jobs)}"
    assert jobs["web-first"].status.completion_time <= jobs["web-after"].status.start_time
    thing = client.CustomObjectsApi().get_namespaced_custom_object(GROUP, "v1", NAMESPACE, "things", "web")
    assert thing["spec"]["colour"] == "blue"
    assert world.stored("web") == {1: "deployed"}
    refused(world.helm.install, world.one, "web", namespace=NAMESPACE)


@case
def questions(world):
    assert "web" in json.dumps(world.helm.list())
    assert "deployed" in json.dumps(world.helm.status("web"))
    assert world.helm.get_values("web")["values"] == {"replicas": 2} if "values" in world.helm.get_values("web") else '"replicas": 2' in json.dumps(world.helm.get_values("web"))
    assert "blue" in json.dumps(world.helm.get_values("web", all_values=True))
    assert "Deployment" in json.dumps(world.helm.get_all("web"))
    assert "1.0.0" in json.dumps(world.helm.get_metadata("web"))
    refused(world.helm.status, "missing")


@case
def dry_runs(world):
    before = world.stored("web")
    shown = world.helm.upgrade(world.two, "web", {"colour": "red"}, namespace=NAMESPACE, dry_run="server")
    assert "red" in json.dumps(shown)
    assert world.stored("web") == before
    assert world.core.read_namespaced_config_map("web-settings", NAMESPACE).data["colour"] == "blue"


@case
def upgrade_and_roll_back(world):
    world.helm.upgrade(world.two, "web", {"colour": "red"}, namespace=NAMESPACE, wait="watcher", timeout=120)
    assert world.core.read_namespaced_config_map("web-settings", NAMESPACE).data["colour"] == "red"
    assert world.apps.read_namespaced_deployment("web", NAMESPACE).spec.replicas == 1
    assert world.stored("web") == {1: "superseded", 2: "deployed"}
    world.helm.upgrade(world.two, "web", {"replicas": 3}, namespace=NAMESPACE, reuse_values=True, wait="watcher", timeout=120)
    assert world.core.read_namespaced_config_map("web-settings", NAMESPACE).data["colour"] == "red"
    world.helm.rollback("web", version=1, wait="watcher", timeout=120)
    assert world.core.read_namespaced_config_map("web-settings", NAMESPACE).data["colour"] == "blue"
    assert world.apps.read_namespaced_deployment("web", NAMESPACE).spec.replicas == 2
    assert world.stored("web")[4] == "deployed"
    assert len(world.helm.history("web")) == 4


@case
def failed_upgrades(world):
    told = refused(world.helm.upgrade, world.two, "web", {"failing": True}, namespace=NAMESPACE, timeout=60)
    assert "pre-upgrade" in told, told
    assert world.stored("web")[5] == "failed"
    refused(world.helm.upgrade, world.two, "web", {"broken": True}, namespace=NAMESPACE, wait="watcher", timeout=5)
    assert world.stored("web")[6] == "failed"
    # Not waited for: the rollout counts as stalled until the controller has taken the broken pods away.
    world.helm.upgrade(world.two, "web", {}, namespace=NAMESPACE, timeout=60)
    assert world.stored("web")[7] == "deployed"
    until_ready(world)
    refused(world.helm.upgrade, world.two, "web", {"failing": True}, namespace=NAMESPACE, wait="watcher", timeout=60, rollback_on_failure=True)
    assert world.stored("web")[9] == "deployed", world.stored("web")


@case
def tests_of_the_release(world):
    world.helm.test("web", timeout=60)
    world.helm.upgrade(world.two, "web", {"testExit": 3}, namespace=NAMESPACE, timeout=60)
    refused(world.helm.test, "web", timeout=60)


@case
def drift_is_mended_by_an_upgrade(world):
    world.core.delete_namespaced_service("web", NAMESPACE)
    world.helm.upgrade(world.two, "web", {"colour": "green"}, namespace=NAMESPACE, timeout=60)
    assert world.core.read_namespaced_service("web", NAMESPACE).spec.cluster_ip
    foreign = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="other-settings"), data={"mine": "yes"})
    world.core.create_namespaced_config_map(NAMESPACE, foreign)
    told = refused(world.helm.install, world.one, "other", namespace=NAMESPACE)
    assert "invalid ownership metadata" in told or "cannot be imported" in told, told


@case
def uninstall(world):
    world.helm.uninstall("web", keep_history=True, wait="watcher", timeout=120)
    assert gone(world.apps.read_namespaced_deployment, "web", NAMESPACE)
    states = world.stored("web")
    assert states[max(states)] == "uninstalled", states
    assert not any(job.metadata.name == "web-last" for job in world.batch.list_namespaced_job(NAMESPACE).items)
    world.helm.install(world.one, "again", namespace=NAMESPACE, wait="watcher", timeout=120)
    world.helm.uninstall("again", timeout=120)
    assert world.stored("again") == {}
    refused(world.helm.uninstall, "missing")
    assert not gone(client.ApiextensionsV1Api().read_custom_resource_definition, f"things.{GROUP}"), "definitions stay"


def main():
    config.load_kube_config()
    core = client.CoreV1Api()
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=NAMESPACE)))
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder)
        for one in CASES:
            try:
                one(world)
            except Exception:
                failed.append(one.__name__)
                print(f"FAILED {one.__name__}\n{traceback.format_exc()}")
    core.delete_namespace(NAMESPACE)
    extensions = client.ApiextensionsV1Api()
    if not gone(extensions.read_custom_resource_definition, f"things.{GROUP}"):
        extensions.delete_custom_resource_definition(f"things.{GROUP}")
    print(f"Helm SDK {helm_python.helm_sdk_version()}: {len(CASES) - len(failed)} of {len(CASES)} cases passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
