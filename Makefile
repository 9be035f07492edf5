PYTHON ?= python3
BIN := .venv/bin
# Processes that run tests side by side, and what else pytest is told: make test JOBS=1 ARGS="-k resume"
JOBS ?= 3
ARGS ?=
# What failed runs once more, alone: on a loaded machine a browser can miss a deadline. Both results are printed.
AGAIN := $(BIN)/python -m pytest --last-failed --last-failed-no-failures none
# Compiling every file of TensorFlow takes longer than compiling what is used at its first import.
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --prefer-binary --no-compile

# Bytecode is cached whatever the environment says. Otherwise each process would compile every file that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint format bench screenshots browser

run: .venv/run
	$(BIN)/streamlit run app.py

test: .venv/dev browser lint
	$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 4 $(ARGS) || $(AGAIN)

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
	$(INSTALL) -r requirements.txt
	touch $@

.venv/dev: requirements.txt requirements-ray.txt requirements-dev.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) -r requirements-dev.txt
	touch .venv/run $@

.venv/bench: .venv/dev requirements-bench.txt
	$(INSTALL) -r requirements-bench.txt
	touch $@
