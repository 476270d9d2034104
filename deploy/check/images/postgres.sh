#!/bin/sh
# What the official image of Postgres does at the first start, as far as docker-compose.yml uses it.
set -eu

if [ "$1" != postgres ]; then
    exec "$@"
fi
export PGDATA=/var/lib/postgresql/15/docker
if [ ! -e "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    initdb --username "$POSTGRES_USER" --pwfile "$POSTGRES_PASSWORD_FILE" --auth-local trust --auth-host scram-sha-256 >/dev/null
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    # On a socket file alone until it is set up.
    pg_ctl --wait --silent --options '-c listen_addresses= -k /tmp' start
    createdb --host /tmp --username "$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl --wait --silent stop
fi
exec postgres -c 'listen_addresses=*' -k /tmp
