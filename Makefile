# The commands of CONTRIBUTING.md, in the environment of .venv: `make install`, then `make test`.
BIN := .venv/bin/
PYTEST := $(BIN)python -m pytest

.PHONY: install test slow engines server fuzz campaign browser faults peers lint format types platforms typings docs newest ci
install:
	python3 -m venv .venv && $(BIN)pip install -c constraints.txt -e '.[dev]'
test:
	$(PYTEST)
slow:
	$(PYTEST) -n 0 -m slow
engines:
	$(PYTEST) -n 0 -m engines
server:
	$(PYTEST) -n 0 -m server
fuzz:
	$(PYTEST) -n 0 tests/fuzz --hypothesis-profile=fuzz
campaign:
	PYTHONPATH=.:tests/storage $(BIN)python tests/faults/campaign.py --trials 500
browser:
	$(PYTEST) -n 0 -m browser
faults:
	$(PYTEST) -n 3 -m faults
peers:
	$(PYTEST) -n 0 -m peers
lint:
	$(BIN)ruff check . && $(BIN)ruff format --check .
format:
	$(BIN)ruff check --fix . && $(BIN)ruff format .
types:
	$(BIN)mypy
platforms:
	$(BIN)mypy --platform darwin && $(BIN)mypy --python-version 3.14
typings:
	MYPYPATH=typings $(BIN)python -m mypy.stubtest dask.array.core dask.array.blockwise --ignore-missing-stub --allowlist typings/allowed
docs:
	$(BIN)sphinx-build -W docs docs/_build
newest:
	$(BIN)python .ci/newest.py
ci:
	bash .ci/run
