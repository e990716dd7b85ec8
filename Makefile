# Every target does its own set-up: virtual environment, pinned dependencies, the package.
# Needs Python 3.11 or later with venv (or uv), make, and a package index.

PYTHON ?= python3
VENV ?= .venv
INPUTS ?= 1000000
SEED ?= 1
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-slow test-image fuzz docs check format lock bench train clean

help:  ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## Make the virtual environment with everything pinned.

$(READY): requirements-dev.txt pyproject.toml scripts/setup.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/setup.sh
	@touch $(READY)

demo: $(READY)  ## Load, update, verify and search a simulated account (data in data/demo).
	@$(BIN)/hostaway-message-db demo

run: $(READY)  ## Sync the account whose credentials are in .env.
	@$(BIN)/hostaway-message-db sync

test: $(READY)  ## Run every test but the slow ones.
	@$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile --no-loadscope-reorder

test-slow: $(READY)  ## Run the slow tests.
	@$(BIN)/python -m pytest -m slow

test-image: $(READY)  ## Build the Docker image and run it both ways (root, buildah, podman, runc).
	@PYTHON="$(BIN)/python" scripts/test-image.sh

fuzz: $(READY)  ## Put a million made-up inputs through every parser (Linux on x86_64).
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-fuzz.txt
	@PYTHONPATH=tests $(BIN)/python -m fuzzing --inputs $(INPUTS) --seed $(SEED)

docs: $(READY)  ## Build the manual into build/manual; every warning is an error.
	@$(BIN)/python -m sphinx -q -W --keep-going -b html -d build/doctrees docs build/manual
	@echo "docs: build/manual/index.html"

check: $(READY) docs  ## Format, lint, types, import contracts, manual, dependency audit.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/architecture
	@$(BIN)/python scripts/audit.py

format: $(READY)  ## Format the code.
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(READY)  ## Compile the pinned requirements from pyproject.toml.
	@PATH="$(abspath $(BIN)):$$PATH" sh scripts/lock.sh

bench: $(READY)  ## Run the first-load benchmark.
	@$(BIN)/python benchmarks/first_load.py

train: $(READY)  ## Train the heads of sentiment and topics from training/ (minutes).
	@$(BIN)/python scripts/train_enrichment.py

clean:  ## Remove what the targets made; never data/.
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
