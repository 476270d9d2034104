#!/usr/bin/env bash
# Installs the packages of these tests beside this file, when they are not there.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "node or npm is missing. Install Node.js 20 or later, or run deploy/dev/install.sh browser." >&2
    exit 1
fi
# One at a time: several test programs may ask for it at once.
exec 9>"$here/.install.lock"
flock 9
if ! cmp -s "$here/package-lock.json" "$here/node_modules/.installed"; then
    npm ci --ignore-scripts --no-audit --no-fund --silent --prefix "$here" >&2
    # Last, so that an install that was interrupted is not taken for whole.
    cp "$here/package-lock.json" "$here/node_modules/.installed"
fi
