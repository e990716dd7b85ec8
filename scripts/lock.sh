#!/bin/sh
# Compile requirements.txt (what a user runs) and requirements-dev.txt (plus the tools)
# from pyproject.toml, and requirements-fuzz.txt (the fuzzer alone), for every supported
# Python, with hashes. Needs uv.
set -eu

command -v uv >/dev/null 2>&1 || { echo "lock: install uv first (pip install uv)." >&2; exit 1; }
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-package hostaway-message-db --no-header --no-annotate \
        --extra all "$@" pyproject.toml
}
compile --output-file "${1:-.}/requirements.txt"
compile --group dev --output-file "${1:-.}/requirements-dev.txt"
uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-annotate --group fuzz --output-file "${1:-.}/requirements-fuzz.txt"
