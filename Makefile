# `make demo` and `make test` need git, make and Python 3.11 or later, and nothing else.
# ARGS passes extra words on: make demo ARGS="--for 40 --json", make test ARGS="-k areas".

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# An environment that happens to be active in the caller's shell is not ours, and uv would warn about it each time.
unexport VIRTUAL_ENV

ARGS ?=

# uv must answer, not just be there: a version manager can leave a `uv` on PATH that does not work.
UV ?= $(if $(shell uv --version 2>/dev/null),uv,.uv/bin/uv)
UV := $(UV)
UV_READY := $(filter .uv/bin/uv,$(UV))

PYTHON = $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11, \
	$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))

.PHONY: help demo test check format bench fuzz kafka apicurio axe uv clean

help: ## list these targets
	@echo 'Usage: make TARGET [ARGS="extra words"]'
	@sed -n 's/^\([a-z]*\):[^#]*## /\1 /p' Makefile | while read -r target line; do \
		printf '  %-9s%s\n' "$$target" "$$line"; \
	done

demo: $(UV_READY) ## run the whole platform on this machine, fed by the simulator
	@$(UV) run bewithu demo $(ARGS)

test: $(UV_READY) ## run the tests
	@$(UV) run pytest $(ARGS)

check: $(UV_READY) ## check format, style, types, imports and contracts against their history; changes nothing
	@$(UV) run ruff format --check .
	@$(UV) run ruff check .
	@$(UV) run mypy
	@$(UV) run lint-imports --no-logo
	@if git -c safe.directory='*' ls-files --error-unmatch Makefile >/dev/null 2>&1; then \
		$(UV) run bewithu schemas check; \
	else \
		echo 'note: no git checkout: contracts are not compared with their earlier versions'; \
	fi

format: $(UV_READY) ## lay out the Python files and mend what can be mended
	@$(UV) run ruff format .
	@$(UV) run ruff check --fix .

bench: $(UV_READY) ## run a benchmark, e.g. make bench ARGS="ingest --json"
	@$(UV) run python -m bench $(ARGS)

fuzz: $(UV_READY) ## search for bytes that do harm, e.g. make fuzz ARGS="--seconds 600" (fetches atheris)
	@$(UV) run --group fuzz python -m tests.fuzz $(ARGS)

kafka: tests/kafka/target/lib ## fetch Apache Kafka's jars for the tests (needs Maven)

apicurio: tests/apicurio/target/app ## fetch Apicurio Registry for the tests (needs Maven)

axe: tests/axe/target/axe_playwright_python ## fetch axe-core, which tests the pages' accessibility

uv: $(UV_READY) ## say where uv is; without one on PATH it is put in .uv/
	@command -v "$(UV)" | sed 's|^\.uv|$(CURDIR)/.uv|'

clean: ## remove caches and what was built; .venv, .uv and data in var/ stay
	@rm -rf dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/kafka/target tests/apicurio/target tests/axe/target
	@find . -name __pycache__ -not -path './.venv/*' -not -path './.uv/*' -prune -exec rm -rf {} +

# A folder that is there is complete: the jars arrive beside it and are moved in one step.
tests/kafka/target/lib: tests/kafka/pom.xml
	@command -v mvn >/dev/null || { echo 'Maven is missing: Kafka cannot be fetched.' \
		'Install it, on Debian with: apt-get install maven' >&2; exit 1; }
	@echo "Fetching Kafka's jars into $@" >&2
	@rm -rf $@.new
	@mvn -q -B -f tests/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory=target/lib.new
	@rm -rf $@ && mv $@.new $@ && touch $@

tests/apicurio/target/app: tests/apicurio/pom.xml
	@command -v mvn >/dev/null || { echo 'Maven is missing: Apicurio Registry cannot be fetched.' \
		'Install it, on Debian with: apt-get install maven' >&2; exit 1; }
	@echo "Fetching Apicurio Registry into $@" >&2
	@rm -rf tests/apicurio/target
	@mvn -q -B -f tests/apicurio/pom.xml dependency:unpack -Dfolder=target/app.new
	@mv $@.new $@ && touch $@

# The wheel alone, for the axe.min.js in it: the browser is driven by the tests themselves.
tests/axe/target/axe_playwright_python: tests/axe/requirements.txt $(UV_READY)
	@echo "Fetching axe-core into $@" >&2
	@rm -rf tests/axe/target tests/axe/target.new
	@$(UV) pip install --quiet --no-deps --require-hashes --target tests/axe/target.new --requirement tests/axe/requirements.txt
	@mv tests/axe/target.new tests/axe/target && touch $@

.uv/bin/uv:
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or later is missing: looked for python3 and python3.11 to python3.14' \
		'on PATH. Install one, or install uv, which brings its own.' >&2; exit 1; }
	@echo 'uv is not on PATH: putting it in .uv/, once' >&2
	@rm -rf .uv
	@if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
		$(PYTHON) -m venv .uv && .uv/bin/python -m pip install -q --disable-pip-version-check uv; \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then \
		$(PYTHON) -m pip install -q --disable-pip-version-check --root-user-action=ignore --target .uv uv; \
	else \
		echo 'This $(PYTHON) has neither venv with ensurepip nor pip. Install one of them, on Debian with:' \
			'apt-get install python3-venv' >&2; exit 1; \
	fi
	@test -x $@ || { echo '$@ was not made: install uv yourself and put it on PATH.' >&2; exit 1; }
