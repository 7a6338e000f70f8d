#!/bin/sh
# Make the virtual environment .venv and install minent into it, once: sh scripts/setup.sh [EXTRAS]
# VENV names another folder, PYTHON another interpreter (3.10 or newer).
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
extras=${1:-}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
}

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then # absent, half made or moved here from elsewhere
    python=
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3.10 python; do
        if is_new_enough "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "setup: Python 3.10 or newer is needed; PYTHON=/path/to/python names one" >&2
        exit 1
    fi
    echo "setup: making $venv with $("$python" --version)" >&2
    if ! "$python" -m venv --clear "$venv"; then
        echo "setup: $python cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2
        exit 1
    fi
fi

installed=$venv/.installed-${extras:-plain}
if [ ! -e "$installed" ] || [ -n "$(find pyproject.toml -newer "$installed")" ]; then
    echo "setup: installing minent${extras:+ with $extras} into $venv (needs the network, takes a minute or two)" >&2
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".${extras:+[$extras]}"
    touch "$installed"
fi
