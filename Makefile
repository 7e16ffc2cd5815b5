# Two commands to know: `make run` and `make test`. Each installs what it needs into .venv first.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# Generated examples are the same in each run, so what turns red is the change; `make test-all SEED=7` looks elsewhere.
SEED ?= 0

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s $$'\t'
.PHONY: help

$(INSTALLED): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	@echo "installing into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(INSTALLED) ## everything on this machine, firing for real; Ctrl-C ends it (CLOUD_PORT, API_PORT, CORS_ORIGINS)
	@exec $(BIN)/python -m local run --parent $$PPID --cloud-port $(or $(CLOUD_PORT),4566) --api-port $(or $(API_PORT),8000) --cors-origins '$(CORS_ORIGINS)'
.PHONY: run

# By an environment variable, so that no shell reads quotes in a name.
token: export TOKEN_USER = $(if $(filter command\ line,$(origin USER)),$(value USER),alice)
token: $(INSTALLED) ## a token of `make run` for somebody: make token USER=bob (CLOUD_PORT)
	@$(BIN)/python -m local token --cloud-port $(or $(CLOUD_PORT),4566) --user "$$TOKEN_USER"
.PHONY: token

deploy: export PATH := $(CURDIR)/$(BIN):$(PATH)
deploy: $(INSTALLED) ## the five commands of docs/deploy.md: make deploy STAGE=dev
	@test -n '$(STAGE)' || { echo 'say which: make deploy STAGE=dev'; exit 2; }
	python -m deploy package --stage $(STAGE)
	terraform -chdir=terraform apply -var-file=envs/$(STAGE).tfvars
	python -m deploy render --stage $(STAGE)
	chalice deploy --stage $(STAGE)
	python -m deploy finish --stage $(STAGE)
.PHONY: deploy

test: $(INSTALLED) ## all checks and tests but the long ones
	@$(MAKE) --no-print-directory check
	@tests/e2e/install_chromium.sh
	@$(BIN)/python -m pytest -m 'not long' --numprocesses 2 --hypothesis-seed $(SEED)
.PHONY: test

test-all: $(INSTALLED) ## the long suites, and the property tests with many more examples
	@$(BIN)/python -m pytest -m 'long or hypothesis' --numprocesses 2 --hypothesis-profile thorough --hypothesis-seed $(SEED)
.PHONY: test-all

mutants: $(INSTALLED) ## errors planted into the crucial code, which the tests must notice; long
	@$(BIN)/python -m tests.simulation.mutants
.PHONY: mutants

check: $(INSTALLED) ## format, lint, types, direction of imports
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --diff .; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@report=$$($(BIN)/lint-imports --no-cache) || { echo "$$report"; exit 1; }
.PHONY: check

hooks: $(INSTALLED) ## the same checks before each commit
	@$(BIN)/pre-commit install
.PHONY: hooks

audit: $(INSTALLED) ## known vulnerabilities of what is deployed; asks the package index
	@$(BIN)/pip-audit --strict --no-deps --disable-pip --requirement requirements.txt
.PHONY: audit

format: $(INSTALLED) ## mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@terraform fmt -recursive terraform
.PHONY: format

clean: ## remove everything made here
	@rm -rf $(VENV) .local build .mypy_cache .pytest_cache .ruff_cache .hypothesis
.PHONY: clean
