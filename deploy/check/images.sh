#!/usr/bin/env bash
# Builds the images and runs them: see README.md.
#
#     deploy/check/images.sh
#
# Where a Docker daemon runs already it is used; else one is started for this check alone, with its data in target/tools/docker,
# and ended by its process id. Where there can be none, a line says so and the check passes. The images that Waypost's are made
# from and run beside are pulled nowhere: stand-ins of the same names are made from Debian's packages.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
out=$root/target/check/images
work=$root/target/tools/docker

skip() {
    echo "SKIP check-images: $1"
    exit 0
}

[ "$(id -u)" -eq 0 ] || skip "only root can start a Docker daemon and make a Debian"
mkdir -p "$out" "$work"
"$here/tools.sh" images || skip "see above"

# Debian's own client speaks BuildKit without a plugin.
docker=/usr/bin/docker
[ -x "$docker" ] || docker=$(command -v docker)
export DOCKER_BUILDKIT=1

undo=()
finish() {
    local step
    # The last first.
    for ((step = ${#undo[@]} - 1; step >= 0; step--)); do
        eval "${undo[step]}" || true
    done
}
trap finish EXIT

# A daemon forbids forwarding, and leaves chains and a bridge behind.
remember_network() {
    local policy
    policy=$(iptables -S FORWARD | sed -n 's/^-P FORWARD //p')
    undo+=("iptables -P FORWARD $policy")
    if ! iptables -n -L DOCKER >/dev/null 2>&1; then
        undo+=(forget_chains)
    fi
    ip link show docker0 >/dev/null 2>&1 || undo+=("ip link delete docker0 2>/dev/null")
}

forget_chains() {
    local table rule chain
    for table in filter nat; do
        iptables -t "$table" -S | grep -E '^-A (FORWARD|PREROUTING|OUTPUT|POSTROUTING) .*(DOCKER|docker0|br-|172\.(1[7-9]|2[0-9]|3[01])\.)' |
            sed 's/^-A /-D /' | while read -r rule; do
            # shellcheck disable=SC2086  # a rule is several words
            iptables -t "$table" $rule
        done
        for chain in $(iptables -t "$table" -S | sed -n 's/^-N \(DOCKER.*\)/\1/p'); do
            iptables -t "$table" -F "$chain"
        done
        for chain in $(iptables -t "$table" -S | sed -n 's/^-N \(DOCKER.*\)/\1/p'); do
            iptables -t "$table" -X "$chain"
        done
    done
}

start_daemon() {
    remember_network
    # Its sockets lie where their paths are short enough.
    local run
    run=$(mktemp -d /tmp/waypost-docker.XXXXXX)
    undo+=("rm -rf $run")
    export DOCKER_HOST=unix://$run/docker.sock
    dockerd --host "$DOCKER_HOST" --data-root "$work" --exec-root "$run/exec" --pidfile "$run/pid" \
        >"$out/dockerd.log" 2>&1 &
    local pid=$! tries=0
    undo+=("stop_daemon $pid")
    until "$docker" info >/dev/null 2>&1; do
        if ! kill -0 "$pid" 2>/dev/null || [ $((tries += 1)) -gt 120 ]; then
            tail -n 5 "$out/dockerd.log"
            skip "no Docker daemon can be started here, see $out/dockerd.log"
        fi
        sleep 0.5
    done
}

stop_daemon() {
    kill "$1" 2>/dev/null
    # Its containers' processes end with it.
    wait "$1" 2>/dev/null
}

if "$docker" info >/dev/null 2>&1; then
    echo "using the Docker daemon that runs"
else
    start_daemon
    echo "started a Docker daemon"
fi

PATH=$(dirname "$docker"):$PATH
export PATH
# The stand-in for the collector is one of the packages.
"$here/python.sh" -c ""
"$here/images/standins.sh" "$out"
# shellcheck source=/dev/null  # written by the line above
. "$out/bases.env"
"$here/python.sh" "$here/images.py" "$out" "$RUST_IMAGE" "$RUNTIME_IMAGE"
