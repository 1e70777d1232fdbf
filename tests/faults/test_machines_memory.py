"""Too little memory: what it was too little for is named, with what to do."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from projects import Project

from lib.evidence import cells, fill, plan
from lib.evidence.cells import Part
from lib.run import __main__ as command

ADVICE = "too little memory: `--jobs 1`, or smaller sizes, need less; README, What it takes"
TOO_MUCH = 2**60


@dataclass(frozen=True)
class Setting:
    seed: int


@dataclass(frozen=True)
class Found:
    number: float


def of_torch(setting: Setting) -> Found:
    return Found(torch.empty(TOO_MUCH, dtype=torch.uint8).sum())


def of_python(setting: Setting) -> Found:
    return Found(len(bytearray(TOO_MUCH)))


@pytest.mark.survives(
    "machines",
    "A measurement asks for more memory than there is.",
    "It is named, with what to do; the other cells are made.",
)
@pytest.mark.parametrize("measure", [of_torch, of_python])
def test_a_measurement_that_takes_too_much(measure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path])
    (why,) = fill.fill(plan.missing([Part("toy", "large", measure)(Setting(0))])).values()
    assert why.endswith(f"({ADVICE})")


@pytest.mark.campaign
@pytest.mark.survives(
    "machines",
    "A notebook's cell asks for more memory than there is.",
    "The cell is named, with what to do; what had run is kept.",
)
def test_a_notebook_that_takes_too_much(project: Project, capsys: pytest.CaptureFixture) -> None:
    project.write(extra=f"import torch\ntorch.empty({TOO_MUCH}, dtype=torch.uint8)")
    assert command.main(["execute", "tiny"]) == 1
    said = capsys.readouterr().err
    assert "cell 4 failed with RuntimeError" in said and ADVICE in said and "Traceback" not in said
