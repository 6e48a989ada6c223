#!/usr/bin/env bash
# The Helm SDK (PyPI `helm-python-sdk`) on a cluster. See cluster.sh for the cluster. PYTHON: an interpreter that has it and `kubernetes`.
set -euo pipefail
source "$(dirname "$0")/cluster.sh"
"${PYTHON:-python3}" tests/real/kubernetes/helm_sdk.py
