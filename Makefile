# The same commands on every machine and in CI. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
LOCKS := requirements/core requirements/test requirements/build requirements/dev requirements/bench
# `make bench PART="floor growth"` measures some of the parts; without it all of them, which takes an hour and a half.
PART ?=
JOBS ?= 3
ARGS ?=
# `make test PG=system` uses the PostgreSQL found on PATH instead of the one from a wheel.
PG ?=
export PG

# What answers in seconds: no server, no PostgreSQL.
QUICK_TESTS = $(wildcard tests/domain tests/ops tests/architecture tests/test_*.py)

.PHONY: help setup setup-system run test check lint generated quick rules soak mutations bench bench-setup bench-smoke openapi lock clean

help:  ## List these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

setup: $(INSTALLED)  ## Create .venv from the hashed requirement files

# Wheels only: a pysqlite3 built here would link the machine's SQLite, which may be too old.
$(INSTALLED): requirements/dev.txt requirements/core.in pyproject.toml
	@python="$$(requirements/find-python)"; [ -x $(BIN)/python ] || "$$python" -m venv $(VENV) || { \
	  rm -rf $(VENV); echo "make setup: $$python cannot create a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/dev.txt || { \
	  echo "make setup: the packages could not be installed, the reason is above. There are wheels of all of them for 64-bit Linux (glibc) on x86." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup-system:  ## Install the Debian packages some tests need (root)
	@requirements/debian-packages

run: setup  ## Start the server with demo data on http://127.0.0.1:8080, data in ./data
	@$(BIN)/procession serve --with-demo $(ARGS)

test: setup  ## Run the whole suite on SQLite and PostgreSQL
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

check: lint generated quick  ## Formatting, lint, types, generated files, quick tests

lint: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright

generated: setup
	@$(BIN)/procession openapi | diff -q - src/procession/api/openapi.json >/dev/null \
	  || { echo "src/procession/api/openapi.json is out of date: run make openapi" >&2; exit 1; }
	@$(BIN)/procession config --markdown | diff -q - docs/configuration.md >/dev/null \
	  || { echo "docs/configuration.md is out of date: run make openapi" >&2; exit 1; }

quick: setup
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal $(QUICK_TESTS)

rules: setup  ## List the rules of docs/spec/behaviour-* that no test names
	@$(BIN)/python -m tests.architecture.rules

soak: setup  ## Run the long proofs in full; resumable; results in docs/reliability.md (ARGS=tests/stateful chooses)
	@$(BIN)/python tests/ops/soak.py $(ARGS)

mutations: setup  ## Does the model test notice faults put into the rules' engine on purpose? (ARGS="cascade undo" chooses)
	@$(BIN)/python -m tests.mutations $(ARGS)

bench-setup: setup
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/bench.txt

bench: bench-setup  ## Measure against floor, sizes and the customary program; figures in docs/performance.md (PART=...)
	@$(BIN)/python -m benchmarks $(PART)

bench-smoke: setup  ## Every measured request on a small data set: have statements or plans changed?
	@$(BIN)/python -m benchmarks.smoke

openapi: setup  ## Write the generated files: the OpenAPI document and the configuration table
	@$(BIN)/procession openapi > src/procession/api/openapi.json.new && mv src/procession/api/openapi.json.new src/procession/api/openapi.json
	@$(BIN)/procession config --markdown > docs/configuration.md.new && mv docs/configuration.md.new docs/configuration.md

lock: setup  ## Compile the hashed requirement files again (ARGS=--upgrade to move versions)
	@for lock in $(LOCKS); do \
	  CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options $(ARGS) \
	    --output-file $$lock.txt $$lock.in; done

clean:  ## Remove .venv and what the tools left (never ./data)
	@rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* build src/*.egg-info
