#!/bin/sh
# Drives the emulated DigitalOcean API with the official Python client (pydo) through a validating proxy (prism) that holds the
# official API description against every request and every reply. Fails on the first violation in either direction.
#
#   INFRA  command that serves a world (default: cargo run -q -- emulator); gets --world DIR --speed N --faults FILE
#   SPEC   the API description (default: ../shared/specs/digitalocean/do-openapi-subset.json beside the repository)
#   PYDO   a Python with pydo installed, PRISM a prism executable; without them both are installed into a temporary folder
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
SPEC=${SPEC:-$root/../shared/specs/digitalocean/do-openapi-subset.json}
INFRA=${INFRA:-cargo run -q -- emulator}

skip() { echo "digitalocean: skipped: $1"; exit 0; }
[ -f "$SPEC" ] || skip "no API description at $SPEC (set SPEC)"
command -v python3 >/dev/null || skip "no python3"

work=$(mktemp -d)
emulator='' proxy=''
finish() {
    status=$?
    # Each with its children: a command may have started another one.
    [ -z "$proxy" ] || kill -TERM "-$proxy" 2>/dev/null || true
    [ -z "$emulator" ] || kill -TERM "-$emulator" 2>/dev/null || true
    [ "$status" -eq 0 ] || { tail -n 20 "$work"/*.log >&2 || true; }
    rm -rf "$work"
}
trap finish EXIT

if [ -z "${PYDO:-}" ]; then
    python3 -m venv "$work/venv" 2>"$work/venv.log" || skip "python3 has no venv"
    "$work/venv/bin/pip" -q install pydo >"$work/pip.log" 2>&1 || skip "pydo cannot be installed with pip"
    PYDO=$work/venv/bin/python
fi
if [ -z "${PRISM:-}" ]; then
    command -v npm >/dev/null || skip "no npm for prism"
    mkdir "$work/prism"
    (cd "$work/prism" && npm install --no-audit --no-fund @stoplight/prism-cli@5 >"$work/npm.log" 2>&1) ||
        skip "prism cannot be installed with npm"
    PRISM=$work/prism/node_modules/.bin/prism
fi

cd "$root"
# A process group of its own for a command, so that its children can be ended with it.
group='import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])'
# Two wrong replies on demand, to see that the proxy looks at replies.
cat >"$work/faults.yaml" <<'EOF'
rules:
  - { match: { path: probe=type }, then: { status: 200, body: { account: { droplet_limit: many } } } }
  - { match: { path: probe=id }, then: { status: 200, body: { vpc: { id: no-uuid } } } }
EOF
# shellcheck disable=SC2086 # a command with its arguments
python3 -c "$group" $INFRA --world "$work/world" --speed 600 --faults "$work/faults.yaml" >"$work/endpoints.json" 2>"$work/emulator.log" &
emulator=$!
wait_for() { # a file that has text, or the end of a process
    count=0
    while ! grep -q "$3" "$1" 2>/dev/null; do
        kill -0 "$2" 2>/dev/null || { echo "digitalocean: $4 ended early" >&2; exit 1; }
        count=$((count + 1))
        [ "$count" -lt 3000 ] || { echo "digitalocean: $4 does not start" >&2; exit 1; }
        sleep 0.1
    done
}
wait_for "$work/endpoints.json" "$emulator" digitalocean "the emulator"
api=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["digitalocean"]["url"])' "$work/endpoints.json")
port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
python3 -c "$group" "$PRISM" proxy -h 127.0.0.1 -p "$port" --errors "$SPEC" "$api" >"$work/prism.log" 2>&1 &
proxy=$!
wait_for "$work/prism.log" "$proxy" "is listening" "prism"

"$PYDO" "$here/drive.py" "$work/endpoints.json" "http://127.0.0.1:$port"

# A whole `up` and `down` of this program through the same proxy, which answers a violation in either direction with an error.
# The proxy's own log names them, so that none can hide behind a retry.
mkdir "$work/deployment"
cat >"$work/deployment/infra.yaml" <<END
apiVersion: infra/v1
name: proxied
providers:
  digitalocean:
    region: ams3
    endpoint: http://127.0.0.1:$port
    registry_endpoint: http://$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["registry"]["host"])' "$work/endpoints.json")
    token: "\${env:EMULATED_TOKEN}"
cluster:
  version: latest
  auto_upgrade: true
  pools:
    - { name: default, count: 2, size: { cpus: 2, memory: 4GiB }, labels: { team: a }, taints: ["dedicated=x:PreferNoSchedule"] }
    - { name: scaled, autoscale: { min: 1, max: 3 }, size: { cpus: 2, memory: 4GiB } }
registries: [{ name: images }]
addresses: [{ name: hub, bind: { pool: default } }]
END
program=${INFRA_PROGRAM:-${INFRA% emulator}}
EMULATED_TOKEN=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["digitalocean"]["token"])' "$work/endpoints.json")
export EMULATED_TOKEN INFRA_WORLD_SPEED=600 INFRA_CONFIG_HOME="$work/config"
before=$(grep -ci 'violation' "$work/prism.log" || true)
for command in "up --yes" "plan --exit-code" "down --yes"; do
    # shellcheck disable=SC2086
    $program $command -f "$work/deployment/infra.yaml" >"$work/$(echo "$command" | tr ' ' '-').log" 2>&1 || {
        echo "digitalocean: infra $command failed" >&2
        cat "$work/$(echo "$command" | tr ' ' '-').log" >&2
        exit 1
    }
done
after=$(grep -ci 'violation' "$work/prism.log" || true)
[ "$before" = "$after" ] || { echo "digitalocean: the proxy saw violations:" >&2; grep -i -B2 -A2 violation "$work/prism.log" | tail -40 >&2; exit 1; }
tail -n 1 "$work/down---yes.log"
echo "digitalocean: up, plan and down through the proxy without a violation"
