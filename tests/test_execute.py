"""Notebooks are executed whole or not at all, once, and what stood there before stands where one fails."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import pytest
from projects import Project
from tiny import LABELS, Draw

from lib import book, compute, data, files
from lib.files import LONGEST_NAME
from lib.run import __main__ as command
from lib.run import execute
from lib.run.run import Run
from lib.site import build


def test_a_run_keeps_the_notebook_and_its_results(project: Project, own_kernels: None) -> None:
    assert command.main(["execute", "tiny"]) == 0
    results = project.results()
    assert results["metrics"] == {"eps": 0.1, "labels": float(LABELS(Draw(1)).get().labels.sum())}
    assert results["profile"] == "quick"
    assert results["parameters"] == {"seed": 1, "dataset": "digits", "eps": 0.1}
    executed = nbformat.read(project.runs / "quick" / "tiny.ipynb", as_version=4)
    assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code")


def test_a_run_says_which_section_it_is_in(project: Project, capsys: pytest.CaptureFixture) -> None:
    path = project.root / "notebooks" / "tiny.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(2, nbformat.v4.new_markdown_cell("(table)=\n## Table I\n\nWords."))
    nbformat.write(notebook, path)
    command.main(["execute", "tiny"])
    said = capsys.readouterr().out.splitlines()
    assert [line.rsplit("  ", 1)[1] for line in said if ": cell" in line] == ["A chapter", "Table I"]


def test_only_what_changed_runs_again(project: Project, capsys: pytest.CaptureFixture) -> None:
    command.main(["execute", "tiny"])
    first = project.results()["provenance"]["finished"], (project.runs / "quick" / "tiny.json").stat().st_mtime_ns
    project.write(extra="# a comment changes nothing")
    command.main(["execute", "tiny"])
    assert "up to date" in capsys.readouterr().out
    assert (project.runs / "quick" / "tiny.json").stat().st_mtime_ns == first[1]
    project.write(extra="ledger.metric('more', 1)")
    command.main(["execute", "tiny"])
    assert project.results()["metrics"]["more"] == 1


@pytest.mark.survives(
    "kills",
    "The process of a notebook is killed, as for its memory.",
    "The command says so; what had run is kept beside the earlier results.",
)
def test_a_notebook_whose_process_is_killed_says_so_and_keeps_what_had_run(
    project: Project, capsys: pytest.CaptureFixture
) -> None:
    project.write(extra="import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert command.main(["execute", "tiny"]) == 1
    said = capsys.readouterr().err
    assert "memory" in said and "tiny.failed.ipynb" in said
    assert (project.runs / "quick" / "tiny.failed.ipynb").exists() and not (
        project.runs / "quick" / "tiny.json"
    ).exists()


def test_without_names_all_chapters_run_and_the_scoreboard_reads_them(project: Project, monkeypatch) -> None:
    made: list[tuple[str, Path]] = []
    project.write_scoreboard()
    monkeypatch.setattr(execute, "execute", lambda run, **_: made.append((run.notebook, run.folder)))
    assert command.main(["execute", "-p", "eps=0.2"]) == 0
    assert made == [(name, project.runs / "quick+eps=0.2") for name in ("tiny", book.SCOREBOARD)]


def test_changed_parameters_have_a_folder_of_their_own_and_equal_values_one(project: Project) -> None:
    assert command.main(["execute", "tiny", "-p", "eps=0.20"]) == 0
    assert project.results("quick+eps=0.2")["metrics"]["eps"] == 0.2
    assert not (project.runs / "quick").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-p", "epz=0.2"], "no parameter named epz; there are:\n  seed: int"),
        (["-p", "eps=much"], "eps is 'much'; it takes float"),
        (["-p", "seed=0.5"], "seed is '0.5'; it takes int"),
        (["-p", "eps=1.5"], "out of [0, 1]"),
        (["-p", "dataset=cifar"], "one of digits, mnist"),
        (["-p", "eps"], "write name=value"),
        (["-p", "seed=9", "-p", "eps=0"], "tiny: seed=9 is the last one"),
        (["-p", "eps=0.1", "-p", "eps=0.2"], "eps is given twice"),
        (["-p", "eps=1.5"], "tiny: eps is 1.5"),
        (["--profile", "papr"], "no profile named 'papr'; there are: paper, quick"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_runs(
    project: Project, capsys: pytest.CaptureFixture, arguments: list[str], said: str
) -> None:
    assert command.main(["execute", "tiny", *arguments]) == 1
    assert said in capsys.readouterr().err
    assert not project.runs.exists()


def test_an_unknown_notebook_is_refused(project: Project, capsys: pytest.CaptureFixture) -> None:
    assert command.main(["execute", "tine"]) == 1
    assert "no notebook named 'tine'; there are: tiny" in capsys.readouterr().err


def test_a_failing_cell_is_named_and_earlier_results_stand(project: Project, capsys: pytest.CaptureFixture) -> None:
    command.main(["execute", "tiny"])
    before = (project.runs / "quick" / "tiny.json").read_text()
    project.write(extra="1 / 0")
    assert command.main(["execute", "tiny"]) == 1
    said = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero" in said
    assert "1 / 0" in said and "tiny.failed.ipynb" in said
    kept = nbformat.read(project.runs / "quick" / "tiny.failed.ipynb", as_version=4)
    assert any(output.output_type == "error" for cell in kept.cells for output in cell.get("outputs", []))
    assert (project.runs / "quick" / "tiny.json").read_text() == before


def test_a_notebook_without_results_is_an_error(project: Project, capsys: pytest.CaptureFixture) -> None:
    project.write(extra="ledger.finish = lambda: None")
    assert command.main(["execute", "tiny"]) == 1
    assert "wrote no results" in capsys.readouterr().err


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.survives(
    "kills",
    "Ctrl-C or SIGTERM in the middle of a notebook's cell.",
    "What had run is kept beside the earlier results, and nothing else is left.",
)
def test_an_interrupted_run_is_kept_and_says_so(
    project: Project, capsys: pytest.CaptureFixture, sent: signal.Signals
) -> None:
    started = project.root / "started"
    project.write(extra=f"Path('{started}').touch(); import time; time.sleep(60)")
    threading.Thread(target=_send_once_started, args=(started, sent), daemon=True).start()
    assert command.main(["execute", "tiny"]) == command.INTERRUPTED
    assert "interrupted" in capsys.readouterr().err
    assert (project.runs / "quick" / "tiny.failed.ipynb").exists()
    assert not (project.runs / "quick" / "tiny.json").exists()
    assert [path.name for path in (project.runs / "quick").iterdir()] == ["tiny.failed.ipynb"]


def _send_once_started(started: Path, sent: signal.Signals) -> None:
    while not started.exists():
        threading.Event().wait(0.1)
    os.kill(os.getpid(), sent)


def test_a_pipe_that_closes_early_is_no_error() -> None:
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": compute.ROOT, "text": True}
    said = (
        "from lib.run import __main__, status; status.lines = lambda: ['up to date']; exit(__main__.main(['status']))"
    )
    with subprocess.Popen([sys.executable, "-c", said], **given) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_a_profile_that_sets_what_no_notebook_declares_is_refused(project: Project) -> None:
    (project.root / "notebooks" / "profiles" / "quick.yaml").write_text("tiny: {epz: 0.2}\n")
    assert command.main(["execute", "tiny"]) == 1


def test_the_notebook_runs_with_this_environments_python(project: Project, own_kernels: None) -> None:
    """Whatever kernels the machine has: a rival kernelspec of the same name is not used."""
    rival = project.root / "share" / "jupyter" / "kernels" / "python3"
    rival.mkdir(parents=True)
    (rival / "kernel.json").write_text(json.dumps({"argv": ["false"], "display_name": "rival", "language": "python"}))
    os.environ["JUPYTER_PATH"] = str(project.root / "share" / "jupyter")
    try:
        project.write(extra="import sys; ledger.metric(sys.prefix, 1)")
        assert command.main(["execute", "tiny"]) == 0
    finally:
        del os.environ["JUPYTER_PATH"]
    assert sys.prefix in project.results()["metrics"]


def test_what_a_killed_process_left_goes_and_what_a_live_one_has_stays(project: Project) -> None:
    where = compute.RUNS / "quick"
    here, dead = files._machine(), 2**22 + 1  # more than Linux gives out
    gone, *kept = (
        where / f".tiny-~{name}-x1" for name in (f"{dead}-{here}", f"{os.getpid()}-{here}", f"{dead}-another")
    )
    for folder in (gone, *kept):
        folder.mkdir(parents=True)
    assert command.main(["execute", "tiny"]) == 0
    assert not gone.exists() and all(folder.exists() for folder in kept)


def test_the_scoreboard_alone_can_be_reproduced(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(execute, "execute", lambda run, force: made.append((run.notebook, run.folder)))
    monkeypatch.setattr(build, "build", lambda results, output: output / "index.html")
    assert command.main(["reproduce", "scoreboard"]) == 0 and made == [(book.SCOREBOARD, compute.RUNS / "quick")]


def test_what_a_notebook_needs_is_measured_first_and_what_it_only_shows_is_not(
    project: Project, capsys: pytest.CaptureFixture
) -> None:
    project.write(extra="assert ledger.metrics['labels'] < 0, 'the cells before have run'")
    assert command.main(["execute", "tiny"]) == 1
    said = capsys.readouterr()
    assert "measuring 1 cells" in said.out and "   1 of 1    0:" in said.out and "tiny: labels, seed 1" in said.out
    assert LABELS(Draw(1)).is_kept and not LABELS(Draw(2)).is_kept
    project.write()
    assert command.main(["execute", "tiny"]) == 0
    assert "measuring" not in capsys.readouterr().out
    assert list(project.results()["provenance"]["evidence"]["cells"]) == [LABELS(Draw(1)).name]


def test_where_a_cell_cannot_be_measured_no_notebook_is_executed(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(data, "load", lambda *_: 1 / 0)
    assert command.main(["execute", "tiny"]) == 1
    said = capsys.readouterr().err
    assert "1 of 1 cells are not measured:\n  tiny: labels, seed 1: ZeroDivisionError: division by zero" in said
    assert not project.runs.exists()


def test_the_scoreboard_alone_can_be_executed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no cells of its own: nothing is measured for it."""
    made = []
    project.write_scoreboard()
    monkeypatch.setattr(execute, "execute", lambda run, **_: made.append(run.notebook))
    assert command.main(["execute", book.SCOREBOARD]) == 0 and made == [book.SCOREBOARD]


def test_the_scoreboard_is_executed_where_a_killed_process_left_what_it_had_begun(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    project.write_scoreboard()
    LABELS(Draw(1)).begun.add({"a training": 1.0})
    monkeypatch.setattr(execute, "execute", lambda run, **_: made.append(run.notebook))
    assert command.main(["execute", book.SCOREBOARD]) == 0 and made == [book.SCOREBOARD]


def test_the_scoreboard_comes_last_whichever_is_named_first(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads what the others have found, from where they leave it."""
    made: list[tuple[str, Path]] = []
    project.write_scoreboard()
    monkeypatch.setattr(execute, "execute", lambda run, **_: made.append((run.notebook, run.folder)))
    assert command.main(["execute", book.SCOREBOARD, "tiny", "-p", "eps=0.2"]) == 0
    assert made == [(name, project.runs / "quick+eps=0.2") for name in ("tiny", book.SCOREBOARD)]


@pytest.mark.parametrize("asked", [["fill"], ["export", "none.zip"]])
def test_nothing_is_measured_for_the_scoreboard(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, asked: list[str]
) -> None:
    project.write_scoreboard()
    monkeypatch.chdir(project.root)
    assert command.main([*asked, book.SCOREBOARD]) == 0
    assert capsys.readouterr().out.splitlines()[0] in ("nothing is missing", "0 cells in none.zip")


@pytest.mark.survives(
    "inputs",
    "So many parameters are given that their names are longer than the name of a file may be.",
    "The folder of the run is called by their beginning and a digest.",
)
def test_a_run_of_many_parameters_has_a_folder_that_a_file_system_takes(project: Project) -> None:
    given = {"eps": 0.2, "dataset": "digits", "seed": 2}
    run = Run("tiny", "quick", given, {f"{name}_{'x' * 60}": value for name, value in given.items()})
    assert len(run.folder.name.encode()) <= LONGEST_NAME < len(run.name) and run.folder.name.startswith("quick+")


@pytest.mark.survives(
    "machines",
    "The path of the book has braces in it.",
    "They stand for themselves.",
)
@pytest.mark.parametrize("name", ["a{b}", "run{seed}"])
def test_braces_in_a_path_are_no_parameters(project: Project, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(compute, "RUNS", project.root / name)
    assert command.main(["execute", "tiny"]) == 0
    assert (project.root / name / "quick" / "tiny.json").exists()


STARTUP = "import torch, matplotlib; torch.set_default_dtype(torch.float64)"


@pytest.mark.survives(
    "machines",
    "IPython, matplotlib and MPLBACKEND are set up in odd ways.",
    "Notebooks run, and look, as without these settings.",
)
def test_a_readers_own_settings_do_not_get_into_a_run(
    project: Project, own_kernels: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    profile = tmp_path / "ipython" / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "startup" / "mine.py").write_text(STARTUP)
    (profile / "ipython_config.py").write_text("c.InteractiveShell.ast_node_interactivity = 'all'\n")
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 20\nfigure.facecolor: red\n")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    monkeypatch.setenv("MPLBACKEND", "agg")
    project.write(
        extra="import torch\nfrom lib.show import plots\nplots.use_style()\n"
        "ledger.metric('bytes', torch.zeros(1).itemsize)\n"
        "from matplotlib import pyplot as plt\n"
        "ledger.metric('width', plt.rcParams['lines.linewidth'])\n'one'\nplt.plot([1, 2])\nNone"
    )
    assert command.main(["execute", "tiny"]) == 0
    metrics = project.results()["metrics"]
    assert metrics["bytes"] == 4 and metrics["width"] == 1.5
    executed = nbformat.read(project.runs / "quick" / "tiny.ipynb", as_version=4)
    outputs = [output for cell in executed.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [sorted(one.data) for one in outputs if "data" in one]
    assert shown == [["image/png", "text/plain"]], "a figure, and no 'one'"
