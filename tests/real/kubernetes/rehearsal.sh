#!/usr/bin/env bash
# kubectl against the cluster of a rehearsal that `infra up --rehearse` made: get, apply of both kinds, wait, scale, delete.
#
#   INFRA  the program (default: cargo run -q --)
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
cd "$root"
INFRA=${INFRA:-cargo run -q --}
work=$(mktemp -d)
emulator=''
finish() {
    [ -z "$emulator" ] || { kill -TERM -- "-$emulator" 2>/dev/null || kill -TERM "$emulator" 2>/dev/null || true; }
    rm -rf "$work"
}
trap finish EXIT
cp -r examples/starter "$work/starter"
$INFRA up --rehearse -f "$work/starter/infra.yaml" 2>"$work/up.log" || { cat "$work/up.log"; exit 1; }
group='import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])'
# shellcheck disable=SC2086
python3 -c "$group" $INFRA emulator --world "$work/starter/.infra/rehearsal/starter/world" --speed 20 >"$work/endpoints.json" 2>"$work/emulator.log" &
emulator=$!
for _ in $(seq 600); do [ -s "$work/endpoints.json" ] && break; sleep 0.1; done
KUBECONFIG=$(cd "$root" && python3 -c 'import json,os,sys; print(os.path.abspath(json.load(open(sys.argv[1]))["kubernetes"][0]["kubeconfig"]))' "$work/endpoints.json")
export KUBECONFIG
kubectl version
kubectl get nodes
kubectl get all -A
kubectl -n starter get deployment,service -o wide
cat >"$work/web.yaml" <<'END'
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: registry.example.org/web:1 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
END
kubectl apply -f "$work/web.yaml"
kubectl apply --server-side --field-manager=other --force-conflicts -f "$work/web.yaml"
kubectl wait --for=condition=Available deployment/web --timeout=60s
kubectl scale deployment/web --replicas=3
kubectl rollout status deployment/web --timeout=60s
[ "$(kubectl get deployment web -o jsonpath='{.status.readyReplicas}')" = 3 ]
kubectl get pods -l app=web -o name | wc -l
kubectl delete -f "$work/web.yaml" --wait
[ -z "$(kubectl get pods -l app=web -o name)" ] || kubectl wait --for=delete pod -l app=web --timeout=60s
echo "kubectl: get, apply, wait, scale, delete on a rehearsal's cluster"
