#!/usr/bin/env bash
# Runs Python, or a program from PyPI, with the packages of requirements.txt, which it first installs into target/tools when
# they are not there:
#
#     deploy/check/python.sh SCRIPT [ARGUMENT...]
#     deploy/check/python.sh --program NAME [ARGUMENT...]
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tools=$(cd "$here/../.." && pwd)/target/tools
venv=$tools/deploy
wanted=$here/requirements.txt

# The packages that are there are the wanted ones, and the Python that they were installed for still runs.
is_there() {
    cmp -s "$wanted" "$venv/requirements.txt" && "$venv/bin/python" -c '' 2>/dev/null
}

missing() {
    echo "$1 is missing. Install Python 3.11 or later with pip and venv (Debian: apt-get install python3 python3-venv)." >&2
    exit 1
}

install() {
    command -v python3 >/dev/null || missing python3
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || missing "Python 3.11 (python3 is $(python3 -V))"
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing "The venv module of python3"
    echo "Installing the checks' programs into target/tools/deploy (a minute, once)." >&2
    rm -rf "$venv"
    mkdir -p "$tools"
    python3 -m venv "$venv"
    if ! "$venv/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes --only-binary :all: -r "$wanted" >&2; then
        echo "pip could not install what $wanted names; see above. It needs PyPI, or a mirror that pip is set to." >&2
        exit 1
    fi
    # Last, so that an install that was interrupted is not taken for whole.
    cp "$wanted" "$venv/requirements.txt"
}

is_there || install
# Folders of compiled files among the sources would only be in the way.
export PYTHONDONTWRITEBYTECODE=1
case ${1-} in
'') ;;
--program)
    # Some of them start others by name.
    PATH=$venv/bin:$PATH
    exec "$venv/bin/$2" "${@:3}"
    ;;
*) exec "$venv/bin/python" "$@" ;;
esac
