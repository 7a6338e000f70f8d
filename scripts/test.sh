#!/bin/sh
# From a bare clone to passed tests; arguments go to pytest: sh scripts/test.sh -m 'not slow'
# MINENT_TEST_EXTRAS names further extras to install, with commas (spark, neural: each 750 MB or more); without them
# their tests skip.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh "dev${MINENT_TEST_EXTRAS:+,$MINENT_TEST_EXTRAS}"
exec "${VENV:-.venv}/bin/python" -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder "$@"
