#!/usr/bin/env bash
# Checks dashboards by Grafana's own types, and their TraceQL by Grafana's own grammar:
#
#     deploy/check/grafana.sh types FILE.ts      a file that dashboards.py wrote
#     deploy/check/grafana.sh traceql            [[where, query], …] on standard input
#
# Both come from npm, as deploy/check/grafana/package-lock.json has them, into target/tools.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
wanted=$root/deploy/check/grafana
tool=$root/target/tools/grafana

install() {
    cmp -s "$wanted/package-lock.json" "$tool/package-lock.json" && return
    if ! command -v npm >/dev/null; then
        echo "npm is missing, which Grafana's types come by. Install Node.js 20 or later (Debian: apt-get install npm)." >&2
        exit 1
    fi
    mkdir -p "$root/target/tools"
    # Beside its place and then moved: one that was interrupted is not taken for whole.
    local fresh
    fresh=$(mktemp -d "$root/target/tools/grafana.XXXXXX")
    cp "$wanted/package.json" "$wanted/package-lock.json" "$fresh"
    if ! npm ci --prefix "$fresh" --ignore-scripts --no-audit --no-fund --loglevel=error >"$fresh/log" 2>&1; then
        cat "$fresh/log" >&2
        rm -rf "$fresh"
        echo "npm could not install Grafana's types; see above. It needs the npm registry, or a mirror that npm is set to." >&2
        exit 1
    fi
    rm -rf "$tool"
    mv "$fresh" "$tool"
}

install
# Beside the packages that they import.
cp "$wanted/types.ts" "$wanted/tsconfig.json" "$wanted/check.mjs" "$tool/"
case ${1-} in
types)
    cp "$2" "$tool/dashboards.ts"
    "$tool/node_modules/.bin/tsc" --project "$tool"
    ;;
traceql) node "$tool/check.mjs" ;;
*)
    echo "usage: deploy/check/grafana.sh types FILE.ts | traceql" >&2
    exit 64
    ;;
esac
