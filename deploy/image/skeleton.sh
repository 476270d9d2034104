#!/bin/sh
# Copies of a checkout only what decides which dependencies are built: manifests, the lock file, and a stub for every target
# that they name:
#
#     deploy/image/skeleton.sh CHECKOUT FOLDER
set -eu

from=$1
to=$2

stub() {
    mkdir -p "$(dirname "$1")"
    echo 'fn main() {}' >"$1"
}

# The files of all targets that a manifest names, where it says them or else where cargo looks for them.
targets() {
    awk '
        function flush() {
            if (kind != "" && (file != "" || name != ""))
                print file != "" ? file : folder[kind] "/" name ".rs"
            kind = name = file = ""
        }
        BEGIN { folder["bin"] = "src/bin"; folder["example"] = "examples"; folder["test"] = "tests"; folder["bench"] = "benches" }
        /^\[/ { flush() }
        /^\[lib\]/ { kind = "lib" }
        /^\[\[(bin|example|test|bench)\]\]/ { kind = substr($0, 3, index($0, "]") - 3) }
        kind != "" && /^ *(name|path) *= *"/ { split($0, part, "\""); if ($1 == "path") file = part[2]; else if (kind != "lib") name = part[2] }
        END { flush() }
    ' "$1"
}

mkdir -p "$to/deploy"
cp "$from/Cargo.toml" "$from/Cargo.lock" "$to/"
cp -r "$from/deploy/image" "$to/deploy/"

for manifest in "$from"/crates/*/Cargo.toml "$from"/tests/*/Cargo.toml; do
    crate=$(dirname "$manifest")
    copy=$to/${crate#"$from"/}
    mkdir -p "$copy"
    cp "$manifest" "$copy/"
    for file in src/main.rs build.rs; do
        [ ! -e "$crate/$file" ] || stub "$copy/$file"
    done
    # Crates that are here by their manifest alone (the tests') must have some target as well.
    if [ -e "$crate/src/lib.rs" ] || [ ! -e "$crate/src" ]; then
        stub "$copy/src/lib.rs"
    fi
    targets "$manifest" | while read -r file; do
        stub "$copy/$file"
    done
done
