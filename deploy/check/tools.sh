#!/usr/bin/env bash
# Installs by apt what the checks need and this machine lacks: Prometheus with promtool, and shellcheck. Starts no service.
# With the word `images` also what building and running images needs: Docker, and what makes a Debian for stand-in images.
#
#     deploy/check/tools.sh [images]
#
# Silent when nothing is missing. Ends with 3 where this machine cannot have it, and says why.
set -euo pipefail

want_images=
case ${1-} in
'') ;;
images) want_images=1 ;;
*)
    echo "usage: deploy/check/tools.sh [images]" >&2
    exit 64
    ;;
esac

missing=()
has() {
    command -v "$1" >/dev/null || [ -x "/usr/bin/$1" ] || [ -x "/usr/sbin/$1" ]
}
need() {
    has "$1" || missing+=("$2")
}

need promtool prometheus
need shellcheck shellcheck
if [ -n "$want_images" ]; then
    need dockerd docker.io
    need iptables iptables
    need mmdebstrap mmdebstrap
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]}. This script can only use apt." >&2
    exit 3
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Missing: ${missing[*]}. As root, run: apt-get install ${missing[*]}" >&2
        exit 3
    fi
    as_root=(sudo)
fi

echo "Installing ${missing[*]} with apt${as_root:+ through sudo} (no service is started)."
# Debian starts services when it installs them. This file is its way to be asked not to.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
log=$(mktemp)
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q "$@" >"$log" 2>&1
}
# Lists that are there may be old and name packages that are gone: then once more with fresh ones.
if ! apt install --no-install-recommends "${missing[@]}"; then
    apt update || true
    apt install --no-install-recommends "${missing[@]}" || { cat "$log" >&2; exit 3; }
fi
rm -f "$log"
# The packages also arrange a start at boot, which nobody asked for.
if command -v systemctl >/dev/null; then
    for unit in prometheus prometheus-node-exporter docker containerd; do
        "${as_root[@]}" systemctl disable --quiet "$unit" 2>/dev/null || true
    done
fi
