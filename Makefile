# Everything a developer types. Each target first makes what it needs, so a fresh clone can start with any of them.

PYTHON  ?= python3
# One more than CI has cores: a tenth of the tests' time is spent waiting for other processes.
WORKERS ?= 3
ARGS    ?=

BIN    := .venv/bin
PYTEST := $(BIN)/pytest
# A file's tests share what is costly to start, so they stay together; in the order of their names the many quick unit
# tests come last and fill what is left, where the largest files first would leave the slowest few tests for the end.
SPREAD := --dist loadfile --no-loadscope-reorder
# What runs, to be compiled beforehand: where Python may keep no bytecode, every start would do it anew.
RUNS   := agentrouter_cli contract controlplane gen liaison_agent migrations
# A benchmark is a file benchmarks/bench_<name>.py; its target writes the name's underscores as dashes.
BENCHES := $(subst _,-,$(sort $(patsubst benchmarks/bench_%.py,%,$(wildcard benchmarks/bench_*.py))))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test test-fast lint types gen check-gen bench

help: ## list the targets (this text)
	@echo "usage: make TARGET [ARGS=\"passed on to the command\"] [PYTHON=python3] [WORKERS=3]"
	@echo
	@sed -n 's/^\([a-z%-]*\):[^#]*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | sed 's/%/<name>/' \
		| awk -F '\t' '{ printf "  %-14s %s\n", $$1, $$2 }'
	@echo
	@echo "benchmarks: $(or $(BENCHES),none yet)"

setup: .venv/.project ## make .venv with every pinned dependency and the project itself, when they changed
	@$(BIN)/python -m compileall -q $(RUNS)

run: setup ## run the whole product in the foreground (Ctrl-C stops it)
	@$(BIN)/agentrouter run $(ARGS)

test: setup lint types check-gen ## everything CI checks: lint, types, generated code, every test (real Envoy, SQLite, PostgreSQL)
	@$(PYTEST) -n $(WORKERS) $(SPREAD) $(ARGS)

test-fast: setup ## unit, golden and architecture tests: no process is started
	@$(PYTEST) $(wildcard tests/unit tests/golden tests/architecture) $(ARGS)

lint: .venv/.requirements ## ruff, import directions, and the report of file and function sizes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/python tools/report_sizes.py

types: .venv/.requirements ## mypy, strict
	@$(BIN)/mypy --num-workers 2

gen: .venv/.requirements ## lint proto/ and generate gen/ from it
	@$(BIN)/python tools/gen_protos.py

check-gen: .venv/.requirements ## lint proto/ and fail when gen/ is stale; changes nothing
	@$(BIN)/python tools/gen_protos.py --check

bench: setup ## run every benchmark in turn; figures go to benchmarks/results/ and docs/BENCHMARKS.md
	@$(BIN)/python -m benchmarks

bench-%: setup ## run one benchmark, for instance bench-poll
	@$(BIN)/python -m benchmarks.bench_$(subst -,_,$*) $(ARGS)

# Stamps: the dependencies, then the project on top of them. Linters and generators need only the first.
# pip compiles one file after the other, compileall on every core; a wheel may hold files that no Python compiles.

.venv/.requirements: requirements.txt
	@$(PYTHON) tools/check_python.py
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo "installing pinned dependencies into .venv (about a minute the first time)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-compile -r requirements.txt
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib || true
	@touch $@

.venv/.project: .venv/.requirements pyproject.toml
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
