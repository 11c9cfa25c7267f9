# Every target sets up what it needs: a virtual environment in .venv, installed with the pins of constraints.txt.
# A second call finds it there. `make PYTHON=python3.12 …` chooses the interpreter that .venv is made from.

PYTHON ?= python3
JOBS ?= 2
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
CREATED := $(VENV)/.created
RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev
DOCS := $(VENV)/.installed-docs
ALL := $(VENV)/.installed-all
SCRATCH := .venv-constraints

unexport PYTHONDONTWRITEBYTECODE  # without bytecode on disk, every test worker compiles all modules: 8 s each
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help report test test-slow campaigns bench lint docs constraints clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

report: $(RUNTIME) ## the main job: is an LSTM Bayes-optimal on coin flips? Writes a report and says where
	@$(BIN)/bayesgauge run beta_bernoulli

test: $(DEV) ## the tests that are not marked slow (ARGS="-k coin" passes options to pytest)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

test-slow: $(DEV) ## the tests that are marked slow
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m slow --timeout 3600 $(ARGS)

campaigns: $(DEV) ## thousands of generated cases, at most 90 minutes of two cores; resumes (ARGS="NAME --count 50")
	$(BIN)/python -m tests.campaigns $(ARGS)

bench: $(DEV) ## speed and memory against stated targets
	$(BIN)/python -m tests.bench $(ARGS)

lint: $(DEV) ## style, types, import contracts, generated stubs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m bayesopt.families.stub --check

docs: $(DOCS) ## the documentation, tutorials executed; BAYESGAUGE_DOCS_SMOKE=1 makes them tiny
	$(BIN)/python -m sphinx --jobs $(JOBS) --fresh-env --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "Documentation: docs/_build/html/index.html"

constraints: ## pin today's newest versions in constraints.txt; lines with a marker, and torch, stay as they are
	rm -rf $(SCRATCH)
	$(PYTHON) -m venv $(SCRATCH)
	grep -E '^torch==|;' constraints.txt > $(SCRATCH)/held.txt
	$(SCRATCH)/bin/python -m pip install --quiet --constraint $(SCRATCH)/held.txt '.[cluster,dev,docs]'
	$(SCRATCH)/bin/python -m pip freeze --exclude bayesgauge > $(SCRATCH)/frozen.txt
	awk -F '==' 'NR == FNR { if (/^#/ || /;/) print; if (/;/) held[$$1] = 1; next } \
	    !($$1 in held) { sub(/\+.*/, ""); print }' constraints.txt $(SCRATCH)/frozen.txt > $(SCRATCH)/constraints.txt
	mv $(SCRATCH)/constraints.txt constraints.txt
	rm -rf $(SCRATCH)

clean: ## remove caches and built documentation; results/ and .venv stay
	rm -rf docs/_build build dist .pytest_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache $(SCRATCH)
	find bayesopt metalearners comparisons tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(CREATED):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "bayesgauge needs Python 3.11 or newer: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUNTIME): pyproject.toml constraints.txt $(CREATED)
	@echo "Installing bayesgauge into $(VENV): a few minutes, the first time"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(DEV): pyproject.toml constraints.txt $(CREATED)
	@echo "Installing bayesgauge and its test tools into $(VENV): a few minutes, the first time"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(RUNTIME) $@

$(DOCS): pyproject.toml constraints.txt $(CREATED)
	@echo "Installing bayesgauge and its documentation tools into $(VENV): a few minutes, the first time"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[docs]'
	@touch $(RUNTIME) $@

$(ALL): pyproject.toml constraints.txt $(CREATED)
	@echo "Installing bayesgauge into $(VENV), with its test and documentation tools: a few minutes, the first time"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,docs]'
	@touch $(RUNTIME) $(DEV) $(DOCS) $@
