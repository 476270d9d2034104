#!/bin/sh
# Makes the secrets of the development overlay, in a folder that git ignores; what is there stays.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$here/secrets"
chmod 700 "$here/secrets"
# The same as for docker compose, and the addresses of the Services beside them.
sh "$here/../../../deploy/compose/secrets.sh" "$here/secrets" "$here/../../../deploy/compose/given"
cd "$here/secrets"
printf 'redis://:%s@redis:6379' "$(cat redis-password)" >redis-url
