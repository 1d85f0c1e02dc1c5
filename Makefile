# GNU make and a POSIX shell. `make` alone tells what there is.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV := .venv
TRAIN_VENV := .venv-train
BIN := $(VENV)/bin
TORCH := torch==2.13.0
SOURCES := $(wildcard api benchmarks chat_ui copilot hub_core models_local retrieval tests tools)
CATALOG := build/catalog.json

# Compiled for what its processor says it can, llama.cpp dies on virtual machines that announce AMX and do not allow it.
# This is for every x86-64 processor with AVX2.
export CMAKE_ARGS ?= -DGGML_NATIVE=OFF

PORT ?=
ARGS ?=

# uv knows the machine's certificates, and the package mirror pip was told of: many networks allow nothing else.
export UV_SYSTEM_CERTS ?= 1
UV = UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null)}}"; \
  if [ -n "$$UV_DEFAULT_INDEX" ]; then export UV_DEFAULT_INDEX; else unset UV_DEFAULT_INDEX; fi; $(BIN)/uv

# Sets $$python to the first Python that is new enough; PYTHON=… is tried before the others.
FIND_PYTHON = python=; for candidate in $$PYTHON python3.11 python3.12 python3.13 python3; do \
    if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python=$$candidate; break; fi; done

# Sets $$lacking to the Debian packages whose programs are missing: first what every use needs, then what tests need.
FIND_LACKING = $(FIND_PYTHON); lacking=; \
    if [ -z "$$python" ]; then lacking="python3 python3-venv"; \
    elif ! $$python -c 'import ensurepip, venv' >/dev/null 2>&1; then \
      lacking=$$($$python -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); fi; \
    command -v git >/dev/null || lacking="$$lacking git"; \
    { command -v cc && command -v c++; } >/dev/null || lacking="$$lacking build-essential"
FIND_TEST_LACKING = for program in git-lfs chromium; do command -v $$program >/dev/null || lacking="$$lacking $$program"; done; \
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || lacking="$$lacking postgresql"; \
    { command -v mariadbd || [ -x /usr/sbin/mariadbd ]; } >/dev/null || lacking="$$lacking mariadb-server-core mariadb-client-core"

CHECK_MACHINE = $(FIND_LACKING); \
	if [ -n "$$lacking" ]; then \
	  echo "This machine lacks something the hub needs (Python 3.11 or newer with venv, git, a C and C++ compiler)." >&2; \
	  echo "On Debian and Ubuntu:" >&2; echo "    apt-get install$$(printf ' %s' $$lacking)" >&2; exit 1; \
	fi; \
	echo "This machine has what the hub needs: $$($$python --version), $$(git --version), a compiler."

.PHONY: help
help: ## Tell what there is
	@echo "Usage: make TARGET [PORT=8000] [ARGS=...]"; echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  %-14s %s\n' "$$name" "$$text"; done

.PHONY: up
up: $(VENV)/.base ## Install what is missing and run the hub: make up PORT=9000
	@exec $(BIN)/hubpilot up $(if $(PORT),--port $(PORT)) $(ARGS)

.PHONY: test
test: packages $(VENV)/.dev ## Run the tests: make test ARGS="tests/api -k lfs"
	@$(BIN)/python -m pytest $(ARGS)

.PHONY: check
check: packages $(VENV)/.dev ## Check style, types, architecture and spelling
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell $(SOURCES) docs *.md *.toml

.PHONY: fmt
fmt: $(VENV)/.dev ## Correct what the style check can correct by itself
	$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(VENV)/.dev ## Measure: make bench ARGS=...
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: conformance
conformance: packages $(VENV)/.dev ## Run git's and git-lfs's own tests against the hub: make conformance ARGS=...
	@$(BIN)/python -m tests.conformance $(ARGS)

.PHONY: torture
torture: packages $(VENV)/.dev ## Kill the hub at random moments and check what is left: make torture ARGS="--rounds 300"
	@$(BIN)/python -m tests.torture $(ARGS)

.PHONY: train-model
train-model: $(TRAIN_VENV)/.train $(CATALOG) ## Train the shipped language model anew (about a quarter of an hour on two cores)
	$(TRAIN_VENV)/bin/python -m models_local.training.train --phrases tools/examples --catalog $(CATALOG) --out models_local/weights $(ARGS)

.PHONY: eval-model
eval-model: $(VENV)/.base $(CATALOG) ## Score the shipped language model on phrases it was not trained with
	$(BIN)/python -m models_local.training.evaluate --phrases tools/examples --catalog $(CATALOG) $(ARGS)

.PHONY: doctor
doctor: ## Say whether this machine has what the hub needs
	@$(CHECK_MACHINE)

.PHONY: packages
packages: ## Install the Debian packages that building and testing need (as root; else say which)
	@$(FIND_LACKING); $(FIND_TEST_LACKING); \
	[ -n "$$lacking" ] || exit 0; \
	install="apt-get install --yes --no-install-recommends$$(printf ' %s' $$lacking)"; \
	echo "Building and testing need Debian packages that are missing:$$(printf ' %s' $$lacking)"; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  { apt-get update && DEBIAN_FRONTEND=noninteractive $$install; } || echo "They could not be installed; tests that need them are skipped."; \
	else echo "Install them with: $$install"; echo "Tests that need them are skipped."; fi

.PHONY: clean
clean: ## Remove what was installed and built; the data folder stays
	rm -rf $(VENV) $(TRAIN_VENV) build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

# What is installed is remembered by stamps. The development set includes the base set, so once it is there `up` keeps it.

$(VENV)/.uv: requirements/uv.txt
	@$(CHECK_MACHINE)
	@$(FIND_PYTHON); echo "Creating $(VENV) with $$($$python --version)."; $$python -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.txt
	@touch $@

ifneq ($(wildcard $(VENV)/.dev),)
$(VENV)/.base: requirements/base.txt $(VENV)/.dev
	@touch $@
else
$(VENV)/.base: requirements/base.txt pyproject.toml $(VENV)/.uv
	@$(call sync,base,$(VENV))
endif

$(VENV)/.dev: requirements/dev.txt pyproject.toml $(VENV)/.uv
	@$(call sync,dev,$(VENV)) && touch $(VENV)/.base

# $(call sync,SET,VENV) makes the packages of an environment those of a set.
# llama.cpp is compiled on this machine. pip does that, not uv: it keeps what it built whatever the package index says about caching.
define sync
	$(2)/bin/python -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("llama_cpp"))' || \
	  echo "llama.cpp is compiled now: about 4 minutes on 2 cores, the first time on this machine."; \
	sed -n '/^llama-cpp-python==/,/[^\\]$$/p' requirements/$(1).txt > $(2)/llama.txt && \
	$(2)/bin/python -m pip install --disable-pip-version-check --no-deps --require-hashes --requirement $(2)/llama.txt && \
	echo "Installing Python packages (requirements/$(1).txt)." && \
	{ $(UV) pip sync --python $(2)/bin/python --require-hashes requirements/$(1).txt && \
	  $(BIN)/uv pip install --python $(2)/bin/python --quiet --no-deps --editable .; } && touch $(2)/.$(1)
endef

# PyTorch by itself: its CPU build and its CUDA build share a version and differ in every hash.
$(TRAIN_VENV)/.train: requirements/train.txt requirements/base.txt $(VENV)/.uv
	@$(FIND_PYTHON); $$python -m venv $(TRAIN_VENV)
	@$(call sync,base,$(TRAIN_VENV))
	$(TRAIN_VENV)/bin/python -m pip install --disable-pip-version-check $(TORCH)
	$(TRAIN_VENV)/bin/python -m pip install --disable-pip-version-check --no-deps --require-hashes --requirement requirements/train.txt
	@touch $@

$(CATALOG): $(VENV)/.base tools/catalog.py tools/schema.py
	@mkdir -p $(@D)
	@$(BIN)/python -c 'import json; from tools.schema import function_schemas; print(json.dumps(list(function_schemas()), indent=1))' > $@.part
	@mv $@.part $@
