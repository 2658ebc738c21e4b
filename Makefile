# Needs Python 3.11 or newer, and make. Everything runs in .venv, which the first call fills.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.ready-bench
# Many tests start an interpreter, which reads bytecode.
TESTS := FEERULES_REQUIRE_EXTRAS=1 PYTHONDONTWRITEBYTECODE= $(RUN) pytest -q -n auto -p no:benchmark
# Two -q: pip says only what failed.
INSTALL := $(RUN) pip install -q -q

.DEFAULT_GOAL := help
.PHONY: help demo test long thorough check lint types bench format clean

help:
	@echo "make demo     a first bill, in the terminal"
	@echo "make test     the tests"
	@echo "make long     the tests that take seconds each: on Spark, in a browser, of whole examples"
	@echo "make thorough all tests, with all examples of the laws that cost most"
	@echo "make check    ruff, mypy, and both kinds of tests: what CI runs"
	@echo "make bench    the benchmarks, against other engines in the same run"
	@echo "make format   lets ruff format and mend what it can"
	@echo "make clean    removes .venv and the caches"

demo: $(READY)
	@$(VENV)/bin/python examples/demo.py

# The extras are installed here, so a test that finds one missing is an error, not a skip.
test: $(READY)
	@echo "Running the tests"
	@$(TESTS) -m "not long"

long: $(READY)
	@echo "Running the tests that take long"
	@$(TESTS) -m long

thorough: $(READY)
	@echo "Running all tests, with all examples of the laws that cost most"
	@HYPOTHESIS_PROFILE=thorough $(TESTS)

check: lint types test long

lint: $(READY)
	@echo "Checking style and format with ruff"
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .

types: $(READY)
	@echo "Checking types with mypy"
	@$(RUN) mypy

bench: $(BENCH_READY)
	@echo "Running the benchmarks"
	@$(RUN) pytest benchmarks -q

format: $(READY)
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .

clean:
	rm -rf .venv .venv313 .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache dist

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "feerules needs Python 3.11 or newer; $(PYTHON) is not. Name one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing feerules and its tools into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) "pip>=25.1"
	@$(INSTALL) -e ".[all]" --group dev
	@$(INSTALL) -e ".[events]" 2>/dev/null || \
		echo "durable-rules cannot be built here (it needs a C compiler): its tests are left out"
	@touch $@

$(BENCH_READY): $(READY)
	@echo "Installing the engines to measure against into $(VENV)"
	@$(INSTALL) --group bench
	@touch $@
