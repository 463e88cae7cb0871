# make lab | make test | make figures | make setup | make lock | make clean
# The first four make .venv from requirements.txt when it is missing or stale, then run their job.
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
supports = $(shell $(1) -c '$(SUPPORTED)' 2>/dev/null && echo yes)
CANDIDATES := python3 python python3.13 python3.12 python3.11 python3.14
PYTHON ?= $(or $(firstword $(foreach p,$(CANDIDATES),$(if $(call supports,$(p)),$(p)))),python3)
FOUND = $(or $(shell $(PYTHON) --version 2>&1 | head -n 1),nothing called $(PYTHON))
WAY_OUT = labcore needs Python 3.11 to 3.14 and found $(FOUND). Way out: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12

.PHONY: lab test figures setup lock clean peers

lab: .venv/stamp
	@$(BIN)/labcore lab

# Hundreds of kernels and commands are started: labcore is compiled for them once, also where Python is told to write no
# bytecode. Labs are executed once, by nbval (notebooks/conftest.py holds them whole against their sources); they come
# first, since the last module that runs, runs alone.
test: .venv/stamp
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/python -m compileall -q labcore
	@$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder --nbval notebooks tests

setup: .venv/stamp

figures: .venv/stamp
	@$(BIN)/labcore figures

.venv/stamp: requirements.txt pyproject.toml
	@$(if $(call supports,$(PYTHON)),,$(error $(WAY_OUT)))
	@echo "Setting up .venv, once; this takes a minute or a few ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

lock:
	uv pip compile --universal --python-version 3.11 --all-extras --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header --upgrade --output-file requirements.txt pyproject.toml
	echo "-e ." >> requirements.txt

# What `labcore bench` is held against, each in a virtual environment of its own: nbgrader on our versions of what both
# use, SCALE-Sim and ZigZag on their own. They need nothing of .venv and leave it alone.
peers:
	@$(PYTHON) -m venv --clear .venv-nbgrader
	@echo '*' > .venv-nbgrader/.gitignore
	@grep -v '^-e' requirements.txt > .venv-nbgrader/constraints.txt
	@.venv-nbgrader/bin/python -m pip install --quiet --disable-pip-version-check \
	  -c .venv-nbgrader/constraints.txt nbgrader==0.9.6 numpy matplotlib ipykernel
	@$(PYTHON) -m venv --clear .venv-scalesim
	@echo '*' > .venv-scalesim/.gitignore
	@.venv-scalesim/bin/python -m pip install --quiet --disable-pip-version-check scalesim==3.0.0 "numpy==2.2.6"
	@$(PYTHON) -m venv --clear .venv-zigzag
	@echo '*' > .venv-zigzag/.gitignore
	@.venv-zigzag/bin/python -m pip install --quiet --disable-pip-version-check zigzag-dse==3.9.1 six==1.17.0

clean:
	rm -rf .venv .venv-nbgrader .venv-scalesim .venv-zigzag build test-artefacts labcore.egg-info .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
