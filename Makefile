# make demo, make test: set everything up and run. Python 3.11 or newer is all that must be there.
# The first that runs: a version manager's shim may stand on PATH for a version that is not there.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
READY := .venv/.ready
ARGS ?=

.PHONY: demo test check dev bench chaos topology migrate lock schema histories screenshots ready ready-tests clean

demo: ready
	$(BIN)/python -m dev.demo $(ARGS)

test: ready-tests
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --cov --cov-report=term $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m starter check
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/python -m dev.schema --check

dev: ready
	$(BIN)/python -m dev $(ARGS)

bench: ready
	$(BIN)/python -m dev.bench $(ARGS)
	$(BIN)/python -m dev.bench.callbacks
	$(BIN)/python -m dev.bench.orders
	$(BIN)/python -m dev.bench.imports
	$(BIN)/python -m dev.bench.recommendations
	$(BIN)/python -m dev.bench.models

chaos: ready-tests
	$(BIN)/python -m pytest -m chaos --chaos-campaigns=50 --chaos-kills=20 --chaos-sends=12500 \
		--inbox-orders=1000 --inbox-kills=20 --inbox-crashes=3 -o faulthandler_timeout=3600 -s $(ARGS)
	$(BIN)/python -m pytest tests/workflows/faults/test_flood.py --flood-signals=20000

topology: ready-tests
	$(BIN)/python -m pytest -m topology -s $(ARGS)

migrate: $(READY)
	$(BIN)/python -m starter migrate

schema: $(READY)
	$(BIN)/python -m dev.schema

histories: ready
	$(BIN)/python -m dev.histories $(ARGS)

screenshots: ready
	$(BIN)/python -m dev.screenshots

# What is slow to get (Temporal's server, its Web UI) comes before what needs it; see dev/setup.py.
ready: $(READY)
	$(BIN)/python -m dev.setup

ready-tests: $(READY)
	$(BIN)/python -m dev.setup --tests

# Needs the registry; writes hashes only, no addresses.
lock: $(READY)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header --no-annotate pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header --no-annotate --group dev pyproject.toml -o requirements-dev.lock

$(READY): requirements-dev.lock
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Afterglow needs Python 3.11 or newer: install it, or name it with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index --no-build-isolation --editable .
	touch $(READY)

clean:
	rm -rf .venv .afterglow
