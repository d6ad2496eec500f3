# Turbodesk: the few commands there are. `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
OFFSCREEN := QT_QPA_PLATFORM=offscreen
# The long proofs end by themselves; this ends them where one hangs.
BOUND := $(shell command -v timeout >/dev/null 2>&1 && echo timeout --foreground 1800)
SPEC ?= standard

.PHONY: help env run test lint prove bench bundle lock clean

help:
	@echo 'make run     open the window (without a display: the tour, its pictures in tour/)'
	@echo 'make test    linters, types, import contracts, tests'
	@echo 'make prove   the long proofs: kill loops, fault tables, fuzzing'
	@echo 'make bench   benchmarks, each against a floor of the same run (ARGS=--json)'
	@echo 'make bundle  build the bundle and start it in an empty environment (SPEC=lite)'
	@echo 'make env     what the others need: system packages where it may, and .venv'
	@echo 'make lock    resolve the dependencies anew (UPGRADE=--upgrade for newer ones)'
	@echo 'make clean   remove what was made, .venv too'

env:
	@$(PYTHON) packaging/make_env.py

run: env
	@if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	  echo 'There is no display here, so the tour runs instead; its pictures go to tour/.'; \
	  config=$$(mktemp -d) && trap 'rm -rf "$$config"' EXIT && mkdir -p tour && \
	  $(OFFSCREEN) $(BIN)/turbodesk --config-dir "$$config" --tour tour $(ARGS); \
	else \
	  $(BIN)/turbodesk $(ARGS); \
	fi

test: env lint
	$(OFFSCREEN) $(BIN)/python -m pytest -n 2 $(ARGS)

lint: env
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

prove: env
	$(OFFSCREEN) $(BOUND) $(BIN)/python -m pytest -m prove -n 2 $(ARGS)

bench: env
	$(BIN)/python bench/run.py $(ARGS)

bundle: env
	$(BIN)/python packaging/check_bundle.py --spec $(SPEC)

lock:
	UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile pyproject.toml --group dev --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --quiet $(UPGRADE) -o requirements.lock

clean:
	rm -rf .venv build dist tour .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find turbodesk tests packaging -name __pycache__ -type d -prune -exec rm -rf {} +
