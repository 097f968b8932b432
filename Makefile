# One door for every task; `make` alone prints this list.
PYTHON ?= python3
BIN := .venv/bin
LOCK := requirements/linux-x86_64-py311
SOURCES := schemas process understanding casework streams simulation batch serving ticketyard infra tests
UV := $(BIN)/uv
# Three processes for two cores: many tests mostly wait for a broker.
SHARED_OUT := --numprocesses=3 --no-loadscope-reorder
# What test-layers has just run; tests/unit/infra needs all layers.
NOT_AGAIN := $(foreach layer,schemas process understanding casework ticketyard streams simulation batch serving,--ignore=tests/unit/$(layer))
UV_COMPILE = $(UV) pip compile pyproject.toml --quiet --python-version 3.11 \
	--python-platform x86_64-manylinux_2_28 --generate-hashes --no-emit-index-url --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help check-machine setup setup-all setup-peers demo test test-fast test-layers lint bench bench-quality \
	bench-signals replay-it replay-incidents lock clean

help:  ## print the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-18s %s\n", $$1, $$2}'

check-machine:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11, 3.12 or 3.13, or run make with PYTHON=/path/to/it." >&2; exit 1; }
	@$(PYTHON) infra/foundation/prerequisites.py

setup: check-machine  ## create .venv with .venv/bin/ticketyard, fetch Java archives, make encoder and first model (1.8 GB, no PyTorch)
	@$(PYTHON) infra/install.py demo
	@$(BIN)/python -m infra.set_up

setup-all: check-machine  ## the same with PyTorch and the tools for tests (7 GB)
	@$(PYTHON) infra/install.py all
	@$(BIN)/python -m infra.set_up

setup-peers: setup-all  ## what `python -m tests.bench --only peers` compares with, in .venv-peers (0.1 GB)
	@$(BIN)/python -m tests.bench.peers.environment

demo: setup  ## watch the whole pipeline work, four minutes; SERVE=1 leaves it running
	@$(BIN)/ticketyard demo $(if $(SERVE),--serve)

test: setup-all test-layers  ## every test, on the real Kafka, Spark and DuckDB (twenty minutes on two cores)
	$(BIN)/python -m pytest $(SHARED_OUT) --durations=20 $(NOT_AGAIN)

test-fast: setup-all  ## the tests that need no engine (under a minute)
	$(BIN)/python -m pytest $(SHARED_OUT) tests/unit tests/contract

test-layers: setup-all  ## each layer's unit tests where only that layer's extra is installed
	@$(BIN)/python tests/layer_environment.py

lint: setup-all  ## ruff, mypy --strict, and the contracts between the layers
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup-all  ## the speed of every part on this machine beside its bar (25 minutes)
	@$(BIN)/python -m tests.bench

bench-quality: setup-all  ## train from scratch on the public data, print quality beside the bars (over an hour)
	@$(BIN)/python -m tests.bench.quality

bench-signals: setup  ## how well own words, urgency and automatic mail are read, beside the bars (a minute)
	@$(BIN)/python -m tests.bench.signals_quality

replay-it: setup  ## train on 80 % of the public IT tickets, replay the rest, compare with evaluate
	@$(BIN)/python -m tests.public_data it

replay-incidents: setup  ## replay the public incident log in event time, compare with a recount
	@$(BIN)/python -m tests.public_data incidents

lock: setup-all  ## resolve the dependencies anew into requirements/ (run it on Linux x86-64)
	$(UV_COMPILE) --extra streams --extra batch --extra serving --extra train --extra xlsx --extra dev $(UPGRADE) -o $(LOCK)-all.txt
	$(UV_COMPILE) --extra streams --extra batch --extra serving --extra xlsx --extra build -c $(LOCK)-all.txt -o $(LOCK)-demo.txt
	grep -A 2 '^setuptools==' $(LOCK)-all.txt > $(LOCK)-build.txt
	$(UV_COMPILE:pyproject.toml=requirements/peers.in) $(UPGRADE) -o $(LOCK)-peers.txt

clean:  ## remove .venv, .ticketyard and every cache
	rm -rf .venv .venv-layers .venv-peers .ticketyard build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
