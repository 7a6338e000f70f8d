#!/bin/sh
# Write the documentation as a site to build/site; a link that leads nowhere is an error.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh docs
NO_MKDOCS_2_WARNING=1 "${VENV:-.venv}/bin/python" -m mkdocs build --strict --quiet
echo "docs: build/site/index.html; for its search too: python3 -m http.server -d build/site"
