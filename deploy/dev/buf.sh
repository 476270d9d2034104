#!/usr/bin/env bash
# Checks the protos with buf, or renews the baseline that they are compared with:
#
#     deploy/dev/buf.sh check
#     deploy/dev/buf.sh baseline
#
# buf comes from npm, as deploy/dev/buf/package-lock.json has it, into target/tools.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"

wanted=deploy/dev/buf
tool=$root/target/tools/buf
baseline=proto/baseline.binpb
export BUF_CACHE_DIR=$root/target/tools/cache/buf

install_buf() {
    cmp -s "$wanted/package-lock.json" "$tool/package-lock.json" && return
    if ! command -v npm >/dev/null; then
        echo "npm is missing, which buf comes by. Install Node.js 20 or later (Debian: apt-get install npm)." >&2
        exit 1
    fi
    mkdir -p "$root/target/tools"
    # Beside its place and then moved: one that was interrupted is not taken for whole.
    local fresh
    fresh=$(mktemp -d "$root/target/tools/buf.XXXXXX")
    cp "$wanted/package.json" "$wanted/package-lock.json" "$fresh"
    if ! npm ci --prefix "$fresh" --ignore-scripts --no-audit --no-fund --loglevel=error >"$fresh/log" 2>&1; then
        cat "$fresh/log" >&2
        rm -rf "$fresh"
        echo "npm could not install buf; see above. It needs the npm registry, or a mirror that npm is set to." >&2
        exit 1
    fi
    rm -rf "$tool"
    mv "$fresh" "$tool"
}

buf() {
    "$tool/node_modules/.bin/buf" "$@"
}

# A break is worth a sentence on what to do: buf names only what is broken.
breaking() {
    if ! buf breaking proto --against "$baseline"; then
        echo "This breaks clients of the last release. What may be done instead stands in proto/README.md." >&2
        exit 1
    fi
}

case ${1-} in
check)
    install_buf
    buf lint proto
    breaking
    ;;
baseline)
    install_buf
    if [ -e "$baseline" ]; then
        breaking
    fi
    buf build proto --exclude-source-info --output "$baseline"
    ;;
*)
    echo "usage: deploy/dev/buf.sh check|baseline" >&2
    exit 2
    ;;
esac
