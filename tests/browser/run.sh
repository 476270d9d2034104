#!/usr/bin/env bash
# Runs the tests of dashboard and inbox against the `waypost up` that READY_FILE tells of, with playwright-core, which it first
# installs beside this file when it is not there:
#
#     tests/browser/run.sh [READY_FILE]
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
chromium=${WAYPOST_CHROMIUM:-/usr/bin/chromium}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "node or npm is missing. Install Node.js 20.10 or later, or run deploy/dev/install.sh browser." >&2
    exit 1
fi
if [ ! -x "$chromium" ]; then
    echo "$chromium is missing. Run deploy/dev/install.sh browser, or name another browser in WAYPOST_CHROMIUM." >&2
    exit 1
fi
if ! cmp -s "$here/package-lock.json" "$here/node_modules/.installed"; then
    npm ci --ignore-scripts --no-audit --no-fund --silent --prefix "$here" >&2
    # Last, so that an install that was interrupted is not taken for whole.
    cp "$here/package-lock.json" "$here/node_modules/.installed"
fi
[ $# -gt 0 ] || exit 0
WAYPOST_READY_FILE=$1 exec node --test --test-concurrency=1 "$here/dashboard.test.mjs" "$here/inbox.test.mjs"
