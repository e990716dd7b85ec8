#!/bin/sh
# Make the virtual environment VENV with everything pinned. Uses uv where there is one,
# else PYTHON's own venv and pip. Says in one sentence what is missing.
set -eu

PYTHON=${PYTHON:-python3}
VENV=${VENV:-.venv}

stop() {
    echo "setup: $1" >&2
    exit 1
}

if command -v uv >/dev/null 2>&1; then
    echo "Setting up $VENV with uv ..."
    uv venv --quiet --allow-existing --python ">=3.11" "$VENV" ||
        stop "uv found no Python 3.11 or later: install one (uv python install 3.12)."
    uv pip install --quiet --python "$VENV/bin/python" --require-hashes -r requirements-dev.txt ||
        stop "the packages could not be installed: is a package index reachable?"
    uv pip install --quiet --python "$VENV/bin/python" --no-deps --editable . ||
        stop "the package itself could not be installed."
    exit 0
fi

command -v "$PYTHON" >/dev/null 2>&1 ||
    stop "there is no $PYTHON: install Python 3.11 or later, or uv, or name one with PYTHON=..."
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "$PYTHON is $("$PYTHON" -V 2>&1), but 3.11 or later is needed: name one with PYTHON=..."
"$PYTHON" -c 'import venv, ensurepip' 2>/dev/null ||
    stop "$PYTHON has no venv module: install it (Debian: apt-get install python3-venv) or install uv."

echo "Setting up $VENV ..."
"$PYTHON" -m venv "$VENV" || stop "the virtual environment could not be made in $VENV."
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes -r requirements-dev.txt ||
    stop "the packages could not be installed: is a package index reachable?"
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable . ||
    stop "the package itself could not be installed."
