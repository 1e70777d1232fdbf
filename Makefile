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
SOLUTIONS ?=
GRADER ?=
VENV := .venv
PY := $(VENV)/bin/python
RUN := $(PY) -m lib.run

.DEFAULT_GOAL := reproduce
.PHONY: reproduce sweep fill book course test bench device-check lab record status clean help
.DELETE_ON_ERROR:

reproduce: $(VENV)/ready  ## execute what changed and render the site: PROFILE=paper PAPER=mitigation PARAMS="eps_untargeted=0.2"
	@$(RUN) reproduce $(PAPER) --profile $(PROFILE) $(PARAMS:%=-p %)

sweep: $(VENV)/ready-sweep  ## run PAPER over a grid, PARAMS="eps_train=0.05,0.1,0.2 seed=0:5"; on a Dask cluster with SCHEDULER=tcp://...
	@$(RUN) sweep $(PAPER) --profile $(PROFILE) $(PARAMS:%=-p %) $(SCHEDULER:%=--scheduler %) $(RESOURCES:%=--resources %)

fill: $(VENV)/ready  ## measure what the paper profile lacks, the most telling first: PAPER=mitigation WITHIN=2h JOBS=2
	@$(RUN) fill $(PAPER) --profile $(if $(filter command,$(origin PROFILE)),$(PROFILE),paper) $(PARAMS:%=-p %) \
		$(WITHIN:%=--within %) $(JOBS:%=--jobs %) $(SCHEDULER:%=--scheduler %) $(RESOURCES:%=--resources %)

book: $(VENV)/ready  ## render the recorded runs at book/_build/html, executing nothing; SOLUTIONS=no leaves those out
	@$(RUN) book $(if $(filter no,$(SOLUTIONS)),--without-solutions)

course: $(VENV)/ready  ## copies of the exercises at runs/course, for students and with solutions: PAPER=mitigation GRADER=otter
	@$(RUN) course $(PAPER) $(GRADER:%=--grader %)

test: $(VENV)/ready-test  ## every test, two at a time; executes the quick profile where it is not up to date
	@$(PY) -m pytest --numprocesses 2

bench: $(VENV)/ready-bench  ## attacks, training and the kernel scan beside other libraries, for the page on speed: ROWS="fgsm scan"
	@$(PY) -m benchmarks $(ROWS)

device-check:  ## on a machine with a GPU: its tests, benchmarks, and the paper profile in what is left of WITHIN=10m
	@$(if $(wildcard $(PY)),$(PY),python3) tests/device_check.py $(WITHIN:%=--within %)

lab: $(VENV)/ready  ## open the notebooks in JupyterLab; results go to runs/lab
	@$(PY) -m jupyterlab notebooks

record: $(VENV)/ready  ## execute the paper profile of PAPER and keep it in book/recorded
	@$(RUN) record $(PAPER) $(PARAMS:%=-p %)

status: $(VENV)/ready  ## what has run, and what would come out differently today
	@$(RUN) status

clean:  ## remove runs, cells, snapshots and built sites; data, what is recorded and .venv stay
	rm -rf runs book/_build

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1@\2/p' Makefile | awk -F@ '{ printf "%-19s %s\n", $$1, $$2 }'

# --- set-up, once ---

# Any Python from 3.11 to 3.13 serves; name another with `make PYTHON=...`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)

$(VENV)/ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 found: install one, or name it with make PYTHON=..."; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON), once: a few minutes, about 3 GB of download, 7 GB of disk (PyTorch)."
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --upgrade pip
	@$(PY) -m pip install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/ready-sweep: $(VENV)/ready
	@$(PY) -m pip install --quiet --constraint constraints.txt --editable '.[sweep]'
	@touch $@

$(VENV)/ready-bench: $(VENV)/ready
	@$(PY) -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	@touch $@

$(VENV)/ready-test: $(VENV)/ready
	@$(PY) -m pip install --constraint constraints.txt --editable '.[test,sweep]'
	@touch $@
