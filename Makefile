# Every target sets up what it needs, in .venv. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint requirements.lock
CLIENTS := $(VENV)/clients
# The official SDKs that the tests run, unmodified.
RUNWARE_SDK := runware-sdk==1.8.0
RUNWARE := runware==0.5.24
RUNWARE_JS := @runware/sdk-js@1.3.2
# The storage emulators that uploads are tested with; those in Python, and the vendors' SDKs, are the group "storage".
STORAGE := $(CLIENTS)/storage
EMULATORS := azurite@3.35.0 s3rver@3.7.1
# What the mock is measured beside. WireMock's package holds its jar, and a Java runs it.
PEERS := $(VENV)/peers
RIVALS := prism=@stoplight/prism-cli@5.16.0 wiremock=wiremock@3.13.2 mockoon=@mockoon/cli@9.9.0
# Asks for known weaknesses of the versions in requirements.lock.
PIP_AUDIT := pip-audit==2.10.1
# Holds the mock against its own OpenAPI description.
SCHEMATHESIS := schemathesis==4.32.5
NPM := npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts
# A Node of the machine is used where there is one of version 18 or newer, with npm; otherwise one comes as a wheel.
export PATH := $(abspath $(BIN)):$(PATH)
# Tests start hundreds of processes, each of which would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help serve test test-deep simulate check lint audit format types bench bench-peers fuzz mutants mutation kills clips dist-check clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(VENV)/ready ## serve the mock on 127.0.0.1:8080; more options: make serve OPTIONS="--port 9000"
	@exec $(BIN)/runware-mock serve $(OPTIONS)

test: $(VENV)/test-ready $(CLIENTS)/ready $(STORAGE)/ready $(CLIENTS)/schemathesis/ready ## run all tests, with coverage
	@.ci/provide redis-server:redis-server ffprobe:ffmpeg curl:curl chromium:chromium ip:iproute2 jq:jq unshare:util-linux
	@rm -f .coverage .coverage.*
	$(BIN)/python -m pytest -n 2 --cov --cov-report= $(OPTIONS)
	@$(BIN)/coverage report --fail-under=95
	@$(BIN)/python -m tests.support.coverage_floor 85

test-deep: $(VENV)/test-ready $(CLIENTS)/ready ## run the property tests with many more examples
	$(BIN)/python -m pytest -n 2 -m deep --hypothesis-profile=deep $(OPTIONS)

simulate: $(VENV)/test-ready ## simulate the mock from seeds; more: make simulate OPTIONS="--seeds 1000 --state workers"
	@$(BIN)/python -m tests.simulation $(OPTIONS)

check: lint audit test ## everything that must pass before a commit

lint: $(VENV)/lint-ready ## style, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: $(VENV)/test-ready $(VENV)/audit/ready ## known weaknesses of pinned packages, where they can be asked for
	@$(BIN)/python -m tests.support.audit $(VENV)/audit/bin/pip-audit requirements.lock

format: $(VENV)/lint-ready ## put the code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/lint-ready ## types alone
	$(BIN)/mypy

mutants: $(VENV)/test-ready ## clients with a mistake each, and what the kit finds of them
	$(BIN)/python -m tests.kit.table

mutation: $(VENV)/mutation-ready ## mutation testing of the duties of clients
	$(BIN)/python -m tests.kit.mutation

kills: $(VENV)/test-ready ## kill served mocks at 400 random instants under load, and count what was lost
	$(BIN)/python -m tests.kills --kills 100 $(OPTIONS)
	$(BIN)/python -m tests.kills --kills 100 --workers 3 $(OPTIONS)
	$(BIN)/python -m tests.kills --kills 200 --fleet 3 $(OPTIONS)

bench: $(VENV)/test-ready ## speed and memory, as ratios in one run
	$(BIN)/python -m tests.bench $(OPTIONS)

bench-peers: $(VENV)/test-ready ## speed and memory beside Prism, WireMock and Mockoon
	@.ci/has-node || $(PIP) --group node
	@.ci/provide java:default-jre-headless || true
	@.ci/install-peers $(PEERS) $(RIVALS)
	$(BIN)/python -m tests.bench.peers $(OPTIONS)

fuzz: $(VENV)/test-ready ## nonsense at a served mock for a while: make fuzz OPTIONS="--minutes 10"
	$(BIN)/python -m tests.fuzz $(OPTIONS)

clips: $(VENV)/ready ## render the shipped clips anew
	$(BIN)/python -m mockserver.media.prerender

dist-check: $(VENV)/test-ready ## build the wheel, install it elsewhere and serve a task from it
	$(BIN)/python -m pytest tests/test_package.py

clean: ## remove everything that was set up or built
	rm -rf $(VENV) mutants build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(BIN)/python:
	@.ci/provide ensurepip:python3-venv
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --upgrade pip

$(VENV)/ready: $(BIN)/python pyproject.toml requirements.lock
	@echo "Setting up the mock in $(VENV) ..."
	@$(PIP) --editable '.[media,redis]'
	@touch $@

$(VENV)/test-ready: $(VENV)/ready
	@echo "Setting up the tests in $(VENV) ..."
	@$(PIP) --group test
	@touch $@

$(VENV)/mutation-ready: $(VENV)/test-ready
	@echo "Setting up mutation testing in $(VENV) ..."
	@$(PIP) --group mutation
	@touch $@

$(VENV)/lint-ready: $(VENV)/test-ready
	@echo "Setting up the style checks in $(VENV) ..."
	@$(PIP) --group lint
	@touch $@

# Both Python SDKs are imported as "runware", so each has an environment of its own.
$(CLIENTS)/ready: $(VENV)/test-ready Makefile .ci/has-node
	@echo "Setting up the official SDKs in $(CLIENTS) ..."
	@$(PYTHON) -m venv --without-pip $(CLIENTS)/runware-sdk
	@$(BIN)/python -m pip --disable-pip-version-check --python $(CLIENTS)/runware-sdk install --quiet '$(RUNWARE_SDK)'
	@$(PYTHON) -m venv --without-pip $(CLIENTS)/runware
	@$(BIN)/python -m pip --disable-pip-version-check --python $(CLIENTS)/runware install --quiet '$(RUNWARE)'
	@.ci/has-node || $(PIP) --group node
	@mkdir -p $(CLIENTS)/node
	@$(NPM) --prefix $(CLIENTS)/node '$(RUNWARE_JS)'
	@touch $@

# Schemathesis brings a plugin that loads itself into every run of pytest, so that it has an environment of its own.
$(CLIENTS)/schemathesis/ready: $(VENV)/test-ready Makefile
	@echo "Setting up Schemathesis in $(CLIENTS)/schemathesis ..."
	@$(PYTHON) -m venv --without-pip $(CLIENTS)/schemathesis
	@$(BIN)/python -m pip --disable-pip-version-check --python $(CLIENTS)/schemathesis install --quiet --constraint requirements.lock '$(SCHEMATHESIS)'
	@touch $@

# In an environment of its own: what audits the pinned packages is not to be one of them.
$(VENV)/audit/ready: $(VENV)/test-ready Makefile
	@echo "Setting up the audit in $(VENV)/audit ..."
	@$(PYTHON) -m venv --without-pip $(VENV)/audit
	@$(BIN)/python -m pip --disable-pip-version-check --python $(VENV)/audit install --quiet '$(PIP_AUDIT)'
	@touch $@

# The SDK of S3 refuses the dateutil of the tests, so that these have an environment and a lock of their own.
$(STORAGE)/ready: $(VENV)/test-ready Makefile requirements-storage.lock .ci/has-node
	@echo "Setting up storage emulators in $(STORAGE) ..."
	@$(PYTHON) -m venv --without-pip $(STORAGE)
	@$(BIN)/python -m pip --disable-pip-version-check --python $(STORAGE) install --quiet --no-compile --constraint requirements-storage.lock --group storage
	@.ci/has-node || $(PIP) --group node
	@mkdir -p $(STORAGE)/node
	@$(NPM) --prefix $(STORAGE)/node $(EMULATORS)
	@touch $@
