# The two main commands are `make run` and `make test`. Each installs its requirements into .venv first.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNS := $(VENV)/.runs
INSTALLED := $(VENV)/.installed
BENCH := .venv-bench
BENCH_INSTALLED := $(BENCH)/.installed

# The pip that Python 3.11 brings spends 85 s of CPU time on the requirements, a newer one less than half. Chalice 1.34
# allows none from 26.3 on.
PIP := pip==26.2.1

# Every process that a test starts would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

# Property tests generate the same examples in each run, so a new failure comes from a change of the code.
# `make test-all SEED=7` generates others.
SEED ?= 0

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s $$'\t'
.PHONY: help

# Only what `make run` needs, less than half of everything.
# Without --no-compile pip would compile each module; most are never imported, and Python compiles the others on import.
$(RUNS): requirements.txt requirements-run.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python " + sys.version.split()[0] + " is too old; install Python 3.11 or newer, or use it with PYTHON=python3.11")'
	@echo "installing into $(VENV)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq --disable-pip-version-check $(PIP)
	@$(BIN)/pip install -qq --disable-pip-version-check --no-compile -r requirements-run.txt
	@touch $@

$(INSTALLED): $(RUNS) requirements-dev.txt
	@echo "installing what the checks need into $(VENV)" >&2
	@$(BIN)/pip install -qq --disable-pip-version-check --no-compile -r requirements-dev.txt
	@touch $@

run: $(RUNS) ## start everything on this machine; stop with Ctrl-C (CLOUD_PORT, API_PORT, CORS_ORIGINS)
	@exec $(BIN)/python -m local run --parent $$PPID --cloud-port $(or $(CLOUD_PORT),4566) --api-port $(or $(API_PORT),8000) --cors-origins '$(CORS_ORIGINS)'
.PHONY: run

# An environment variable passes the name, so that the shell does not interpret its quotes.
token: export TOKEN_USER = $(if $(filter command\ line,$(origin USER)),$(value USER),alice)
token: $(RUNS) ## print a token for the API of `make run`: make token USER=bob (CLOUD_PORT)
	@$(BIN)/python -m local token --cloud-port $(or $(CLOUD_PORT),4566) --user "$$TOKEN_USER"
.PHONY: token

deploy: export PATH := $(CURDIR)/$(BIN):$(PATH)
deploy: $(INSTALLED) ## run the five commands of docs/deploy.md: make deploy STAGE=dev
	@test -n '$(STAGE)' || { echo 'STAGE is missing: make deploy STAGE=dev'; exit 2; }
	python -m deploy package --stage $(STAGE)
	terraform -chdir=terraform apply -var-file=envs/$(STAGE).tfvars
	python -m deploy render --stage $(STAGE)
	chalice deploy --stage $(STAGE)
	python -m deploy finish --stage $(STAGE)
.PHONY: deploy

test: $(INSTALLED) ## run all checks and all tests except the long ones
	@tests/e2e/install_chromium.sh
	@$(MAKE) --no-print-directory --jobs 2 check quick-tests
.PHONY: test

# More workers than cores: tests of running processes mostly wait. The first line compiles the tests of a new clone, which
# each worker would do for itself, once. A test that it cannot collect is reported by the second line.
quick-tests: $(INSTALLED)
	@$(BIN)/python -m pytest -m 'not long' --collect-only -qq >/dev/null 2>&1 || true
	@$(BIN)/python -m pytest -m 'not long' --numprocesses 3 --hypothesis-seed $(SEED)
.PHONY: quick-tests

test-all: $(INSTALLED) ## run the long tests, and the property tests with many more examples
	@tests/e2e/install_chromium.sh
	@$(BIN)/python -m pytest -m 'long or hypothesis' --numprocesses 3 --hypothesis-profile thorough --hypothesis-seed $(SEED)
.PHONY: test-all

$(BENCH_INSTALLED): requirements.txt requirements-run.txt requirements-dev.txt requirements-bench.txt requirements-ministack.txt
	@echo "installing into $(BENCH)"
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/pip install -qq --disable-pip-version-check $(PIP)
	@$(BENCH)/bin/pip install -qq --disable-pip-version-check --no-compile -r requirements-dev.txt -r requirements-bench.txt
	@$(PYTHON) -m venv $(BENCH)/ministack
	@$(BENCH)/ministack/bin/pip install -qq --disable-pip-version-check --no-compile -r requirements-ministack.txt
	@touch $@

bench: $(BENCH_INSTALLED) ## compare the speed with that of other libraries, and write docs/performance.md
	@$(BENCH)/bin/python -m benchmarks --write
.PHONY: bench

screenshots: $(INSTALLED) ## write docs/images: the console's views at three sizes in both themes
	@tests/e2e/install_chromium.sh
	@$(BIN)/python -m tests.console.screenshots
.PHONY: screenshots

mutants: $(INSTALLED) ## run the mutation tests and list the survivors: make mutants ONLY=guard.py
	@$(BIN)/python -m tests.simulation.mutants --only '$(ONLY)'
.PHONY: mutants

check: $(INSTALLED) ## check format, lint, types and the direction of imports
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --diff .; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@report=$$($(BIN)/lint-imports --no-cache) || { echo "$$report"; exit 1; }
	@$(BIN)/python -m tests.console.tools check
.PHONY: check

hooks: $(INSTALLED) ## install a Git hook that runs the same checks before each commit
	@$(BIN)/pre-commit install
.PHONY: hooks

audit: $(INSTALLED) ## look for known vulnerabilities in the deployed packages (needs the network)
	@$(BIN)/pip-audit --strict --no-deps --disable-pip --requirement requirements.txt
.PHONY: audit

format: $(INSTALLED) ## format the code and fix what the linter can fix
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/python -m tests.console.tools format
	@terraform fmt -recursive terraform
.PHONY: format

clean: ## remove everything that these commands made
	@rm -rf $(VENV) $(BENCH) .local build .mypy_cache .pytest_cache .ruff_cache .hypothesis
.PHONY: clean
