# Two words do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# One thread per process: small networks are faster so, and results do not depend on the machine.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: help setup demo test test-slow check lint types layers reference wheel bench catalogue docs clean

help:            ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(STAMP)  ## make .venv with the exact versions of constraints.txt

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "rltransfer needs Python 3.11 or newer, and $(PYTHON) is not:" \
	    "name one that is, such as: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,all]"
	touch $@

demo: setup      ## the main job: CartPole with varied pole length, 6 of 50 sources are picked; a report
	$(BIN)/rltransfer run cartpole --vary length --targets 50 --rounds 6 --jobs 2 \
	    --compare random,equidistant,multi-task

test: setup      ## every fast test
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

test-slow: setup ## the proofs that take minutes
	$(BIN)/python -m pytest -m slow

check: lint types layers  ## ruff, mypy --strict, import-linter

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

layers: setup
	$(BIN)/lint-imports

reference: setup ## make runs/reference again: three seeds, all comparisons
	$(BIN)/rltransfer run cartpole --vary length --targets 50 --rounds 6 --seeds 0-2 \
	    --compare mbtl,random,equidistant,multi-task --name reference --jobs 2

wheel: setup     ## build dist/*.whl and the sdist
	$(BIN)/python -m build

bench: setup     ## how fast we are beside others, in one run (20 minutes); docs/performance.md
	$(BIN)/python benchmarks/performance

catalogue: setup ## make docs/environments.md and docs/commands.md again from what they describe
	MUJOCO_GL=$${MUJOCO_GL:-egl} $(BIN)/python -m rltransfer.reports.catalogue docs
	$(BIN)/python -m rltransfer.cli.reference docs

docs: setup      ## the documentation as static pages in site/
	$(BIN)/mkdocs build --strict

clean:           ## remove what was built, keep runs/
	rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
