"""Projects of a tiny notebook, and the ledger of a made-up paper."""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import forked
import pytest
import tiny
from jupyter_client import launcher
from tiny import LABELS, Draw

from lib import book, compute
from lib.evidence import cells, fill
from lib.evidence.cells import Cell
from lib.evidence.experiment import Experiment
from lib.ledger import results
from lib.ledger.answers import Answer, Finding, Readings, not_run
from lib.ledger.ledger import Ledger
from lib.measure.intervals import Measured
from lib.run import measuring

PARAMETERS = """\
seed: int = 0  # [0, 9] the seed
dataset: str = "digits"  # {digits, mnist} which images
eps: float = 0.1  # [0, 1] perturbation size, in pixel units
"""
CODE = """\
import sys
from pathlib import Path
sys.path.append({tests!r})
import tiny
from lib import book
from lib.evidence import cells
from lib.ledger.ledger import Ledger
book.NOTEBOOKS = Path({notebooks!r})
cells.FOLDERS[:] = map(Path, {folders!r})
experiment = tiny.Experiment.of(globals())
ledger = Ledger(experiment)
ledger.metric("eps", eps)
ledger.metric("labels", experiment.needed()[0].get().labels.sum())
{extra}
path = ledger.finish()
"""


class Project:
    """A project of one tiny notebook, in a folder of its own."""

    def __init__(self, root: Path, write: Callable) -> None:
        self.root, self._write = root, write
        self.runs = root / "runs"
        self.evidence = [root / "evidence", root / "recorded" / "evidence"]
        self.write()
        (root / "book").mkdir()
        (root / "book" / "_toc.yml").write_text("parts: [{chapters: [{file: tiny}, {file: scoreboard}]}]\n")
        (root / "notebooks" / "profiles").mkdir()
        for name in ("quick", "paper"):
            (root / "notebooks" / "profiles" / f"{name}.yaml").write_text("tiny: {seed: 1}\n")

    def write(self, extra: str = "") -> None:
        """Write the notebook, with more code before its end."""
        where = {"tests": str(Path(__file__).parent), "notebooks": str(self.root / "notebooks")}
        code = CODE.format(**where, folders=list(map(str, self.evidence)), extra=extra)
        self._write(self.root / "notebooks" / "tiny.ipynb", PARAMETERS, code)

    def write_scoreboard(self) -> None:
        """Write a second notebook, of the scoreboard's name."""
        self._write(self.root / "notebooks" / f"{book.SCOREBOARD}.ipynb", "seed: int = 0  # the seed")

    def results(self, run: str = "quick") -> dict:
        return json.loads((self.runs / run / "tiny.json").read_text())


def project_at(root: Path, monkeypatch: pytest.MonkeyPatch, write_notebook: Callable) -> Project:
    """A project in place of the book, whose kernels are forked from what has imported torch.

    Cells are made in this process (test_fill has those that do so elsewhere).
    """

    def here(asked, missing, jobs, watch, over) -> tuple[dict, list]:
        within = asked["ends"] and max(asked["ends"] - time.time(), 0)
        return fill.fill(missing, within=within), []

    made = Project(root, write_notebook)
    monkeypatch.setattr(book, "NOTEBOOKS", root / "notebooks")
    monkeypatch.setattr(book, "PAGES", root / "book")
    monkeypatch.setattr(book, "experiment", lambda name: {"tiny": tiny.Experiment}[name])
    monkeypatch.setattr(results, "RECORDED", root / "recorded")
    monkeypatch.setattr(compute, "RUNS", root / "runs")
    monkeypatch.setattr(cells, "FOLDERS", made.evidence)
    monkeypatch.setattr(cells, "RECORDED", made.evidence[1])
    monkeypatch.setattr(measuring, "_side_by_side", here)
    monkeypatch.setattr(launcher, "Popen", forked.Kernel)
    return made


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_notebook: Callable) -> Project:
    """A project in a folder of the test's own."""
    return project_at(tmp_path / "a project", monkeypatch, write_notebook)


@pytest.fixture
def own_kernels(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kernel of the project is started as for a user."""
    monkeypatch.setattr(launcher, "Popen", subprocess.Popen)


# The ledger of a made-up paper.

CLAIMS = """
title: A paper
idea: Something that can be tried.
setting: one network
claims:
  - {id: clean.accuracy, says: A network classifies 0.90 of the images correctly.,
     kind: number, about: setup, value: 0.90, tolerance: 0.05, where: Table 1}
  - {id: attacked.accuracy, says: Of attacked images it classifies 0.1 correctly.,
     kind: number, about: attack, value: 0.1, tolerance: 0.05, where: Table 1, joint: [attacked.loss]}
  - {id: attacked.loss, says: On attacked images its loss is 2.30.,
     kind: number, about: attack, value: 2.30, tolerance: 0.1, where: Table 1}
  - {id: detector.separates, says: A detector tells attacked images from clean ones.,
     kind: statement, about: defence, where: V, smallest: 0.95, sound_smallest: 0.75,
     paper: AUC, sound: AUC when the attack knows it, control: AUC on random signs}
  - {id: removal.helps, says: Removal raises accuracy under attack.,
     kind: statement, about: defence, where: 4, smallest: 0.02, effect: 0.887, paper: gain, sound: PGD gain}
  - {id: csg.mnist, says: The CSG of MNIST is 0.11.,
     kind: citation, about: mechanism, value: 0.11, tolerance: 0.05, where: "3.1"}
"""
TWO_PARAMETERS = "seed: int = 0  # [0, inf] first seed\neps: float = 0.1  # [0, 1] size"
ATTACK = "from lib import attack as attacks\nattack = attacks.FGSM(eps)  # one step"


@dataclass(frozen=True)
class Judged(Experiment):
    """What the paper's chapter measures: the labels of some digits, by two seeds."""

    chapter: ClassVar[str] = "mitigation"
    seed: int
    eps: float

    def cells(self) -> list[Cell]:
        return [LABELS(Draw(self.seed)), LABELS(Draw(self.seed + 1))]


@dataclass(frozen=True)
class Unjudged(Judged):
    """A chapter of no paper."""

    chapter: ClassVar[str] = "common_ground"


def measured(mean: float, low: float | None = None, high: float | None = None, **facts) -> Measured:
    """A made-up measurement: of five networks where it has an interval, which then holds what one more would give."""
    if low is None:
        return Measured(mean, None, None, 1, per_network=(mean,))
    made = {"networks": 5, "images": 1000, "per_network": (mean,) * 5, "predicted": (low, high)}
    return Measured(mean, low, high, **made | {"error": (high - low) / 5.6, "df": 4.0} | facts)


def by(mean: float, low: float | None = None, high: float | None = None, **facts) -> Finding:
    """A made-up finding."""
    return Finding(measured(mean, low, high, **facts), "FGSM 0.1, 1,000 images, 5 networks")


ACCURATE = by(0.9, 0.89, 0.91)


@pytest.fixture
def notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_notebook: Callable) -> Path:
    """A folder of notebooks in place of the book's: a chapter with six claims, and one of no paper."""
    folder = tmp_path / "notebooks"
    (folder / "claims").mkdir(parents=True)
    (folder / "claims" / "mitigation.yaml").write_text(CLAIMS)
    write_notebook(folder / "mitigation.ipynb", TWO_PARAMETERS, ATTACK)
    write_notebook(folder / "common_ground.ipynb", TWO_PARAMETERS, ATTACK)
    monkeypatch.setattr(book, "NOTEBOOKS", folder)
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path / "evidence"])
    monkeypatch.setenv("REPRO_OUT", str(tmp_path / "out"))
    monkeypatch.setenv("REPRO_PROFILE", "quick+eps=0.2")
    return folder


@pytest.fixture
def ledger(notebooks: Path) -> Ledger:
    """The paper's, over two cells that are kept."""
    experiment = Judged(3, 0.2)
    cells.records(experiment.cells())
    return Ledger(experiment)


@pytest.fixture
def answered(ledger: Ledger) -> Ledger:
    """A ledger with an answer of every sort."""
    ledger.metric("accuracy", 1)
    ladder = (("the paper's images", measured(0.1, 0.09, 0.11)), ("PGD", measured(0.0, 0.0, 0.01)))
    attacked = {"experiment": "FGSM", "ladder": ladder, "readings": Readings(52, 6, "not by the nearest")}
    ledger.answer(Answer("clean.accuracy", ACCURATE))
    ledger.answer(Answer("attacked.accuracy", by(0.1, 0.08, 0.12), fitted=True, **attacked))
    ledger.answer(
        Answer("attacked.loss", by(9.0), experiment="FGSM", smaller=("2 epochs instead of 15",), why="A loss of 9.")
    )
    known, signs = by(0.99, 0.98, 1.0), measured(-0.01, -0.02, 0.01)
    empty = replace(known, over_control=signs, control="random signs of the same size")
    ledger.answer(
        Answer("detector.separates", empty, sound=by(0.7, 0.6, 0.8), why="Random signs are told apart as well.")
    )
    ledger.answer(Answer("removal.helps", by(0.0, -0.01, 0.03), why="Too few networks."))
    ledger.answer(not_run("csg.mnist", "csg_images=0 leaves it out"))
    return ledger


@pytest.fixture
def found(answered: Ledger) -> dict:
    """What that ledger writes."""
    return json.loads(answered.finish().read_text())
