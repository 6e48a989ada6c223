#!/usr/bin/env bash
# kubectl does on the cluster what people do with it, and each answer is looked at. See cluster.sh for the cluster.
set -uo pipefail
source "$(dirname "$0")/cluster.sh"
passed=0 failed=0 skipped=0
namespace=infra-test-$RANDOM$RANDOM
k() { kubectl --namespace "$namespace" "$@"; }

# check NAME PATTERN COMMAND... : it succeeds, and what it prints has the pattern.
check() {
    local name=$1 pattern=$2 out code
    shift 2
    out=$("$@" 2>&1); code=$?
    if [ "$code" -eq 0 ] && grep -Eq -- "$pattern" <<<"$out"; then passed=$((passed + 1)); else told "$name" "$code" "$pattern" "$out"; fi
}
# fails CODE NAME PATTERN COMMAND... : it ends with the code (or any but 0, for `any`), and what it prints has the pattern.
fails() {
    local wanted=$1 name=$2 pattern=$3 out code
    shift 3
    out=$("$@" 2>&1); code=$?
    if { [ "$wanted" = any ] && [ "$code" -ne 0 ] || [ "$code" = "$wanted" ]; } && grep -Eq -- "$pattern" <<<"$out"; then
        passed=$((passed + 1))
    else told "$name" "$code" "$pattern" "$out"; fi
}
told() { failed=$((failed + 1)); printf 'FAILED %s: code %s, wanted /%s/ in:\n%s\n\n' "$1" "$2" "$3" "$(head -c 1500 <<<"$4")"; }
skip() { skipped=$((skipped + 1)); printf 'skipped %s: %s\n' "$1" "$2"; }

cat >"$work/web.yaml" <<END
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - { name: web, image: "$image", command: [sh, -c, "echo started; exec sleep 100000"], ports: [{ name: http, containerPort: 8080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: http }] }
END

versions_and_discovery() {
    check version 'Server Version: v1\.' kubectl version
    check cluster-info 'control plane.* is running at' kubectl cluster-info
    check api-versions '^apps/v1$' kubectl api-versions
    check api-resources 'deployments +deploy +apps/v1 +true +Deployment' kubectl api-resources
    check api-resources-verbs 'pods.*create,delete,deletecollection,get,list,patch,update,watch' kubectl api-resources -o wide --api-group=''
    check explain 'restartPolicy' kubectl explain pod.spec
    check explain-recursive 'maxSurge' kubectl explain deployment.spec --recursive
    check raw-healthz '^ok' kubectl get --raw /healthz
    check raw-openapi 'apis/apps/v1' kubectl get --raw /openapi/v3
    check whoami 'Username' kubectl auth whoami
    check can-i '^yes' kubectl auth can-i create deployments
    fails 1 can-i-not '^no' kubectl auth can-i create deployments --as nobody
    check can-i-list '\*\.\*' kubectl auth can-i --list
    check nodes 'Ready' kubectl get nodes
    check nodes-wide 'INTERNAL-IP' kubectl get nodes -o wide
    check describe-node 'Allocatable:' kubectl describe nodes
    check namespaces "$namespace.*Active" kubectl get namespace "$namespace"
}

applying() {
    check apply-client 'deployment.apps/web created' k apply -f "$work/web.yaml"
    check apply-again 'deployment.apps/web unchanged' k apply -f "$work/web.yaml"
    check rollout-status 'successfully rolled out' k rollout status deployment/web --timeout=180s
    check wait-condition 'condition met' k wait --for=condition=Available deployment/web --timeout=60s
    check wait-jsonpath 'condition met' k wait --for=jsonpath='{.status.readyReplicas}'=2 deployment/web --timeout=60s
    check diff-none '^$' k diff -f "$work/web.yaml"
    sed 's/replicas: 2/replicas: 3/' "$work/web.yaml" >"$work/three.yaml"
    fails 1 diff-some 'replicas: 3' k diff -f "$work/three.yaml"
    check apply-dry-run 'configured \(server dry run\)' k apply --dry-run=server -f "$work/three.yaml"
    check dry-run-changes-nothing '^2$' k get deployment web -o 'jsonpath={.spec.replicas}'
    fails any apply-server-conflict 'conflict with "kubectl-client-side-apply"|conflict' k apply --server-side --field-manager=other -f "$work/three.yaml"
    check apply-server-force 'serverside-applied' k apply --server-side --field-manager=other --force-conflicts -f "$work/three.yaml"
    check managers 'other' k get deployment web -o yaml --show-managed-fields
    sed 's/replicas: 2/replicass: 2/' "$work/web.yaml" >"$work/wrong.yaml"
    fails any validate-strict 'unknown field "spec.replicass"' k apply --validate=strict -f "$work/wrong.yaml"
    mkdir -p "$work/kustom"
    printf 'namePrefix: pre-\nresources: [map.yaml]\nconfigMapGenerator: [{ name: made, literals: [a=b] }]\n' >"$work/kustom/kustomization.yaml"
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: map }\ndata: { a: b }\n' >"$work/kustom/map.yaml"
    check kustomize 'configmap/pre-map created' k apply -k "$work/kustom"
    check delete-k 'configmap "pre-map" deleted' k delete -k "$work/kustom"
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: one, labels: { set: a } }\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: two, labels: { set: a } }\n' >"$work/set.yaml"
    check apply-set 'configmap/two created' k apply -f "$work/set.yaml"
    sed '/^---/,$d' "$work/set.yaml" >"$work/less.yaml"
    check prune 'configmap/two pruned' k apply -f "$work/less.yaml" --prune -l set=a --prune-allowlist=core/v1/ConfigMap
    sed 's|^spec:$|spec:\n  strategy: { type: Recreate }|' "$work/web.yaml" >"$work/recreate.yaml"
    check retain-keys 'Recreate' k apply --dry-run=server -o 'jsonpath={.items[0].spec.strategy}' -f "$work/recreate.yaml"
    check replace 'configmap/one replaced' k replace -f "$work/less.yaml"
    check create-save-config 'configmap/saved created' k create configmap saved --from-literal=a=b --save-config
    fails any create-twice 'already exists' k create configmap saved
}

showing() {
    check get-wide 'NOMINATED NODE' k get pods -o wide
    check get-labels 'app=web' k get pods --show-labels
    check get-selector 'web-' k get pods -l app=web,pod-template-hash
    check get-field-selector 'web-' k get pods --field-selector=status.phase=Running
    check get-name '^pod/web-' k get pods -o name
    check get-json '"kind": "Deployment"' k get deployment web -o json
    check get-yaml '^kind: Deployment' k get deployment web -o yaml
    check get-jsonpath '^web web' k get pods -o 'jsonpath={.items[*].spec.containers[0].name}'
    check get-columns 'NAME +IMAGE' k get pods -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[0].image
    check get-template 'web' k get deployment web -o go-template='{{.metadata.name}}'
    check get-sorted 'web-' k get pods --sort-by=.metadata.creationTimestamp
    check get-all 'replicaset.apps/web-' k get all
    check get-several 'service/web' k get deployment,service
    check get-chunks 'web-' k get pods --chunk-size=1
    check get-none 'No resources found' k get statefulsets
    fails any get-missing 'NotFound' k get pod missing
    fails any get-unknown "doesn't have a resource type" k get nonsense
    check get-all-namespaces 'kube-system' kubectl get configmaps --all-namespaces
    check watch 'web' timeout 3 kubectl --namespace "$namespace" get deployment web --watch --request-timeout=2s
    check describe-deployment 'StrategyType: +RollingUpdate' k describe deployment web
    check describe-pod 'Node:' k describe pods -l app=web
    check describe-service 'Endpoints:' k describe service web
    check events 'Scheduled' k events
    check get-events 'Scheduled' k get events --sort-by=.lastTimestamp
}

changing() {
    check scale 'scaled' k scale deployment/web --replicas=2
    fails any scale-precondition 'Expected replicas to be 5' k scale deployment/web --replicas=1 --current-replicas=5
    check label 'labeled' k label deployment web tier=front
    fails any label-twice 'already has a value|--overwrite' k label deployment web tier=back
    check label-overwrite 'labeled' k label deployment web tier=back --overwrite
    check label-remove 'unlabeled' k label deployment web tier-
    check annotate 'annotated' k annotate deployment web note=hello
    check patch-strategic 'patched' k patch deployment web -p '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}]}]}}}}'
    check patch-strategic-kept "^$image" k get deployment web -o 'jsonpath={.spec.template.spec.containers[0].image}'
    check patch-merge 'patched' k patch deployment web --type=merge -p '{"metadata":{"annotations":{"note":null}}}'
    check patch-json 'patched' k patch deployment web --type=json -p '[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/revisionHistoryLimit","value":5}]'
    fails any patch-json-test 'test|Invalid' k patch deployment web --type=json -p '[{"op":"test","path":"/spec/replicas","value":7}]'
    check patch-scale 'patched' k patch deployment web --subresource=scale --type=merge -p '{"spec":{"replicas":2}}'
    check patch-status 'patched' k patch service web --subresource=status --type=merge -p '{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.7"}]}}}'
    check set-image 'image updated' k set image deployment/web "web=${image}0" --dry-run=server
    check set-env 'env updated' k set env deployment/web B=2
    check set-resources 'resource requirements updated' k set resources deployment/web -c=web --requests=cpu=10m
    check rollout-after 'successfully rolled out' k rollout status deployment/web --timeout=180s
    check rollout-history 'REVISION' k rollout history deployment/web
    check rollout-history-one 'Environment' k rollout history deployment/web --revision=2
    check rollout-pause 'paused' k rollout pause deployment/web
    check rollout-resume 'resumed' k rollout resume deployment/web
    check rollout-restart 'restarted' k rollout restart deployment/web
    check rollout-undo 'rolled back' k rollout undo deployment/web
    check rollout-last 'successfully rolled out' k rollout status deployment/web --timeout=180s
    check autoscale 'autoscaled' k autoscale deployment/web --min=1 --max=3 --cpu-percent=80
    check get-hpa 'Deployment/web' k get hpa
    check edit 'edited' env KUBE_EDITOR='sed -i s/revisionHistoryLimit:.5/revisionHistoryLimit:\ 6/' kubectl --namespace "$namespace" edit deployment web
    local node
    node=$(kubectl get nodes -o 'jsonpath={.items[0].metadata.name}')
    if [ "$emulated" = yes ]; then
        check taint 'tainted' kubectl taint node "$node" infra-test=yes:NoSchedule
        check taint-remove 'untainted' kubectl taint node "$node" infra-test-
        check cordon 'cordoned' kubectl cordon "$node"
        check cordon-seen 'SchedulingDisabled' kubectl get node "$node"
        check drain 'drained' kubectl drain "$node" --ignore-daemonsets --delete-emptydir-data --force --timeout=60s
        check uncordon 'uncordoned' kubectl uncordon "$node"
    else skip 'taint, cordon, drain' 'the nodes are not ours'; fi
    check rollout-drained 'successfully rolled out' k rollout status deployment/web --timeout=180s
}

creating() {
    printf 'content\n' >"$work/file.txt"
    check create-configmap 'created' k create configmap files --from-file="$work/file.txt" --from-literal=key=value
    check configmap-content '^content' k get configmap files -o 'jsonpath={.data.file\.txt}'
    check create-secret 'created' k create secret generic keys --from-literal=password=hunter2
    check secret-content '^aHVudGVyMg==' k get secret keys -o 'jsonpath={.data.password}'
    check create-docker 'created' k create secret docker-registry pull --docker-server=registry.example.org --docker-username=me --docker-password=x
    check create-deployment 'created' k create deployment second --image="$image" --replicas=1 -- sleep 100000
    check create-job 'created' k create job once --image="$image" -- sh -c 'echo done'
    check job-complete 'condition met' k wait --for=condition=Complete job/once --timeout=180s
    check create-cronjob 'created' k create cronjob often --image="$image" --schedule='*/5 * * * *' -- sh -c 'echo tick'
    check job-from-cronjob 'created' k create job from-cron --from=cronjob/often
    check create-serviceaccount 'created' k create serviceaccount robot
    check create-token '^ey' k create token robot
    check create-role 'created' k create role reader --verb=get,list --resource=pods,deployments.apps
    check create-rolebinding 'created' k create rolebinding reader --role=reader --serviceaccount="$namespace:robot"
    check can-i-robot '^yes' k auth can-i list pods --as "system:serviceaccount:$namespace:robot"
    fails 1 can-i-robot-not '^no' k auth can-i delete pods --as "system:serviceaccount:$namespace:robot"
    fails any forbidden 'Forbidden' k delete pods --all --as "system:serviceaccount:$namespace:robot"
    check create-quota 'created' k create quota small --hard=configmaps=50
    check describe-quota 'configmaps +[0-9]+ +50' k describe quota small
    check create-ingress 'created' k create ingress web --rule="web.example.org/*=web:80"
    check create-pdb 'created' k create poddisruptionbudget web --selector=app=web --min-available=1
    check create-priorityclass 'created \(server dry run\)' kubectl create priorityclass infra-test --value=5 --dry-run=server
    check create-service 'created' k create service clusterip other --tcp=80:8080
    check create-nodeport 'created' k create service nodeport outside --tcp=80:8080
    check expose 'exposed' k expose deployment second --port=80 --target-port=8080
    check run 'created' k run single --image="$image" --restart=Never --command -- sh -c 'echo hello; exec sleep 100000'
    check wait-pod 'condition met' k wait --for=condition=Ready pod/single --timeout=180s
    check reconcile 'reconciled|unchanged' k auth reconcile -f <(k get role reader -o yaml)
}

custom_resources() {
    cat >"$work/crd.yaml" <<END
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.$namespace.example.org }
spec:
  group: $namespace.example.org
  scope: Namespaced
  names: { kind: Thing, plural: things, singular: thing, shortNames: [th] }
  versions:
    - name: v1
      served: true
      storage: true
      subresources: { status: {}, scale: { specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas } }
      additionalPrinterColumns: [{ name: Size, type: integer, jsonPath: .spec.size }]
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [size]
              properties:
                size: { type: integer, minimum: 1, description: How large it is. }
                colour: { type: string, default: blue, enum: [blue, red] }
                replicas: { type: integer }
              x-kubernetes-validations: [{ rule: "self.size < 100", message: too large }]
            status: { type: object, properties: { replicas: { type: integer } } }
END
    check crd-create 'created' kubectl apply -f "$work/crd.yaml"
    check crd-established 'condition met' kubectl wait --for=condition=Established "crd/things.$namespace.example.org" --timeout=60s
    thing() { printf 'apiVersion: %s.example.org/v1\nkind: Thing\nmetadata: { name: one }\nspec: { size: %s }\n' "$namespace" "$1"; }
    thing 5 >"$work/thing.yaml"
    thing 500 >"$work/large.yaml"
    thing zero >"$work/bad.yaml"
    for _ in $(seq 20); do k apply -f "$work/thing.yaml" >/dev/null 2>&1 && break; sleep 0.5; done
    check cr-columns 'SIZE' k get things
    check cr-short 'one +5' k get th
    check cr-default '^blue' k get thing one -o 'jsonpath={.spec.colour}'
    fails any cr-rule 'too large' k apply -f "$work/large.yaml"
    fails any cr-type 'must be of type integer' k apply -f "$work/bad.yaml"
    check cr-scale 'scaled' k scale thing/one --replicas=3
    check cr-patch 'patched' k patch thing one --type=merge -p '{"spec":{"colour":"red"}}'
    check cr-explain 'How large it is' kubectl explain thing.spec --api-version="$namespace.example.org/v1"
    check cr-server-side 'serverside-applied' k apply --server-side --force-conflicts -f "$work/thing.yaml"
    check cr-delete 'deleted' k delete thing one
    check crd-delete 'deleted' kubectl delete -f "$work/crd.yaml"
}

speaking() {
    local pod
    pod=$(k get pods -l app=web --field-selector=status.phase=Running -o 'jsonpath={.items[0].metadata.name}')
    check logs 'hello|emulated' k logs single
    check logs-selector '.' k logs -l app=web --tail=5 --prefix
    check logs-deployment '.' k logs deployment/web
    check logs-timestamps '^20[0-9][0-9]-' k logs single --timestamps
    check logs-tail '.' k logs single --tail=1
    check logs-job 'done|emulated' k logs job/once
    check logs-follow 'done|emulated' timeout 3 kubectl --namespace "$namespace" logs -f job/once
    fails any logs-previous 'previous terminated container' k logs single --previous
    fails any logs-container 'is not valid|not found' k logs single -c nothing
    check exec '^hi there' k exec "$pod" -- echo hi there
    check exec-deployment '^x' k exec deployment/web -- echo x
    fails 3 exec-code 'exit code 3' k exec "$pod" -- sh -c 'echo out; exit 3'
    check exec-stdin '^typed' bash -c "echo typed | kubectl --namespace $namespace exec -i $pod -- cat"
    check exec-spdy '^old' env KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false kubectl --namespace "$namespace" exec "$pod" -- echo old
    fails any exec-container 'not found|not valid' k exec "$pod" -c nothing -- true
    check attach '.' timeout 3 bash -c "kubectl --namespace $namespace attach single 2>&1 | head -c 200; true"
    if [ "$emulated" = yes ]; then
        forwarding websockets "$pod" true
        forwarding spdy service/web false
        forwarding deployment deployment/web true
    else skip port-forward 'the image serves nothing; the emulated one echoes'; fi
    fails any top 'Metrics API not available' k top pods
    check proxy '"major"' bash -c "kubectl proxy --port=0 --reject-paths=^/none > $work/proxy & sleep 1; curl -s \$(grep -o '127.0.0.1:[0-9]*' $work/proxy)/version; kill %1"
}

forwarding() { # name, target, websockets
    local out=$work/forward-$1
    : >"$out"
    KUBECTL_PORT_FORWARD_WEBSOCKETS=$3 kubectl --namespace "$namespace" port-forward "$2" :"$([ "$2" = service/web ] && echo 80 || echo 8080)" >"$out" 2>&1 &
    local forward=$!
    for _ in $(seq 150); do grep -q 'Forwarding from' "$out" && break; sleep 0.1; done
    grep -q 'Forwarding from' "$out" || cat "$out"
    check "port-forward-$1" '^4 of 4' python3 - "$(grep -o '127.0.0.1:[0-9]*' "$out" | head -1 | cut -d: -f2)" <<'END'
import socket, sys, threading
def one(number):
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
    data = (b"number %d " % number) * 20000
    threading.Thread(target=lambda: connection.sendall(data)).start()
    back = b""
    while len(back) < len(data):
        part = connection.recv(65536)
        if not part:
            break
        back += part
    good.append(back == data)
good = []
threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
[thread.start() for thread in threads]
[thread.join(30) for thread in threads]
print(sum(good), "of 4")
END
    kill "$forward" 2>/dev/null
    wait "$forward" 2>/dev/null
}

deleting() {
    check delete-orphan 'deleted' k delete deployment second --cascade=orphan
    check orphans-live 'second-' k get replicasets -l app=second
    check delete-foreground 'deleted' k delete deployment web --cascade=foreground --timeout=120s
    check pods-gone '^$' k get pods -l app=web -o name
    check delete-background 'deleted' k delete job once --cascade=background
    check wait-delete '.*' k wait --for=delete pod -l job-name=once --timeout=60s
    check delete-now 'deleted' k delete pod single --now
    check delete-selector 'deleted' k delete configmap -l set=a
    check delete-ignore '^$' k delete configmap missing --ignore-not-found
    fails any delete-missing 'NotFound' k delete configmap missing
    check delete-all 'deleted' k delete configmaps --all
    check delete-file 'deleted' k delete -f "$work/web.yaml" --ignore-not-found
}

check create-namespace 'created' kubectl create namespace "$namespace"
for part in versions_and_discovery applying showing changing creating custom_resources speaking deleting; do
    began=$SECONDS
    "$part"
    printf '%s: %d s\n' "$part" $((SECONDS - began))
done
check delete-namespace 'deleted' kubectl delete namespace "$namespace" --timeout=180s
printf 'kubectl %s: %d passed, %d failed, %d skipped\n' "$(kubectl version --client -o json 2>/dev/null | python3 -c 'import json,sys; print(json.load(sys.stdin)["clientVersion"]["gitVersion"])')" "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
