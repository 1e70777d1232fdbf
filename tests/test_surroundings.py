"""What lies around a run and goes wrong is said in a line, or does not matter."""

import os
import shutil
from pathlib import Path

import pytest
from projects import Project

from lib import compute
from lib.run import __main__ as command
from lib.run import status


@pytest.mark.survives(
    "machines",
    "A startup file ends every kernel of Jupyter.",
    "One line says that the kernel did not start, and how to see why.",
)
def test_a_kernel_that_does_not_start_is_said_to_be_that(
    project: Project, own_kernels: None, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif 'ipykernel_launcher' in ' '.join(sys.orig_argv): sys.exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    assert command.main(["execute", "tiny"]) == 1
    said = capsys.readouterr().err
    assert "did not start" in said and "ipykernel_launcher" in said and "Traceback" not in said


@pytest.mark.survives(
    "machines",
    "The folder of runs is a symbolic link to another disk.",
    "Everything runs as without it.",
)
def test_runs_may_lie_elsewhere(project: Project, tmp_path: Path) -> None:
    project.runs.mkdir(exist_ok=True)
    shutil.move(project.runs, tmp_path / "scratch")
    project.runs.symlink_to(tmp_path / "scratch")
    assert command.main(["execute", "tiny"]) == 0
    assert command.main(["status"]) == 0
    assert any("tiny: up to date;" in line for line in status.lines())


@pytest.mark.survives(
    "machines",
    "The system refuses a file name for its length.",
    "One line says so, with the name.",
)
def test_what_the_system_refuses_is_said_in_one_line(project: Project, capsys, monkeypatch) -> None:
    monkeypatch.setattr(compute, "RUNS", project.root / ("n" * 300))
    assert command.main(["execute", "tiny"]) == 1
    said = capsys.readouterr().err
    assert "error: " in said and "name too long" in said and "Traceback" not in said
