# Two commands on a fresh machine with Python 3.11, git and make: `make demo` and `make test`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# The runner's package, and the tools that use it.
export PYTHONPATH := scripts:tools
DEMO_SCALE := 0.02

.PHONY: demo test thorough lint docs build equivalence benchmark clean help

help:
	@echo "make demo    install, make sample extracts, build, and answer a question about 1,000 voters"
	@echo "make test    every check: lint, types, dbt build with its tests, Python tests"
	@echo "make thorough  every kill, fault and day of changes, of which make test has a choice (an hour)"
	@echo "make build   build and publish from BEHAVIORAL_DATA_DIR (default: data)"
	@echo "make benchmark [SCALE=1.0]   what builds and questions take, beside the brief's SQL"
	@echo "make docs    the lineage site and column lineage, as HTML files in target/"
	@echo "make lint    sqlfluff, ruff and mypy only"
	@echo "make equivalence    prove that daily builds equal full ones, day by day (DAYS, SEED, SCALE)"
	@echo "make clean   remove the environment, the sample and everything that was built"

# Exact versions, once: the stamp is as old as the lock.
$(VENV)/.installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 is needed: install it, or set PYTHON=…" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-virtualenv -r requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-virtualenv -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/python scripts/make_sample_data.py --scale $(DEMO_SCALE) --voters 5000 --out data
	@$(BIN)/python tools/demo.py

build: $(VENV)/.installed
	$(BIN)/python scripts/segment.py build

# Results go to benchmark/results-<scale>.json; ONLY=scan,build measures some sections only.
benchmark: SCALE := 0.01
benchmark: $(VENV)/.installed
	@$(BIN)/python tools/benchmark.py --scale $(SCALE) $(if $(ONLY),--only $(ONLY))

test: $(VENV)/.installed-dev
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

thorough: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --thorough --numprocesses 2 --dist loadfile --no-loadscope-reorder tests/faults \
		tests/python/test_incremental.py

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check scripts tools tests
	$(BIN)/ruff format --check scripts tools tests
	$(BIN)/mypy scripts/segment.py scripts/enrichment tools tests/conftest.py tests/python tests/faults
	$(BIN)/sqlfluff lint --disable-progress-bar models tests

# What `make test` proves for some days of a small sample, for more days or more rows.
SCALE ?= 0.1
DAYS ?= 5
SEED ?= 1

equivalence: $(VENV)/.installed-dev
	$(BIN)/python tools/check_incremental.py --scale $(SCALE) --days $(DAYS) --seed $(SEED) \
		--data warehouse/equivalence

# The site shows the tables of an analyst's file, made first if it is missing or older than a
# definition. The stamp is made only when that build has succeeded.
DEV_BUILT := target/.dev-built
ifeq ($(wildcard warehouse/dev/behavioral.duckdb),)
.PHONY: $(DEV_BUILT)
endif

$(DEV_BUILT): $(VENV)/.installed dbt_project.yml $(shell find models macros seeds -name '*.*')
	@test -n "$$BEHAVIORAL_DATA_DIR" -o -d data || \
		$(BIN)/python scripts/make_sample_data.py --scale $(DEMO_SCALE) --voters 5000 --out data
	$(BIN)/dbt --quiet build --profiles-dir . --target dev --exclude-resource-type test unit_test
	@touch $@

docs: $(VENV)/.installed-dev $(DEV_BUILT)
	$(BIN)/dbt --quiet docs generate --static --profiles-dir . --target dev
	@# What it cannot follow is told; the table functions are never in DuckDB's catalog, and not told.
	@$(BIN)/colibri generate --disable-telemetry --output-dir target/column_lineage \
		> target/column_lineage.log 2>&1 || { cat target/column_lineage.log >&2; exit 1; }
	@grep "Unexpected error" target/column_lineage.log >&2 || true
	@echo "Tables and their lineage:  target/static_index.html"
	@echo "Lineage column by column:  target/column_lineage/index.html"

# The audit log stays: it is not built, and tells of what no longer exists, too.
clean:
	rm -rf $(VENV) data target logs warehouse/behavioral.duckdb warehouse/behavioral.duckdb.wal \
		warehouse/behavioral.duckdb.key warehouse/.build warehouse/.history warehouse/dev/behavioral.duckdb* \
		warehouse/demo warehouse/demo_svids.csv warehouse/equivalence benchmark
