# Two commands are enough: `make run` and `make test`. Both build the environment they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt

# Carries the schemas of Crossref and JATS that exports are validated against in the tests. Its code,
# which nothing here calls, would bring 65 packages along.
SCHEMAS := commonmeta-py==0.312

# The picture part of llama.cpp is left out: papers are text, and it costs minutes of compiling.
export CMAKE_ARGS ?= -DLLAVA_BUILD=OFF

.PHONY: run test check samples constraints clean

run: $(VENV)/.core
	$(BIN)/workbench serve --samples

test: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing. The first time, llama.cpp is compiled, which takes 5 to 15 minutes."
	$(PIP) --editable .
	touch $@

$(VENV)/.all: $(VENV)/.core
	$(PIP) --editable '.[dev,train,oidc,parquet,mcp]'
	$(PIP) --no-deps $(SCHEMAS)
	touch $@

samples: $(VENV)/.all  ## render the sample papers again
	$(BIN)/python -m workbench.samples.render

# torch is held at one version so that a machine with that CPU wheel at hand downloads no CUDA;
# what torch itself brings along follows from it and is not pinned.
constraints: $(VENV)/bin/python  ## resolve the constraints file anew, for all Python versions
	$(PIP) uv
	echo torch==2.13.0 | $(BIN)/uv pip compile --quiet --universal --python-version 3.10 \
		--all-extras --no-header --no-annotate --constraint - pyproject.toml \
		| sed '/^nvidia-/d; /^cuda-/d; /^triton/d' > constraints.txt

clean:
	rm -rf $(VENV) build *.egg-info
