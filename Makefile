# Three words: `make demo` shows it, `make test` tests it, `make ui` opens it.
# Each command sets up what it needs: a virtual environment with the pinned packages.

VENV   := .venv
PYTHON := $(VENV)/bin/python
SETUP  := $(VENV)/.ready

.PHONY: demo test test-all check lint format ui bench lock docs clean setup prerequisites

demo: setup
	$(VENV)/bin/kollect demo

# More at once than there are processors: tests wait for sockets and clocks.
test: setup
	$(PYTHON) -m pytest -n 3 --dist loadfile

# Everything, the long matrices included, in random order; .test-report.md tells how it went.
test-all: setup
	$(PYTHON) -m pytest -n 2 --dist loadfile -m "slow or not slow" --random-order \
		--report .test-report.md

check: lint test

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: setup
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

ui: setup
	$(VENV)/bin/kollect ui

bench: setup
	$(PYTHON) -m benchmarks

docs: setup
	$(PYTHON) -m pipelines.export.data_dictionary > docs/tables.md

setup: $(SETUP)

# The stamp is older than a changed lock, so that a pull with new pins installs them.
$(SETUP): requirements-dev.lock pyproject.toml | prerequisites
	test -x $(PYTHON) || python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock
	$(PYTHON) -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(SETUP)

# Says in one sentence what this machine lacks.
prerequisites:
	@case "$$(uname -s)" in Linux|Darwin) ;; *) \
		echo "kollect runs on Linux and macOS; this is $$(uname -s)." >&2; exit 1;; esac
	@command -v python3 >/dev/null || { \
		echo "kollect needs Python 3.11 or newer: install python3." >&2; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "kollect needs Python 3.11 or newer; python3 is $$(python3 -V 2>&1)." >&2; exit 1; }
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "Python's venv module is missing: install it (Debian: apt-get install python3-venv)." >&2; \
		exit 1; }

# Needs `uv`; the lock files hold versions and hashes and no addresses.
lock:
	printf 'duckdb==1.5.5\n' > .pins.txt
	uv pip compile pyproject.toml --all-extras --universal --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --no-emit-find-links --python-version 3.11 \
		--constraints .pins.txt --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --all-extras --group dev --universal --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--python-version 3.11 --constraints .pins.txt --quiet --output-file requirements-dev.lock
	rm .pins.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis demo
