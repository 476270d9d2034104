#!/usr/bin/env bash
# Asks every query of every dashboard, rule, alert and autoscaler of a real Prometheus, which scrapes a Waypost under load; fails
# where the answer is empty. About two minutes; needs the program `waypost`, which it builds when it is not there:
#
#     deploy/check/panels.sh [target/release/waypost]
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
waypost=${1:-${CARGO_TARGET_DIR:-target}/debug/waypost}

"$here/tools.sh"
[ -x "$waypost" ] || cargo build --bin waypost
out=target/check/panels
rm -rf "$out"
mkdir -p "$out"
exec "$here/python.sh" "$here/panels.py" "$waypost" "$out"
