# make lab | make test | make figures | make clean. Each makes .venv from requirements.txt when it is missing or stale.
MAKEFLAGS += --no-print-directory
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11 python3.14 python,$(if $(shell $(p) -c $(SUPPORTED) 2>/dev/null),$(p))))
SUPPORTED := 'import sys; print("yes" if (3, 11) <= sys.version_info[:2] <= (3, 14) else "")'
BIN := .venv/bin

.PHONY: lab test figures lock clean

lab: .venv/stamp
	@$(BIN)/labcore lab

test: .venv/stamp
	@$(BIN)/ruff check
	@$(BIN)/python -m pytest -n 2 --dist loadscope tests

figures: .venv/stamp
	@$(BIN)/labcore figures

.venv/stamp: requirements.txt pyproject.toml
	@found=$$($(or $(PYTHON),false) -c $(SUPPORTED) 2>/dev/null); if [ "$$found" != yes ]; then \
	  echo "labcore needs Python 3.11 to 3.14; found $$($(or $(PYTHON),python3) --version 2>&1 | head -1). Way out: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 2; fi
	@echo "Setting up .venv (once, a few minutes) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

clean:
	rm -rf .venv build test-artefacts labcore.egg-info .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
