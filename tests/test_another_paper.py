"""A paper is added by six files: it runs, is judged, and has its page and its place on the scoreboard."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lib import compute

TEMPLATE = Path(__file__).parent / "another_paper"
NAME = "distillation"
TOLD = (compute.ROOT / "CONTRIBUTING.md").read_text().partition("## Another paper")[2]


@pytest.fixture(scope="module")
def touched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A copy of the book with the paper in it, and the files that were written."""
    root = tmp_path_factory.mktemp("copy") / "book of papers"
    root.mkdir()
    skipped = shutil.ignore_patterns("__pycache__", "_build", "recorded", ".ipynb_checkpoints")
    for folder in ("lib", "notebooks", "book", "benchmarks"):
        shutil.copytree(compute.ROOT / folder, root / folder, ignore=skipped)
    shutil.copytree(TEMPLATE, root / "tests" / TEMPLATE.name)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    commands = TOLD.partition("```bash\n")[2].partition("```")[0]
    assert commands.startswith(f"NAME={NAME}\n")
    subprocess.run(["bash", "-euc", commands], cwd=root, check=True)
    contents = root / "book/_toc.yml"
    line = "      - file: fragile_neurons\n"
    contents.write_text(contents.read_text().replace(line, line + f"      - file: {NAME}\n"))
    after = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return root, [path.relative_to(root).as_posix() for path in after if before.get(path) != after[path]]


@pytest.fixture(scope="module")
def run(touched: tuple[Path, list[str]]) -> Path:
    """The folder of its quick run, with the site."""
    root, _ = touched
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "lib.run", "reproduce", NAME]
    ran = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return root / "runs" / "quick"


def test_six_files_are_touched(touched: tuple[Path, list[str]]) -> None:
    assert len(touched[1]) == 6, touched[1]


def test_contributing_says_how_much_they_are() -> None:
    lines = round(len((TEMPLATE / "chapter.py").read_text().splitlines()), -1)
    cells = len(json.loads((TEMPLATE / "notebook.ipynb").read_text())["cells"])
    assert f"a chapter of about {lines} lines and a notebook of {cells} cells" in " ".join(TOLD.split())


def test_it_is_measured_and_judged(run: Path) -> None:
    found = json.loads((run / f"{NAME}.json").read_text())
    answers = {entry["id"]: entry for entry in found["claims"]}
    assert answers["clean.accuracy"]["paper"] and answers["fgsm.fools"]["word"] == "confirmed"
    short = ["5,000 images of digits instead of MNIST", "3 epochs instead of 10"]
    assert all(entry["smaller"] == short for entry in answers.values())
    assert found["metrics"].keys() == {"clean", "fgsm"}
    assert len(found["provenance"]["evidence"]["cells"]) == 3
    assert len(list((run.parent / "evidence" / NAME).glob("*.npz"))) == 3


def test_it_has_its_page_its_card_and_its_place_on_the_scoreboard(run: Path) -> None:
    page = (run / "book" / f"{NAME}.html").read_text()
    assert "Nobody" in page and f"scoreboard.html#{NAME}.fgsm.fools" in page and "answer-fgsm" not in page
    assert page.count("confirmed") >= 2, "on its card, and in the table at the end"
    assert f'id="{NAME}.clean.accuracy"' in (run / "book" / "scoreboard.html").read_text()
    assert "One Step Is Enough" in (run / "book" / "intro.html").read_text(), "its card"
