# make demo, make test: set everything up and run. Python 3.11 or newer is all that must be there.
PYTHON ?= $(shell command -v python3.13 || command -v python3.12 || command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready
ARGS ?=

.PHONY: demo test check dev bench chaos topology migrate lock schema histories clean

demo: $(READY)
	$(BIN)/python -m dev.demo $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest --cov --cov-report=term $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m starter check
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/python -m dev.schema --check

dev: $(READY)
	$(BIN)/python -m dev $(ARGS)

bench: $(READY)
	$(BIN)/python -m dev.bench $(ARGS)

chaos: $(READY)
	$(BIN)/python -m pytest -m chaos --chaos-campaigns=50 --chaos-kills=20 -s $(ARGS)

topology: $(READY)
	$(BIN)/python -m pytest -m topology -s $(ARGS)

migrate: $(READY)
	$(BIN)/python -m starter migrate

schema: $(READY)
	$(BIN)/python -m dev.schema

histories: $(READY)
	$(BIN)/python -m dev.histories

# Needs the registry; writes hashes only, no addresses.
lock: $(READY)
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --group dev pyproject.toml -o requirements-dev.lock

$(READY): requirements-dev.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Afterglow needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.lock
	touch $(READY)

clean:
	rm -rf .venv .afterglow
