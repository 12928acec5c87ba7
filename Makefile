# Two commands on a fresh machine with Python 3.11, git and make: `make demo` and `make test`.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
DEMO_SCALE := 0.02

.PHONY: demo test lint docs build clean help

help:
	@echo "make demo    install, make sample extracts, build, and answer a question about 1,000 voters"
	@echo "make test    every check: lint, types, dbt build with its tests, Python tests"
	@echo "make build   build and publish from BEHAVIORAL_DATA_DIR (default: data)"
	@echo "make docs    the lineage site, as one HTML file: target/static_index.html"
	@echo "make lint    sqlfluff, ruff and mypy only"
	@echo "make clean   remove the environment, the sample and everything that was built"

# Exact versions, once: the stamp is as old as the lock.
$(VENV)/.installed: requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is needed: install Python 3.11, or set PYTHON=…" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-virtualenv -r requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-virtualenv -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/python scripts/make_sample_data.py --scale $(DEMO_SCALE) --voters 5000 --out data
	@$(BIN)/python scripts/demo.py

build: $(VENV)/.installed
	$(BIN)/python scripts/segment.py build

test: $(VENV)/.installed-dev
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check scripts tests
	$(BIN)/ruff format --check scripts tests
	$(BIN)/mypy scripts tests/python
	$(BIN)/sqlfluff lint --disable-progress-bar models tests

docs: $(VENV)/.installed-dev
	BEHAVIORAL_DATA_DIR=$${BEHAVIORAL_DATA_DIR:-data} $(BIN)/dbt docs generate --static --profiles-dir . --target dev
	@echo "Lineage site: target/static_index.html"

clean:
	rm -rf $(VENV) data target logs warehouse/behavioral.duckdb* warehouse/.build warehouse/dev/behavioral.duckdb*
