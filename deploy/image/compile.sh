#!/bin/sh
# Compiles every program of the file `programs` as images ship it, and with a folder given puts each into a tree of its own
# there, with the list of what it is made of:
#
#     deploy/image/compile.sh [FOLDER]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${1-}

# Linked statically, libc too: such a program needs nothing of the image that it lies in. Naming the target keeps the flag
# away from build scripts and macros, which run on the machine that compiles.
target=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="-C target-feature=+crt-static"

set --
while read -r program; do
    set -- "$@" --package "$program"
done <"$here/programs"
# Without `waypost up`: there is no Redis and no Postgres in an image that it could start.
cargo build --locked --profile dist --target "$target" --no-default-features --bins "$@"

[ -n "$out" ] || exit 0
while read -r program; do
    tree=$out/$program
    mkdir -p "$tree/usr/local/bin" "$tree/usr/share/sbom"
    cp "${CARGO_TARGET_DIR:-target}/$target/dist/$program" "$tree/usr/local/bin/"
    sh "$here/sbom.sh" "$program" "$target" >"$tree/usr/share/sbom/$program.cdx.json"
done <"$here/programs"
mkdir -p "$out/spool/waypost"
