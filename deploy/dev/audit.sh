#!/usr/bin/env bash
# Checks dependencies with cargo-deny: bans, licences and sources always; advisories where their database can be had.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
export PATH=$root/target/tools/bin:$PATH

if ! command -v cargo-deny >/dev/null; then
    echo "cargo-deny is missing: installing it into target/tools (a few minutes, once)."
    cargo install cargo-deny --locked --quiet --root target/tools
fi

cargo deny --log-level error check --hide-inclusion-graph bans licenses sources
if cargo deny --log-level error fetch db >/dev/null 2>&1; then
    cargo deny --log-level error check advisories
else
    echo "The database of advisories (github.com/rustsec/advisory-db) cannot be reached: advisories were NOT checked."
fi
