"""A tiny notebook and its chapter, for sweeps over it."""

import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from lib import compute
from lib.evidence.experiment import Experiment
from lib.ledger import results as kept_results
from lib.measure.intervals import over_networks

LASTS_S = 2

NOTEBOOK = "mitigation"  # the runner knows notebooks by name; this one only takes the name
PARAMETERS = """\
seed: int = 0  # [0, 99] the first seed
seeds: int = 1  # [1, 9] how many
dataset: str = "mnist"  # {digits, mnist} which images; these are not at hand
eps: float = 0.1  # [0, 1] perturbation size, in pixel units
rounds: int = 1  # [0, inf] how many
loss: str = "plain"  # {plain, plain+noise} which
"""
EXPERIMENT = '''\
"""What the notebook measures: a number."""

from dataclasses import dataclass
from typing import ClassVar

from lib.evidence.cells import Cell, Part
from lib.evidence.experiment import Experiment as Base


@dataclass(frozen=True)
class Setting:
    eps: float
    loss: str

    def __str__(self) -> str:
        return f"eps {self.eps:g}, {self.loss}"


@dataclass(frozen=True)
class Doubled:
    number: float


def measure(setting: Setting) -> Doubled:
    return Doubled(2 * setting.eps)


DOUBLED = Part("mitigation", "doubled", measure)


@dataclass(frozen=True)
class Experiment(Base):
    chapter: ClassVar[str] = "mitigation"
    seed: int
    seeds: int
    dataset: str
    eps: float
    rounds: int
    loss: str

    def cells(self) -> list[Cell]:
        return [DOUBLED(Setting(self.eps, self.loss))]
'''


@dataclass(frozen=True)
class Anything(Experiment):
    """An experiment with the notebook's parameters, for what runs nothing in this process."""

    chapter: ClassVar[str] = NOTEBOOK
    seed: int = 0
    seeds: int = 1
    dataset: str = "mnist"
    eps: float = 0.1
    rounds: int = 1
    loss: str = "plain"

    def cells(self) -> list:
        return []


CLAIMS = """\
title: A paper
idea: Something that can be tried.
setting: none
claims:
  - {id: clean, says: It is 0.3., kind: number, about: setup, value: 0.3, tolerance: 0.1, where: here}
  - {id: helps, says: It helps., kind: statement, about: defence, where: there, smallest: 0.05,
     paper: "with *stars* against without", sound: the same}
  - {id: grows, says: It grows., kind: statement, about: defence, where: there, smallest: 0.0,
     paper: "one against another", sound: the same}
"""


def started(folder: Path, module: str, *arguments: str, **options) -> subprocess.Popen:
    """A module of Python, run in a copy of the book."""
    environment = os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", "REPRO_DATA": str(folder / "data")}
    return subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=folder, env=environment, **options)


def copy_of_the_book(folder: Path, write_notebook, code: str) -> Path:
    unneeded = shutil.ignore_patterns("__pycache__", "_build", "recorded")
    for part in ("lib", "book"):
        shutil.copytree(compute.ROOT / part, folder / part, ignore=unneeded)
    write_notebook(folder / "notebooks" / f"{NOTEBOOK}.ipynb", PARAMETERS, code)
    (folder / "lib" / "chapters" / NOTEBOOK / "experiment.py").write_text(EXPERIMENT)
    for name, text in ((f"claims/{NOTEBOOK}.yaml", CLAIMS), ("profiles/quick.yaml", "")):
        path = folder / "notebooks" / name
        path.parent.mkdir()
        path.write_text(text)
    return folder


def results_of(values: dict) -> dict:
    """What a ledger would write; one in the notebook would import torch, and these tests start many processes."""
    measured = over_networks([values["eps"], values["eps"] + 0.1])
    gain = asdict(over_networks([values["eps"], values["eps"]]))
    answers = [("clean", asdict(measured), "near", None), ("helps", gain, "confirmed", gain)]
    answers.append(("grows", None, "not run", None))
    return {
        "notebook": NOTEBOOK,
        "profile": "quick",
        "parameters": values,
        "claims": [
            {"id": id, "word": word, "fitted": False, "why": f"{id}: 1 of 2"}
            | {"paper": found and {"measured": found}, "sound": sound and {"measured": sound}}
            for id, found, word, sound in answers
        ],
        "metrics": {"doubled": 2 * values["eps"]},
        "seconds": {"setup": 0.5, "all": LASTS_S},
        "provenance": {
            "digest": kept_results.digests(NOTEBOOK, values, None),
            "device": "a test",
            "data": "some images",
            "commit": "0123456789abcdef+changes",
            "evidence": {"cells": {}, "devices": ["a test"], "measured": None, "networks": None, "notes": {}},
            "versions": {"torch": "9.8.7"},
            "finished": "2026-01-02T03:05:07+00:00",
        },
    }
