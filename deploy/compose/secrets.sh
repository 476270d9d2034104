#!/bin/sh
# Makes what the containers of docker-compose.yml must know and nobody else: passwords, bearer keys, the secret of tokens for
# browsers. Runs in a container of its own at the first start; what is there stays, so data and secrets go together.
#
#     deploy/compose/secrets.sh FOLDER GIVEN
#
# GIVEN holds those that Meta has to know as well, see given/README.md.
# To read one: docker compose run --rm secrets cat /run/waypost/send-key
set -eu

given=$2
cd "$1"
# Each container has a user of its own, and all of them read here. The folder is a volume that only they mount.
umask 022

# 256 random bits in letters, digits, _ and -.
random() {
    head -c 32 /dev/urandom | base64 | tr -d '=\n' | tr '+/' '-_'
}

digest() {
    printf %s "$1" | sha256sum | cut -d ' ' -f 1
}

# Written beside its place and then renamed: one that was interrupted is not taken for whole.
put() {
    cat >"$1.new"
    mv "$1.new" "$1"
}

secret() {
    [ -e "$1" ] || random | put "$1"
}

# At every start, so that a new one takes the place of the old.
given() {
    [ -s "$given/$1" ] && tr -d '\r\n' <"$given/$1" | put "$1"
}

# The file of keys holds only the hash; the key itself lies beside it, for whoever asks as above.
key() {
    [ -e "$1" ] && [ -e "$2" ] && return
    made=wpk_$(random)
    printf '["compose"]\nsha256 = "%s"\n%s\n' "$(digest "$made")" "$3" | put "$2"
    printf '%s\n' "$made" | put "$1"
}

secret redis-password
secret postgres-password
secret grafana-password
secret realtime-secret
printf 'requirepass %s\n' "$(cat redis-password)" | put redis.conf
printf 'postgres://waypost:%s@postgres:5432/waypost\n' "$(cat postgres-password)" | put postgres-url
# Without a real one the fake Meta's, which is public, and good only because no port is open to anybody but this machine.
given app-secret || printf 'public-app-secret-of-the-fake-meta' | put app-secret
given verify-token || secret verify-token
given api-token || secret api-token
key send-key send-keys.toml 'numbers = ["*"]'
key realtime-key realtime-keys.toml 'numbers = ["*"]'
key admin-token monitor-tokens.toml 'role = "admin"'
