#!/usr/bin/env bash
# The official Python client (PyPI `kubernetes`) on a cluster. See cluster.sh for the cluster. PYTHON: an interpreter that has the package.
set -euo pipefail
source "$(dirname "$0")/cluster.sh"
"${PYTHON:-python3}" tests/real/kubernetes/python_client.py
