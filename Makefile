# helioracle: make demo | test | test-fast | test-long | coverage | check | check-contracts | mutants | bench | contracts | spec | lock | pictures | system | clean
# One room's tests: make test ROOM=oracle (or gateway, oracle/chain, ...). A tenth of the long tests: make test-long TENTH=1.
# Everything is set up in .venv, .venv-* and node_modules; nothing outside this folder is touched, but by `make system`.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
STEP := scripts/step
# The first interpreter that is new enough and can make environments.
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	if $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$p; break; fi; done)

.PHONY: demo test test-fast test-long coverage mutants check check-contracts contracts spec lock system clean bench help pictures
.DEFAULT_GOAL := help

help:
	@sed -n '1,3p' Makefile

# ------------------------------------------------------------------ environments
# The demo needs less than the tests do, and both live in the same .venv: setting up for tests adds to what the demo set up.

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then echo 'helioracle needs Python 3.11 or newer with venv. On Debian or Ubuntu type:'; \
		echo '    sudo apt-get install -y python3 python3-venv'; exit 1; fi
	@$(STEP) "make .venv with $(PYTHON)" $(PYTHON) -m venv $(VENV)

.make/demo: requirements/demo.lock pyproject.toml | $(BIN)/python
	@$(STEP) "install what the demo needs (first run only)" $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/demo.lock
	@$(STEP) "install helioracle itself" $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p .make && touch $@

.make/dev: requirements/dev.lock pyproject.toml | $(BIN)/python
	@$(STEP) "install what the tests need" $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@$(STEP) "install helioracle itself" $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p .make && touch $@ && touch .make/demo

.make/node: package.json package-lock.json .npmrc .make/dev
	@$(STEP) "install Solidity tools from npm" env PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p .make && touch $@

# The analysers of the contracts, each alone: beside web3 8 pip picks an old slither, and halmos pins an old rich. What makes
# mutants of Python (cosmic-ray) brings twenty packages that nothing else needs.
.make/slither .make/halmos .make/mutants: .make/%: requirements/%.lock | $(BIN)/python
	@$(STEP) "make .venv-$*" $(BIN)/python -m venv --clear .venv-$*
	@$(STEP) "install $*" .venv-$*/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/$*.lock
	@mkdir -p .make && touch $@

# ------------------------------------------------------------------ what people type
demo: .make/demo
	@$(BIN)/helioracle demo $(DEMO_ARGS)

check: .make/dev
	@$(STEP) "ruff check" $(BIN)/ruff check
	@$(STEP) "ruff format" $(BIN)/ruff format --check
	@$(STEP) "mypy strict" $(BIN)/mypy
	@$(STEP) "import-linter" $(BIN)/lint-imports
	@$(STEP) "deptry" $(BIN)/deptry .

# Not a part of `make test`: it takes as long again as the contracts' tests.
check-contracts: .make/dev .make/node .make/slither .make/halmos
	@$(STEP) "slither" env PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python contracts/slither_findings.py
	@$(STEP) "halmos" env PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python contracts/halmos_proofs.py

# Tests run in two processes; WORKERS=0 runs them in one, as a debugger wants it.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

# As root the system packages that some tests need are installed; otherwise those tests are skipped by name.
# ROOM=oracle runs the tests of one room: a folder below tests/.
test: .make/dev .make/node
	@scripts/room $(ROOM)
	@if [ "$$(id -u)" = 0 ]; then $(MAKE) --no-print-directory system; fi
	@$(STEP) "$(if $(ROOM),tests of $(ROOM),all tests)" env PATH="$(CURDIR)/$(BIN):$$PATH" $(PYTEST) $(addprefix tests/,$(ROOM))

# Longer: every mutant instead of every third, a hundred random histories, and the invariants over eight times as many actions.
# TENTH=1 runs the tenth of it that the commit chooses, as CI does: over ten commits most of it has run.
test-long: .make/dev .make/node
	@$(STEP) "the contracts, $(if $(TENTH),a tenth of what is long,at length)" env HELIORACLE_LONG=1 HELIORACLE_PROFILE=long \
		HELIORACLE_TENTH="$(if $(TENTH),$(COMMIT))" PATH="$(CURDIR)/$(BIN):$$PATH" $(PYTEST) \
		$(if $(TENTH),$(LONG_TESTS),tests/contracts)
COMMIT = $(shell git rev-parse HEAD 2>/dev/null || echo none)
LONG_TESTS := $(addprefix tests/contracts/,test_forge.py::test_forge_passes test_mutants.py test_model_and_contracts.py)

test-fast: .make/dev .make/node
	@$(STEP) "fast tests" env PATH="$(CURDIR)/$(BIN):$$PATH" $(PYTEST) -m "not slow"

# Faults in the cores and in the contracts, one at a time, each before its tests; verdicts go to tests/mutants/results. Hours from
# nothing; Ctrl-C loses the running one, and the next call goes on. ONLY=oracle/core/money restricts it to a folder or a file,
# AGAIN=1 judges survivors again.
mutants: .make/dev .make/node .make/mutants .make/slither
	@$(STEP) "mutants" env PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.mutants $(if $(AGAIN),--again) $(ONLY)

# Which lines and branches of the contracts no Solidity test reaches (two to five minutes; contracts/README.md).
coverage: .make/dev .make/node
	@$(STEP) "coverage of the contracts" env PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python contracts/coverage.py

bench: .make/dev .make/node
	@for b in bench/bench_*.py; do [ -e "$$b" ] || continue; $(STEP) "$$b" $(BIN)/python "$$b"; done

# ------------------------------------------------------------------ generated files
contracts: .make/node
	@$(STEP) "compile the contracts" env PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python contracts/build.py

spec: .make/dev
	@$(STEP) "write the vectors" $(BIN)/python spec/generate.py

lock: | $(BIN)/python
	@$(STEP) "lock demo" $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --extra demo pyproject.toml requirements/build.in -o requirements/demo.lock
	@$(STEP) "lock dev" $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --extra dev pyproject.toml requirements/build.in -o requirements/dev.lock
	@for tool in slither halmos mutants; do $(STEP) "lock $$tool" $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 requirements/$$tool.in -o requirements/$$tool.lock || exit 1; done

system:
	@$(STEP) "system packages: $(SYSTEM_PACKAGES)" scripts/system $(SYSTEM_PACKAGES)
SYSTEM_PACKAGES := chromium mosquitto

clean:
	rm -rf $(VENV) .venv-slither .venv-halmos .venv-mutants node_modules .make .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache contracts/out contracts/cache contracts/out-*

pictures: .make/demo
	@$(STEP) "transcript and screenshot of the README" $(BIN)/python scripts/pictures.py
