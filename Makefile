# The whole graph: notebooks + profile -> runs/<profile> -> site. `make help` lists what there is.
# Paths are relative, so the repository may lie in a folder with spaces in its name.

PROFILE ?= quick
PAPER ?=
PARAMS ?=
ROWS ?=
SCHEDULER ?=
RESOURCES ?=
WITHIN ?=
JOBS ?=
UPGRADE ?=
SOLUTIONS ?=
GRADER ?=
VENV := .venv
PY := $(VENV)/bin/python
RUN := $(PY) -m lib.run

.DEFAULT_GOAL := reproduce
.PHONY: install reproduce sweep fill book course pdf test test-faults bench device-check lab record status lock clean help
.DELETE_ON_ERROR:

reproduce: $(VENV)/ready  ## execute what changed and render the site: PROFILE=paper PAPER=mitigation PARAMS="eps_untargeted=0.2"
	@$(RUN) reproduce $(PAPER) --profile $(PROFILE) $(PARAMS:%=-p %)

sweep: $(VENV)/ready-sweep  ## run PAPER over a grid, PARAMS="eps_train=0.05,0.1,0.2 seed=0:5"; on a Dask cluster with SCHEDULER=tcp://...
	@$(RUN) sweep $(PAPER) --profile $(PROFILE) $(PARAMS:%=-p %) $(SCHEDULER:%=--scheduler %) $(RESOURCES:%=--resources %)

fill: $(VENV)/ready  ## measure what the paper profile lacks, the most telling first: PAPER=mitigation WITHIN=2h JOBS=2
	@$(RUN) fill $(PAPER) --profile $(if $(filter command environment,$(origin PROFILE)),$(PROFILE),paper) $(PARAMS:%=-p %) \
		$(WITHIN:%=--within %) $(JOBS:%=--jobs %) $(SCHEDULER:%=--scheduler %) $(RESOURCES:%=--resources %)

book: $(VENV)/ready  ## render the recorded runs at book/_build/html, executing nothing; SOLUTIONS=no leaves those out
	@$(RUN) book $(if $(filter no,$(SOLUTIONS)),--without-solutions)

course: $(VENV)/ready  ## copies of the exercises at runs/course, for students and with solutions: PAPER=mitigation GRADER=otter
	@$(RUN) course $(PAPER) $(GRADER:%=--grader %)

pdf: $(VENV)/ready-pdf  ## print the recorded runs with Chromium: the book in one file, and each chapter, in book/_build/pdf
	@$(RUN) pdf

test: $(VENV)/ready-test  ## the tests, three at a time, but for the campaign of faults; executes the quick profile where it is not up to date
	@$(PY) -m pytest --numprocesses 3

test-faults: $(VENV)/ready-test  ## every fault of the page "What it survives": kills, full disks, damaged files, odd machines
	@$(PY) -m pytest tests -m survives --survived=book/recorded/survived.json --numprocesses 2

bench: $(VENV)/ready-bench  ## attacks, training and the kernel scan beside other libraries, for the page on speed: ROWS="fgsm scan"
	@$(PY) -m benchmarks $(ROWS)

device-check:  ## on a machine with a GPU: its tests, benchmarks, and the paper profile in what is left of WITHIN=10m
	@$(if $(wildcard $(PY)),$(PY),python3) tests/device_check.py $(WITHIN:%=--within %)

lab: $(VENV)/ready  ## open the notebooks in JupyterLab; results go to runs/lab
	@PYTHONPATH="$(CURDIR)$${PYTHONPATH:+:$$PYTHONPATH}" $(PY) -m jupyterlab notebooks

record: $(VENV)/ready  ## execute the paper profile of PAPER and keep it in book/recorded
	@$(RUN) record $(PAPER) $(PARAMS:%=-p %)

status: $(VENV)/ready  ## what has run, and what would come out differently today
	@$(RUN) status

install: $(VENV)/ready-test  ## set up .venv alone, with all that the tests take: TORCH=cpu for PyTorch without CUDA

lock: $(VENV)/ready  ## write the versions of every package into constraints.txt; with UPGRADE=1 the newest that go together
	@$(PIP_INSTALL) '.[lock]' --quiet
	@$(PY) -m uv pip compile --quiet --universal --all-extras --no-annotate $(UPGRADE:%=--upgrade) \
		--custom-compile-command "make lock" --output-file constraints.txt pyproject.toml

clean:  ## remove runs, cells, snapshots and built sites; data, what is recorded and .venv stay
	rm -rf runs book/_build

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1@\2/p' Makefile | awk -F@ '{ printf "%-19s %s\n", $$1, $$2 }'

# --- set-up, once ---

# Any Python from 3.11 to 3.13 serves; name another with `make PYTHON=...`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)

# Which PyTorch: `make TORCH=cpu` takes the build without CUDA's libraries, `make TORCH=default` the usual one. The set-up
# notes it and keeps it until another is named; it is then made anew, since pip takes the one build for the other.
BUILD := $(or $(shell cat $(VENV)/torch 2>/dev/null),default)
TORCH ?= $(BUILD)
PIP_INSTALL = $(PY) -m pip install --constraint constraints.txt \
	$(if $(filter-out default,$(TORCH)),--extra-index-url https://download.pytorch.org/whl/$(TORCH)) --editable

SIZE_default := 3 GB of download, 7 GB of disk (with TORCH=cpu a third)
SIZE_cpu := 1 GB of download, 2 GB of disk

ifneq ($(TORCH),$(BUILD))
.PHONY: $(VENV)/torch
endif

$(VENV)/torch:
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 found: install one, or name it with make PYTHON=..."; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON), once: a few minutes, about $(or $(SIZE_$(TORCH)),$(SIZE_default))."
	@$(PYTHON) -m venv $(if $(filter-out $(BUILD),$(TORCH)),--clear) $(VENV)
	@$(PY) -m pip install --quiet --upgrade pip
	@echo $(TORCH) > $@

$(VENV)/ready: pyproject.toml constraints.txt $(VENV)/torch
	@$(PIP_INSTALL) .
	@touch $@

$(VENV)/ready-sweep: $(VENV)/ready
	@$(PIP_INSTALL) '.[sweep]' --quiet
	@touch $@

$(VENV)/ready-bench: $(VENV)/ready
	@$(PIP_INSTALL) '.[bench]' --quiet
	@touch $@

$(VENV)/ready-test: $(VENV)/ready
	@$(PIP_INSTALL) '.[test,sweep]'
	@touch $@

$(VENV)/ready-pdf: $(VENV)/ready
	@$(PIP_INSTALL) '.[pdf]' --quiet
	@touch $@
