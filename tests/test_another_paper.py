"""A paper is added by six files: it runs, is judged, and has its page and its place on the scoreboard."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from lib import compute

CLAIMS = """\
title: On the brightness of digits
idea: Something that can be tried.
setting: no network, digits
scale: {dataset: mnist}
claims:
  - {id: mean.brightness, says: The mean brightness is 0.13.,
     kind: number, about: setup, value: 0.13, tolerance: 0.02, where: Table 1}
  - {id: ones.are_darker, says: Ones are darker than other digits.,
     kind: statement, about: mechanism, where: section 2, smallest: 0.0,
     paper: "brightness of other digits less that of ones", sound: "the same"}
"""

CHAPTER = '''\
"""The chapter on a paper about the brightness of digits."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lib import data
from lib.evidence.cells import Cell, Part
from lib.evidence.experiment import Experiment as Base
from lib.ledger.answers import Answer, Finding
from lib.measure.intervals import over_networks


@dataclass(frozen=True)
class Draw:
    """Which images: as many as `count`, drawn by `seed`."""

    dataset: str
    count: int
    seed: int

    def __str__(self) -> str:
        return f"seed {self.seed}"


@dataclass(frozen=True, eq=False)
class Brightness:
    """The mean pixel of each image (N,), and its class (N,)."""

    mean: NDArray[np.float32]
    classes: NDArray[np.int64]


def measure(setting: Draw) -> Brightness:
    """The brightness of some test images."""
    images = data.load(setting.dataset)
    chosen = np.random.default_rng(setting.seed).permutation(len(images.x_test))[: setting.count]
    x, y = images.x_test.cpu().numpy()[chosen], images.y_test.cpu().numpy()[chosen]
    return Brightness(x.reshape(len(x), -1).mean(1), y)


BRIGHTNESS = Part("brightness", "brightness", measure)


@dataclass(frozen=True)
class Experiment(Base):
    """The parameters of the chapter."""

    chapter: ClassVar[str] = "brightness"
    seed: int
    seeds: int
    dataset: str
    count: int

    def cells(self) -> list[Cell]:
        return [BRIGHTNESS(Draw(self.dataset, self.count, self.seed + number)) for number in range(self.seeds)]


def mean_brightness(found: list[Brightness]) -> Answer:
    measured = over_networks([float(one.mean.mean()) for one in found])
    return Answer("mean.brightness", Finding(measured, "draws of digits"), why="Digits are dark.")


def ones_are_darker(found: list[Brightness]) -> Answer:
    gaps = [float(one.mean[one.classes != 1].mean() - one.mean[one.classes == 1].mean()) for one in found]
    gap = Finding(over_networks(gaps), "draws of digits")
    return Answer("ones.are_darker", gap, gap, why="A one has few bright pixels.")
'''

CELLS = [
    ("markdown", "# On the brightness of digits\n\nDigits are dark {cite}`nobody2026brightness`."),
    (
        "parameters",
        "seed: int = 0  # [0, 1000] the first draw\n"
        "seeds: int = 3  # [2, 50] how many draws\n"
        'dataset: str = "digits"  # {digits, mnist} which images\n'
        "count: int = 200  # [10, 10000] images in a draw",
    ),
    (
        "code",
        "from lib.chapters import brightness\n"
        "from lib.evidence.cells import records\n"
        "from lib.ledger.ledger import Ledger\n"
        "from lib.show import tables\n"
        "from lib.show.cards import answered\n\n"
        "experiment = brightness.Experiment.of(globals())\n"
        "ledger = Ledger(experiment)\n"
        "found = records(experiment.cells())",
    ),
    ("markdown", "## How bright"),
    ("code", "answered(ledger, brightness.mean_brightness(found))"),
    ("code", "answered(ledger, brightness.ones_are_darker(found))"),
    ("markdown", "## The claims"),
    ("code", "path = ledger.finish()\ntables.chapter(ledger.paper, ledger.answers)"),
]

REFERENCE = """
@article{nobody2026brightness,
  author = {Nobody, A.},
  title = {On the brightness of digits},
  journal = {Journal of Digits},
  year = {2026}
}
"""


def notebook() -> nbformat.NotebookNode:
    found = []
    for kind, source in CELLS:
        if kind == "markdown":
            found.append(nbformat.v4.new_markdown_cell(source))
        else:
            tags = {"tags": ["parameters"]} if kind == "parameters" else {}
            found.append(nbformat.v4.new_code_cell(source, metadata=tags))
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=found, metadata=metadata)


@pytest.fixture(scope="module")
def touched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A copy of the book with the paper in it, and the files that were written."""
    root = tmp_path_factory.mktemp("copy") / "book of papers"
    root.mkdir()
    skipped = shutil.ignore_patterns("__pycache__", "_build", "recorded", ".ipynb_checkpoints")
    for folder in ("lib", "notebooks", "book", "benchmarks"):
        shutil.copytree(compute.ROOT / folder, root / folder, ignore=skipped)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    (root / "notebooks/claims/brightness.yaml").write_text(CLAIMS)
    (root / "lib/chapters/brightness.py").write_text(CHAPTER)
    nbformat.write(notebook(), root / "notebooks/brightness.ipynb")
    with (root / "notebooks/profiles/quick.yaml").open("a") as profile:
        profile.write("brightness:\n  dataset: digits\n  count: 300\n")
    with (root / "book/references.bib").open("a") as references:
        references.write(REFERENCE)
    contents = root / "book/_toc.yml"
    line = "      - file: fragile_neurons\n"
    contents.write_text(contents.read_text().replace(line, line + "      - file: brightness\n"))
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return root, [path.relative_to(root).as_posix() for path in after if before.get(path) != after[path]]


@pytest.fixture(scope="module")
def run(touched: tuple[Path, list[str]]) -> Path:
    """The folder of its quick run, with the site."""
    root, _ = touched
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "lib.run", "reproduce", "brightness"]
    ran = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return root / "runs" / "quick"


def test_six_files_are_touched(touched: tuple[Path, list[str]]) -> None:
    assert len(touched[1]) == 6, touched[1]


def test_contributing_says_how_much_they_are() -> None:
    told = " ".join((compute.ROOT / "CONTRIBUTING.md").read_text().split())
    lines = round(len(CHAPTER.splitlines()), -1)
    assert f"a chapter of about {lines} lines and a notebook of {len(CELLS)} cells" in told


def test_it_is_measured_and_judged(run: Path) -> None:
    found = json.loads((run / "brightness.json").read_text())
    answers = {entry["id"]: entry for entry in found["claims"]}
    assert answers["mean.brightness"]["word"] == "found"
    assert answers["ones.are_darker"]["word"] == "confirmed"
    assert len(found["provenance"]["evidence"]["cells"]) == 3
    assert len(list((run.parent / "evidence" / "brightness").glob("*.npz"))) == 3


def test_it_has_its_page_and_its_place_on_the_scoreboard(run: Path) -> None:
    page = (run / "book" / "brightness.html").read_text()
    assert "Nobody" in page and "scoreboard.html#brightness.ones.are_darker" in page
    assert page.count("confirmed") >= 2, "on its card, and in the table at the end"
    scoreboard = (run / "book" / "scoreboard.html").read_text()
    assert 'id="brightness.mean.brightness"' in scoreboard and "On the brightness of digits" in scoreboard
