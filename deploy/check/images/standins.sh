#!/usr/bin/env bash
# Makes stand-ins for images that cannot be pulled, under their official names, from Debian's packages and this machine's own Rust:
#
#     deploy/check/images/standins.sh FOLDER
#
# An image of one of those names that is there already, pulled or made before, is left alone. Writes the names of the base images
# into FOLDER/bases.env.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
out=$1
cache=$root/target/tools/images
mkdir -p "$cache" "$out"
debian=waypost-check/debian

# Everything that any of them needs, in one: what matters here is how ours behave beside them.
packages=ca-certificates,gcc,libc6-dev,redis-server,postgresql,prometheus,busybox,adduser

has_image() {
    docker image inspect "$1" >/dev/null 2>&1
}

# Kept, because it takes minutes; its name says what is in it.
make_debian() {
    local tar
    tar=$cache/debian-$(printf %s "$packages" | sha256sum | cut -c 1-12).tar
    if [ ! -e "$tar" ]; then
        echo "making a Debian for the stand-ins (minutes, once)"
        # A package that asks to be started must be told no, here as well. The hook's own argument is the new root.
        # shellcheck disable=SC2016
        mmdebstrap --quiet --format=tar --variant=minbase --include="$packages" \
            --essential-hook='printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"; chmod 755 "$1/usr/sbin/policy-rc.d"' \
            bookworm "$tar.new"
        mv "$tar.new" "$tar"
    fi
    has_image "$debian" || docker import "$tar" "$debian" >/dev/null
}

# A toolchain like that of the official image: cargo's folder, and a C compiler. Crates come from beside it, so that a build
# needs no network of its own.
make_rust() {
    local context=$cache/rust wanted
    wanted=$(cat "$root/Cargo.lock" "$here/rust.Dockerfile" "$here/standins.sh" <(rustc -vV) | sha256sum | cut -c 1-16)
    RUST_IMAGE=waypost-check/rust:$wanted
    has_image "$RUST_IMAGE" && return
    rm -rf "$context"
    mkdir -p "$context/cargo"
    cp -r "$(rustc --print sysroot)" "$context/rust"
    rm -rf "$context/rust/share" "$context"/rust/lib/rustlib/*/src
    (cd "$root" && cargo vendor --locked --quiet "$context/vendor" >/dev/null)
    printf '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "/vendor"\n[net]\noffline = true\n' \
        >"$context/cargo/config.toml"
    docker build --quiet --tag "$RUST_IMAGE" --file "$here/rust.Dockerfile" --build-arg "BASE=$debian" "$context" >/dev/null
    rm -rf "$context"
}

# As distroless/static: certificates, users, and nothing that runs.
make_static() {
    RUNTIME_IMAGE=waypost-check/static
    has_image "$RUNTIME_IMAGE" && return
    local tree=$cache/static
    rm -rf "$tree"
    mkdir -p "$tree"/{etc/ssl/certs,tmp,home/nonroot}
    chmod 1777 "$tree/tmp"
    docker run --rm "$debian" cat /etc/ssl/certs/ca-certificates.crt >"$tree/etc/ssl/certs/ca-certificates.crt"
    printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$tree/etc/passwd"
    printf 'root:x:0:\nnonroot:x:65532:\n' >"$tree/etc/group"
    printf 'hosts: files dns\n' >"$tree/etc/nsswitch.conf"
    tar -C "$tree" -c . | docker import --change 'ENV PATH=/usr/local/bin' --change 'USER 65532' - "$RUNTIME_IMAGE" >/dev/null
}

# One of the servers beside ours, as docker-compose.yml names it. Made anew each time, which takes no time when nothing changed.
make_server() {
    local image=$1 target=$2 label='{{index .Config.Labels "dev.waypost.stand-in"}}'
    if has_image "$image" && [ -z "$(docker image inspect --format "$label" "$image")" ]; then
        return
    fi
    docker build --quiet --tag "$image" --file "$here/servers.Dockerfile" --target "$target" --build-arg "BASE=$debian" \
        "$cache/servers" >/dev/null
}

make_debian
make_rust
make_static
rm -rf "$cache/servers"
mkdir -p "$cache/servers"
cp "$here"/*.sh "$cache/servers/"
cp "$root"/target/tools/deploy/lib/python3*/site-packages/rotel/rotel-agent "$cache/servers/"
# It wants this machine's Python. What belongs to libc the image has.
mkdir "$cache/servers/lib"
ldd "$cache/servers/rotel-agent" | awk '$2 == "=>" { print $3 }' | grep -vE '/lib(c|m|dl|rt|pthread)\.so' |
    xargs -I{} cp -L {} "$cache/servers/lib/"
sed -n 's/^ *image: \([a-z][^$]*\)$/\1/p' "$root/docker-compose.yml" | sort -u | while read -r image; do
    name=${image%%:*}
    make_server "$image" "${name##*/}"
done
printf 'RUST_IMAGE=%s\nRUNTIME_IMAGE=%s\n' "$RUST_IMAGE" "$RUNTIME_IMAGE" >"$out/bases.env"
