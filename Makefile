# The ways to run and check videobroker. A fresh machine needs Python 3.11+, make and a package index.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE ?= 1

.PHONY: run test soak benchmark lint format lock clean help

help:
	@echo "make run        serve videobroker with all it needs, and print how to try it"
	@echo "make test       check everything: style, types, layers, tests on SQLite and, if one answers, PostgreSQL"
	@echo "make soak       the long runs: races, mutants and faults by the thousand"
	@echo "make benchmark  what takes how long, as ratios"
	@echo "make lint       style, types and layers alone"
	@echo "make format     write the house style"
	@echo "make lock       choose the newest parts that pyproject.toml allows"
	@echo "make clean      remove what was built (your data in ./var stays)"

# What runs, and beside it what tests: each is installed when its lock changes.
$(VENV)/.run: requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("videobroker needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the parts of requirements.lock …"
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "installing the parts of requirements-dev.lock …"
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/.run
	@$(RUN)/python manage.py run --exit-with-parent

test: $(VENV)/.dev
	@PATH="$(CURDIR)/$(RUN):$$PATH" sh tests/run_all.sh

soak: $(VENV)/.dev
	PATH="$(CURDIR)/$(RUN):$$PATH" pytest --timeout=3600 $(wildcard tests/*/soak_*.py)

benchmark: $(VENV)/.dev
	$(RUN)/python -m tests.benchmarks.minting
	PATH="$(CURDIR)/$(RUN):$$PATH" pytest --quiet --capture=no tests/benchmarks/kicking.py
	$(RUN)/python -m tests.benchmarks.purging

lint: $(VENV)/.dev
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports

format: $(VENV)/.dev
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

lock: $(VENV)/.dev
	$(RUN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --upgrade --quiet --output-file requirements.lock
	$(RUN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --upgrade --constraint requirements.lock --quiet --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis
