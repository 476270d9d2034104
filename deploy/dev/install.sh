#!/usr/bin/env bash
# Installs what building and running Waypost needs and this machine lacks: Redis, Postgres, a C compiler.
# With the word `browser` also what the test of the dashboard needs: Chromium, and Node to drive it.
#
# Silent when nothing is missing. On Debian and Ubuntu it uses apt, as root or through sudo; elsewhere it says what to
# install. It starts no service: `waypost up` and the tests run Redis and Postgres as children, on ports of their own.
set -euo pipefail

want_browser=
case ${1-} in
'') ;;
browser) want_browser=1 ;;
*)
    echo "usage: $0 [browser]" >&2
    exit 64
    ;;
esac

# Rust first: without it nothing else is of use, and apt's is too old.
if ! command -v cargo >/dev/null; then
    echo "cargo is missing. Install Rust from https://rustup.rs, then run this again." >&2
    exit 1
fi

missing=()

has_redis() {
    command -v redis-server >/dev/null || command -v valkey-server >/dev/null || [ -x /opt/homebrew/bin/redis-server ]
}

# Debian puts the server programs of Postgres in a folder per version, Homebrew likewise; neither is on PATH.
has_postgres() {
    command -v initdb >/dev/null && command -v postgres >/dev/null && return
    local folder
    for folder in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
        [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && return
    done
    return 1
}

# A compiler without the headers of libc (as in small images) does not do.
has_cc() {
    command -v cc >/dev/null && printf '#include <stdlib.h>\nint main(void){return 0;}\n' | cc -x c - -o /dev/null 2>/dev/null
}

has_chromium() {
    [ -x "${WAYPOST_CHROMIUM:-/usr/bin/chromium}" ]
}

# The test driver asks for Node 20.
has_node() {
    command -v npm >/dev/null && command -v node >/dev/null && node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)'
}

has_browser() {
    [ -z "$want_browser" ] || { has_chromium && has_node; }
}

has_redis || missing+=(redis-server)
has_postgres || missing+=(postgresql)
has_cc || missing+=(gcc libc6-dev)
if [ -n "$want_browser" ]; then
    has_chromium || missing+=(chromium)
    has_node || missing+=(nodejs npm)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]}. This script can only use apt; with Homebrew it is:" >&2
    echo "    brew install redis postgresql@16      # and xcode-select --install for the C compiler" >&2
    [ -z "$want_browser" ] || echo "    brew install node && brew install --cask chromium    # and WAYPOST_CHROMIUM=its program" >&2
    exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Missing: ${missing[*]}. As root, run: apt-get install ${missing[*]}" >&2
        exit 1
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

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q "$@" >"$log" 2>&1
}

log=$(mktemp)
lists=(/var/lib/apt/lists/*_Packages*)
if [ ! -e "${lists[0]}" ]; then
    echo "Fetching apt's package lists first."
    apt update || { cat "$log" >&2; exit 1; }
fi
# Lists that are there may be old and name packages that are gone: then once more with fresh ones.
if ! apt install --no-install-recommends "${missing[@]}"; then
    echo "That failed; once more with fresh package lists."
    apt update || true
    apt install --no-install-recommends "${missing[@]}" || { cat "$log" >&2; exit 1; }
fi
rm -f "$log"

# The packages also arrange a start at boot. Nobody asked us for that either.
if command -v systemctl >/dev/null; then
    for package in "${missing[@]}"; do
        case $package in
        redis-server | postgresql) "${as_root[@]}" systemctl disable --quiet "$package" 2>/dev/null || true ;;
        esac
    done
fi

if [ -n "$want_browser" ] && ! has_node; then
    echo "apt's Node is older than 20, which the test of the dashboard needs. Install a newer one, from https://nodejs.org." >&2
    exit 1
fi
if ! { has_redis && has_postgres && has_cc && has_browser; }; then
    echo "apt installed ${missing[*]}, and yet something is still missing; see above." >&2
    exit 1
fi
