# A cluster for the scripts of this folder: that of INFRA_TEST_KUBECONFIG, else an emulated one of its own. To be sourced.
#
#   INFRA                 the program (default: cargo run -q --)
#   INFRA_TEST_KUBECONFIG a real cluster, whose current context is used
#   INFRA_TEST_IMAGE      an image with a shell that the cluster can pull (default: docker.io/library/busybox:1.37)
#
# Sets KUBECONFIG, work (a folder), image, and emulated (yes or no).
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
cd "$root" || exit 1
INFRA=${INFRA:-cargo run -q --}
image=${INFRA_TEST_IMAGE:-docker.io/library/busybox:1.37}
work=$(mktemp -d)
emulator=''
finish() {
    [ -z "$emulator" ] || { kill -TERM -- "-$emulator" 2>/dev/null || kill -TERM "$emulator" 2>/dev/null || true; }
    rm -rf "$work"
}
trap finish EXIT
if [ -n "${INFRA_TEST_KUBECONFIG:-}" ]; then
    emulated=no
    KUBECONFIG=$(realpath "$INFRA_TEST_KUBECONFIG")
else
    emulated=yes
    cat >"$work/faults.yaml" <<'END'
kubernetes:
  pods:
    scripts:
      - { pod: crash-, exit_code: 1, run_seconds: 1, log: "boom\n" }
      - { pod: count, log: "1\n2\n3\n" }
END
    # A group of its own, so that what the program starts ends with it.
    group='import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])'
    # shellcheck disable=SC2086
    python3 -c "$group" $INFRA emulator --world "$work/world" --only kubernetes --nodes 3 --speed 20 \
        --faults "$work/faults.yaml" >"$work/endpoints.json" 2>"$work/emulator.log" &
    emulator=$!
    for _ in $(seq 600); do [ -s "$work/endpoints.json" ] && break; sleep 0.1; done
    [ -s "$work/endpoints.json" ] || { cat "$work/emulator.log"; exit 1; }
    KUBECONFIG=$(python3 -c 'import json,os,sys; print(os.path.abspath(json.load(open(sys.argv[1]))["kubernetes"][0]["kubeconfig"]))' "$work/endpoints.json")
fi
export KUBECONFIG image emulated work
