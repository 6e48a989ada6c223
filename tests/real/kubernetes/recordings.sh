#!/usr/bin/env bash
# Replays what a real API server answered against the emulated one: without controllers, and `controllers` with them.
#
#   recordings.sh FOLDER        INFRA: the program (default: cargo run -q --)
set -euo pipefail
recorded=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../../.." && pwd)
cd "$root"
INFRA=${INFRA:-cargo run -q --}
work=$(mktemp -d)
emulator=''
stop() { [ -z "$emulator" ] || { kill -TERM -- "-$emulator" 2>/dev/null || true; wait "$emulator" 2>/dev/null || true; emulator=''; }; }
trap 'stop; rm -rf "$work"' EXIT
group='import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])'
serve() { # world, more arguments
    local world=$1
    shift
    # shellcheck disable=SC2086
    python3 -c "$group" $INFRA emulator --world "$work/$world" --only kubernetes "$@" >"$work/$world.json" 2>"$work/$world.log" &
    emulator=$!
    for _ in $(seq 600); do [ -s "$work/$world.json" ] && break; sleep 0.1; done
    python3 -c 'import json,os,sys; print(os.path.abspath(json.load(open(sys.argv[1]))["kubernetes"][0]["kubeconfig"]))' "$work/$world.json" >"$work/$world.path"
}
status=0
serve alone --nodes 0 --controllers none
alone=$(cat "$work/alone.path")
for file in "$recorded"/*.jsonl; do
    case $(basename "$file") in controllers.jsonl) continue ;; esac
    python3 "$recorded/replay.py" --kubeconfig "$alone" --show 0 "$file" || status=1
done
stop
serve whole --nodes 3 --speed 10
python3 "$recorded/replay.py" --kubeconfig "$(cat "$work/whole.path")" --show 0 "$recorded/controllers.jsonl" || status=1
stop
# Not everything is equal yet (the emulator's README lists what differs); the counts above tell how far it is.
[ "$status" -eq 0 ] || echo "recordings: some answers differ"
