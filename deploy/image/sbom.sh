#!/bin/sh
# Prints what a program is made of, as CycloneDX 1.5: the crates that are compiled into it for this target, with versions,
# checksums, licences and which needs which. Two runs on the same lock file print the same.
#
#     deploy/image/sbom.sh PROGRAM [TARGET]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
program=$1
target=${2:-$(rustc -vV | sed -n 's/^host: //p')}

tree=$(mktemp)
trap 'rm -f "$tree"' EXIT
# Into a file, so that a failure of cargo is not lost in a pipe.
cargo tree --locked --package "$program" --target "$target" --edges normal \
    --prefix depth --format '|{p}|{l}|' >"$tree"
awk -f "$here/sbom.awk" -v program="$program" Cargo.lock "$tree"
