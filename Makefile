# Two commands on a fresh machine with Python 3.11, git and make: `make demo` and `make test`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# The runner's package, and the tools that use it.
export PYTHONPATH := scripts:tools
DEMO_SCALE := 0.02
# Python compiles the modules that it imports, a third of those that are installed.
PIP_OPTIONS := --quiet --disable-pip-version-check --require-virtualenv --no-compile

.PHONY: demo test thorough lint docs docs/marts.md docs/metrics.md build equivalence benchmark clean help

help:
	@echo "make demo         install, make sample extracts, build, and answer questions about a list of voters"
	@echo "make test         run every check: lint, types, dbt build with its tests, Python tests"
	@echo "make lint         run sqlfluff, ruff and mypy only"
	@echo "make thorough     run every kill, fault and day of changes; make test runs a selection (an hour)"
	@echo "make model        build one model into your own database, with its data tests (NAME=client_affinity)"
	@echo "make build        build and publish from BEHAVIORAL_DATA_DIR (default: data)"
	@echo "make docs         write the docs site: tables, lineage, scores, bias audit (HTML in target/)"
	@echo "make docs/marts.md   write the page of tables and functions from the descriptions"
	@echo "make docs/metrics.md write the page of metrics, and the metrics of MetricFlow"
	@echo "make benchmark    measure builds and questions beside the brief's SQL (SCALE=1 is full size)"
	@echo "make equivalence  check that daily builds equal full builds (DAYS, SEED, SCALE)"
	@echo "make clean        remove the environment, the sample and everything that was built"

# Install the exact versions of the lock; the stamp says that it is done.
$(VENV)/.installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 is needed: install it, or set PYTHON=…" >&2; exit 2; }
	@echo "Installing into $(VENV) (half a minute, 300 MB)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install $(PIP_OPTIONS) -r requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install $(PIP_OPTIONS) -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.installed
	@echo "Step 1 of 3: a sample of 5,000 made-up voters in data/ (15 seconds, 70 MB)"
	@$(BIN)/python scripts/make_sample_data.py --scale $(DEMO_SCALE) --voters 5000 --out data --quiet
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

# One model (NAME=client_affinity; client_affinity+ with its readers) into your own file, with its data tests.
# Its unit tests: dbt test --select "test_type:unit,client_affinity".
.PHONY: model
model: $(VENV)/.installed
	@test -n "$(NAME)" || { echo "Name a model: make model NAME=client_affinity" >&2; exit 2; }
	$(BIN)/dbt --quiet --no-write-json build --profiles-dir . --exclude-resource-type unit_test --select $(NAME)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check scripts tools tests
	$(BIN)/ruff format --check scripts tools tests
	$(BIN)/mypy scripts/segment.py scripts/enrichment tools tests/conftest.py tests/python tests/faults
	@# Two processes of a part each: with `--processes 2` sqlfluff copies what it rendered, and takes longer.
	find models tests -name '*.sql' | sort | xargs -n 40 -P 2 \
		$(BIN)/sqlfluff lint --disable-progress-bar --processes 1

# The same check as in `make test`, for more days or more rows.
SCALE ?= 0.1
DAYS ?= 5
SEED ?= 1

equivalence: $(VENV)/.installed-dev
	$(BIN)/python tools/check_incremental.py --scale $(SCALE) --days $(DAYS) --seed $(SEED) \
		--data warehouse/equivalence

# The site shows the tables of an analyst's file. It is built first if it is missing or older than a
# definition. The stamp is written only after that build succeeds.
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
	$(BIN)/dbt --quiet docs generate --profiles-dir . --target dev \
		--select resource_type:model resource_type:seed resource_type:source
	@$(BIN)/python tools/docs_site.py
	@$(BIN)/python tools/render_docs.py scores bias-audit --html --database warehouse/dev/behavioral.duckdb \
		$$(test -n "$$BEHAVIORAL_DATA_DIR" -o ! -d data/truth || echo --sample) > /dev/null
	@echo "Home page, all tables:     target/static_index.html"
	@echo "From number to extract:    target/docs_pages/index.html"
	@echo "Keys of the marts:         target/docs_pages/relationships.html"
	@echo "Distribution of scores:    target/docs_pages/scores.html"
	@echo "Bias audit:                target/docs_pages/bias-audit.html"

docs/marts.md: $(VENV)/.installed-dev
	@$(BIN)/python tools/render_docs.py marts

docs/metrics.md: $(VENV)/.installed-dev
	@$(BIN)/python tools/render_docs.py metrics

# The audit log stays: it records past calls, and no build can write it again.
clean:
	rm -rf $(VENV) data target logs warehouse/behavioral.duckdb warehouse/behavioral.duckdb.wal \
		warehouse/behavioral.duckdb.private-* \
		warehouse/behavioral.duckdb.key warehouse/.build warehouse/.history warehouse/dev/behavioral.duckdb* \
		warehouse/demo warehouse/demo_svids.csv warehouse/equivalence benchmark metrics/target metrics/logs
