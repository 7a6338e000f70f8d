#!/bin/sh
# From a bare clone to passed tests; arguments go to pytest: sh scripts/test.sh -m 'not slow'
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh dev
exec "${VENV:-.venv}/bin/python" -m pytest "$@"
