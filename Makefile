# Every target sets up its own environment in .venv; the second time that costs nothing.
#
#   make demo        the whole job on the embedded model: report, and how to open the pages
#   make test        the quick tests
#   make test-slow   longer proofs: real training, installed wheel, memory
#   make check       format, lint and types
#   make bench       speed and memory, both sides in one run; writes tests/benchmarks/results/
#   make clean       remove the environment and what tools leave behind

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test test-slow check format bench clean
.DEFAULT_GOAL := test

demo: $(STAMP)
	$(BIN)/auditor demo

# Two workers with one thread each: more threads than cores only wait for each other.
test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 -m "not slow"

test-slow: $(STAMP)
	$(BIN)/pytest -m slow

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks.scoring_speed
	$(BIN)/python -m tests.benchmarks.memory
	$(BIN)/python -m tests.benchmarks.swap_speed
	$(BIN)/python -m tests.benchmarks.metrics_speed
	$(BIN)/python -m tests.benchmarks.report_speed
	$(BIN)/python -m tests.benchmarks.shap_speed --rounds 1 --sample 4 --base-sample 1

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv module; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[demo,dev]"
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
