#!/bin/sh
# All benchmarks, or those named: sh scripts/bench.sh benchmarks/bench_segment.py
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh dev,bench
[ $# -gt 0 ] || set -- benchmarks/bench_*.py
for benchmark in "$@"; do
    echo "$benchmark"
    "${VENV:-.venv}/bin/python" "$benchmark"
done
