# `make demo` and `make test` need nothing but Python 3.11 or newer: they set up .venv once, then run.
# torch comes as one pinned wheel. On Linux the default index serves the CUDA build; to take the CPU build,
# set PIP_EXTRA_INDEX_URL to PyTorch's CPU index. Python compiles what is imported, a small part of what is installed.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV ?= .venv
WORKERS ?= 2
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST = OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --dist worksteal
CANDIDATES := python3 python3.11 python3.12 python3.13 python
RECENT := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(CANDIDATES); do if $$p -c '$(RECENT)' 2>/dev/null; then echo $$p; break; fi; done)

export TF_CPP_MIN_LOG_LEVEL ?= 3
unexport PYTHONDONTWRITEBYTECODE  # tests start many processes, and each would compile the sources anew

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "mlgraph needs Python 3.11 or newer (with venv); set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile -c constraints.txt torch==2.13.0 -e '.[dev]'
	@touch $@

.PHONY: setup
setup: $(READY)  ## Make the virtual environment

.PHONY: demo
demo: $(READY)  ## A ResNet-50 written for torch, run by torch, jax, tensorflow and numpy
	$(BIN)/python examples/demo.py

.PHONY: test
test: $(READY)  ## Everything that CI runs: all but what is marked slow
	$(MAKE) -j 2 unit types filecheck lint

.PHONY: test-all
test-all: $(READY)  ## What CI runs, and what is marked slow: whole models, long random runs
	$(MAKE) -j 2 unit-all types filecheck lint

.PHONY: static
static: $(READY)
	$(MAKE) -j 2 lint types filecheck

.PHONY: quick
quick: $(READY)  ## The tests marked quick: what is written down, and IR
	$(PYTEST) -m quick $$(grep -rl --include='test_*.py' 'pytest\.mark\.quick' tests/unit)

.PHONY: lint
lint: $(READY)  ## ruff: rules and layout
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(READY)  ## pyright
	$(BIN)/pyright --pythonpath $(BIN)/python

.PHONY: filecheck
filecheck: $(READY)  ## lit and FileCheck over tests/filecheck
	$(BIN)/lit -v tests/filecheck

.PHONY: unit
unit: $(READY)  ## pytest over tests/unit, without what is marked slow
	$(PYTEST) -m 'not slow' tests/unit

.PHONY: unit-all
unit-all: $(READY)  ## pytest over all of tests/unit
	$(PYTEST) tests/unit

.PHONY: bench
bench: $(READY)  ## The benchmarks; each writes its table to benchmarks/results
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/compile_time.py
	$(BIN)/python benchmarks/elementwise.py
	$(BIN)/python benchmarks/models.py
	$(BIN)/python benchmarks/gpu.py

.PHONY: docs
docs: $(READY)  ## What the documentation quotes: the support table, the graph and the IR in README.md
	$(BIN)/python docs/generate.py

.PHONY: clean
clean:  ## Remove what was made, the virtual environment included
	rm -rf .venv build .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help:  ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
