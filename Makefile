# Needs Python 3.11 or newer with venv and pip, and Node 20.19 or newer. Another one than the first
# on the path: make PYTHON=/path/to/python3 NODE=/path/to/node
PYTHON ?= python3
NODE ?= node
NPM ?= npm
BIN := .venv/bin
export SOUK_DATA_DIR ?= ./var

PAGES := src/souk/web/static/dist/.built
PAGE_SOURCES := $(shell find web src/souk/web/templates src/souk/web/pages -name node_modules -prune \
  -o -type f ! -name '*.pyc' -print 2>/dev/null)

.PHONY: help chain up check test demo bench lock build install install-dev browser nginx pebble postgres15 format

help:  ## Shows this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

up: install build chain  ## Starts the marketplace (SOUK_PORT, SOUK_DATA_DIR and SOUK_DATABASE_URL change it)
	@exec $(BIN)/souk up --with-parent

chain: contracts/node_modules/.installed

# The marketplace runs without a chain as well, and says so.
contracts/node_modules/.installed: contracts/package-lock.json
	@echo "Installing the local chain"
	@cd contracts && PATH="$(dir $(shell command -v $(NODE))):$$PATH" $(NPM) ci --no-audit --no-fund \
	  --loglevel=error && touch node_modules/.installed || echo "The local chain could not be installed"

install:  ## Makes .venv with what running needs
	@$(PYTHON) scripts/install.py run

install-dev:
	@$(PYTHON) scripts/install.py dev

build: $(PAGES)  ## Builds the pages' scripts and styles

$(PAGES): $(PAGE_SOURCES) web/node_modules/.installed
	@echo "Building the pages"
	@cd web && PATH="$(dir $(shell command -v $(NODE))):$$PATH" $(NPM) run --silent build >.build.log 2>&1 \
	  || { cat .build.log; rm -f .build.log; exit 1; }
	@rm -f web/.build.log; touch $@

web/node_modules/.installed: web/package-lock.json
	@scripts/check_node.sh $(NODE)
	@echo "Installing the pages' packages"
	@cd web && PATH="$(dir $(shell command -v $(NODE))):$$PATH" $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

check: install-dev  ## Fast checks: style, types, layers, and tests that need no server (under a minute)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q -n 2 --dist loadfile -m "not slow and not browser and not database"

test: install-dev build chain  ## Every check, as CI runs them
	@scripts/test.sh $(BIN)

browser:
	@scripts/install_browser.sh

nginx:
	@scripts/install_nginx.sh

pebble:
	@scripts/install_pebble.sh

postgres15:
	@scripts/install_postgres15.sh

demo: install build  ## Runs the whole journey on a throw-away marketplace, step by step
	@exec $(BIN)/souk demo

bench: install-dev build browser nginx  ## Measures what Souk promises in numbers; prints tables
	@exec $(BIN)/python -m bench

lock: install-dev  ## Resolves requirements/*.in anew into hashed locks
	@scripts/lock.sh

format: install-dev  ## Formats the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
