#!/usr/bin/env bash
# Makes the pictures of the README from a recorded run: a rehearsal of the ARL example.
# The live tree is drawn by the code that draws on the terminal; the report is photographed by a browser (chromium), and kept as
# it is where there is none.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export INFRA_CONFIG_HOME=$work/config NO_COLOR=1
cp -r examples/arl "$work/arl"
rm -rf "$work/arl/.infra"
infra() { cargo run --quiet -- "$@" -f "$work/arl/infra.yaml" --rehearse; }

infra up --report "$work/report.html"
# Two and a half seconds into the workload: the cluster is ready, the pods are on their way.
infra replay --picture docs/pictures/tree.svg --at 257
infra replay --picture docs/pictures/finished.svg

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ]; then
    echo "there is no chromium: docs/pictures/report.png stays as it is" >&2
    exit 0
fi
"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/browser" \
    --window-size=1200,1000 --screenshot="$work/report.png" "file://$work/report.html" >"$work/browser.log" 2>&1 ||
    { tail -n 5 "$work/browser.log" >&2; exit 1; }
cp "$work/report.png" docs/pictures/report.png
