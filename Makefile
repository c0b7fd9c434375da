# Two commands matter: `make run` starts the bot, `make test` checks everything. `make help` lists the rest.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run test lint soak soak-baselines clean

help:
	@echo "make run    set up $(VENV) and start the bot; without a DISCORD_TOKEN it starts the local sandbox"
	@echo "make test   set up $(VENV) and run ruff, mypy and every test"
	@echo "make lint   ruff and mypy alone"
	@echo "make soak   kill the bot 2,000 times and look for lost or doubled messages; KILLS=100 SEED=7 make soak"
	@echo "make clean  remove $(VENV) and the caches; your database and .env stay"
	@echo "PYTHON=python3.12 make run   use another interpreter"

run: $(VENV)/.installed
	@exec $(BIN)/rendezvous run

test: lint
	@$(BIN)/python -m pytest -n auto --dist loadfile

lint: $(VENV)/.installed-test
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m mypy

soak: $(VENV)/.installed-test
	@$(BIN)/python -m tests.soak --kills $(or $(KILLS),2000) --seed $(or $(SEED),1)

# Two ways that bots commonly deliver, under the same kills: that the soak can fail at all.
soak-baselines: $(VENV)/.installed-test
	@$(BIN)/python -m tests.soak --baselines --kills $(or $(KILLS),300) --seed $(or $(SEED),1)

# The stamps make a warm start quick: nothing is installed again until these files change.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing the test tools into $(VENV) ..."
	@$(PIP) --editable '.[test]'
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "Python was not found: install Python 3.11 or newer, or name one: PYTHON=/path/to/python3 make run" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$$($(PYTHON) --version) is too old: Rendezvous needs Python 3.11 or newer." >&2; \
	  echo "Name another one, for example: PYTHON=python3.12 make run" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian, Ubuntu: apt-get install python3-venv)." >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
