#!/bin/sh
# Style and types: ruff, then mypy.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh dev
"${VENV:-.venv}/bin/python" -m ruff check .
"${VENV:-.venv}/bin/python" -m mypy
