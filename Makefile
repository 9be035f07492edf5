PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint format bench screenshots browser

run: .venv/run
	$(BIN)/streamlit run app.py

test: .venv/dev browser lint
	$(BIN)/python -m pytest

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/bench
	$(BIN)/python -m benchmarks

screenshots: .venv/dev browser
	$(BIN)/python -m tests.browser.screenshots

browser: .venv/dev
	$(BIN)/python -m tests.browser.install

.venv/run: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev: requirements.txt requirements-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch .venv/run $@

.venv/bench: .venv/dev requirements-bench.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	touch $@
