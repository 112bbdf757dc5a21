# make demo: a picture from a fresh checkout.  make test: the tests.  make check: what CI also asks.
# PYTHON chooses the interpreter that .venv is made with, 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DEMO_PROMPT := a red fox in a snowy forest
DEMO_SEED ?= 6

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check format docs clean

help:
	@echo "make demo    make .venv, install wassily and draw \"$(DEMO_PROMPT)\""
	@echo "make test    make .venv, install wassily with its tools and run the tests"
	@echo "make check   style, types, layers and the docs' command line help"
	@echo "make format  put the code in the project's style"
	@echo "make docs    write docs/cli.md anew from the command line's help"
	@echo "make clean   remove .venv and the tools' caches"

demo: $(VENV)/.installed
	@echo "Drawing \"$(DEMO_PROMPT)\" with the embedded model mini-3 ..."
	@path="$$($(BIN)/wassily generate "$(DEMO_PROMPT)" --model mini-3 --seed $(DEMO_SEED))" \
		&& echo "The picture is at $$path"

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -q

check: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m wassily.surfaces.cli.help --check docs/cli.md

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/.installed-dev
	$(BIN)/python -m wassily.surfaces.cli.help docs/cli.md

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .import_linter_cache

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "wassily needs Python 3.11 or newer; say which: make PYTHON=python3.12 demo" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	$(PIP) install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made pyproject.toml constraints.txt
	$(PIP) install --quiet -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed
