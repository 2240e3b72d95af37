# Every target sets itself up in .venv; `make help` lists them.

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,\
  $(if $(shell $(name) -c 'import sys; print("" if sys.version_info < (3, 11) or sys.version_info > (3, 14) else 1)' 2>/dev/null),$(name))))
# Exact versions; `make test CONSTRAINTS=/dev/null` tries the newest ones instead.
CONSTRAINTS ?= constraints.txt
# Address of a package index with CPU-only PyTorch, for Linux without a GPU: see the set-up page.
TORCH_INDEX ?=
# Not empty where pip takes PyTorch with CUDA although no NVIDIA driver is there.
LARGE_TORCH = $(if $(TORCH_INDEX),,$(if $(filter Linux-x86_64,$(shell uname -s)-$(shell uname -m)),$(if $(shell command -v nvidia-smi),,1)))
BIN := .venv/bin
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
CHAPTERS = $(shell grep -l '^kernelspec:' book/*.md book/*/*.md solutions/*/*.md)

.DEFAULT_GOAL := help
.PHONY: help install book pdf test lint style types units notebooks exercises screenshots bench results scoreboard clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/installed ## install the pinned environment into .venv

.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.13 is needed and was not found. Say where: make PYTHON=/path/to/python3"; exit 1; }
	@test -z "$(LARGE_TORCH)" || echo "No GPU driver here: TORCH_INDEX=ADDRESS saves gigabytes of CUDA libraries, see README.md"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --progress-bar on $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) \
	  --constraint $(CONSTRAINTS) --editable '.[all]'
	@touch $@

# The cache of executed notebooks knows their cells, not the library that they call.
book/_build/.library: $(shell find aecourse -type f -not -path '*/__pycache__/*' -not -path '*/grading/*')
	rm -rf book/_build
	mkdir -p $(@D)
	touch $@

book: .venv/installed book/_build/.library ## execute every notebook and build the book
	$(BIN)/python book/execute.py
	$(BIN)/jupyter-book build book/ -W -n --keep-going
	$(if $(CHROMIUM),$(BIN)/python book/print.py,@echo "No PDF of the book: Chromium was not found")
	@echo "Open $(CURDIR)/book/_build/html/index.html"

pdf: .venv/installed ## print the built book into one PDF, with Chromium
	$(BIN)/python book/print.py

test: style ## run linters, type checker, unit tests and every notebook
	$(MAKE) --no-print-directory --jobs=2 types units

# One thread a process: two processes whose BLAS threads fight for the cores are many times slower.
units: .venv/installed
	OMP_NUM_THREADS=1 $(BIN)/pytest --nbval --numprocesses auto --maxprocesses 8 --dist loadfile \
	  --cov=aecourse --cov-report term --cov-fail-under 95

lint: style types ## check style and types

style: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/installed
	$(BIN)/mypy

notebooks: .venv/installed ## write the .ipynb beside each chapter's .md
	$(BIN)/jupytext --quiet --to ipynb --update $(CHAPTERS)

exercises: .venv/installed ## write the learners' notebooks from the solutions
	$(BIN)/python -m aecourse.grading.generate

screenshots: .venv/installed ## keep pictures of all pages: light, dark, phone
	$(BIN)/pytest -m screenshots tests/browser
	@echo "Look into $(CURDIR)/book/_build/screenshots"

bench: .venv/installed ## measure the three fits, and how soon pages are painted
	$(BIN)/python -m benchmarks.speed
	$(BIN)/pytest -m idle tests/browser

results: .venv/installed ## run the experiments on the full MNIST and record them
	$(BIN)/python -m benchmarks.results

scoreboard: .venv/installed ## record the chapters' lines of the scoreboard again
	OMP_NUM_THREADS=1 AECOURSE_RECORD_SCOREBOARD=$(CURDIR)/aecourse/scoreboard.json $(BIN)/pytest --nbval book

clean: ## remove all that the other targets made, .venv included
	rm -rf .venv book/_build .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
