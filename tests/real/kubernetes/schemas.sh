#!/usr/bin/env bash
# The emulated API's OpenAPI and answers against the official schemas (PyPI `kubernetes-validate`). PYTHON: an interpreter that has it.
set -euo pipefail
source "$(dirname "$0")/cluster.sh"
for kind in deployment statefulset daemonset; do
    cat <<END
apiVersion: apps/v1
kind: $(case $kind in deployment) echo Deployment ;; statefulset) echo StatefulSet ;; *) echo DaemonSet ;; esac)
metadata: { name: $kind }
spec:
  selector: { matchLabels: { app: $kind } }
  template:
    metadata: { labels: { app: $kind } }
    spec: { containers: [{ name: main, image: "$image", ports: [{ containerPort: 80 }], resources: { limits: { memory: 64Mi } } }] }
---
END
done | kubectl apply -f - >/dev/null
kubectl expose deployment deployment --port 80 >/dev/null
kubectl create cronjob often --image="$image" --schedule='*/5 * * * *' >/dev/null
kubectl create job once --image="$image" -- echo done >/dev/null
kubectl wait --for=condition=Complete job/once --timeout=60s >/dev/null
kubectl create ingress web --rule="web.example.org/*=deployment:80" >/dev/null
kubectl create quota small --hard=pods=50 >/dev/null
kubectl create poddisruptionbudget web --selector=app=deployment --min-available=1 >/dev/null
kubectl autoscale deployment deployment --max=3 >/dev/null
printf 'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }\n' | kubectl apply -f - >/dev/null
"${PYTHON:-python3}" tests/real/kubernetes/schemas.py
