"""The command line on a tiny notebook: what it refuses, what it keeps, what it does not do twice."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from functools import cache, partial
from pathlib import Path

import nbformat
import pytest

from lib import book, cells, compute, data
from lib.chapters.fragile_neurons.networks import RECIPES
from lib.ledger import results
from lib.parameters import ParameterError
from lib.run import __main__ as command
from lib.run import combinations, costs, engine, execute, profiles, record, status
from lib.run import run as run_module
from lib.run.run import Run
from lib.site import build, readme

PARAMETERS = """\
seed: int = 0  # [0, 9] the seed
dataset: str = "digits"  # {digits, mnist} which images
eps: float = 0.1  # [0, 1] perturbation size, in pixel units
"""
CODE = """\
from pathlib import Path
from lib import book
from lib.ledger.ledger import Ledger
from lib.ledger.results import Inputs
book.NOTEBOOKS = Path("{notebooks}")
ledger = Ledger("tiny", globals(), data=Inputs("{digest}", "made up"))
ledger.metric("eps", eps)
{extra}
path = ledger.finish()
"""


@cache
def digits_digest() -> str:
    """Seconds each time, and always the same."""
    return data.current_digest("digits")


class Project:
    """A project of one tiny notebook, in a folder of its own."""

    def __init__(self, root: Path, write) -> None:
        self.root, self._write = root, write
        self.runs = root / "runs"
        self.write()
        (root / "book").mkdir()
        (root / "book" / "_toc.yml").write_text("parts: [{chapters: [{file: tiny}, {file: scoreboard}]}]\n")
        (root / "notebooks" / "profiles").mkdir()
        for name in ("quick", "paper"):
            (root / "notebooks" / "profiles" / f"{name}.yaml").write_text("tiny: {seed: 1}\n")

    def write(self, extra: str = "") -> None:
        """Write the notebook, with more code before its end."""
        code = CODE.format(notebooks=self.root / "notebooks", digest=digits_digest(), extra=extra)
        self._write(self.root / "notebooks" / "tiny.ipynb", PARAMETERS, code)

    def write_scoreboard(self) -> None:
        """Write a second notebook, of the scoreboard's name."""
        self._write(self.root / "notebooks" / f"{book.SCOREBOARD}.ipynb", "seed: int = 0  # the seed")

    def results(self, run: str = "quick") -> dict:
        return json.loads((self.runs / run / "tiny.json").read_text())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_notebook) -> Project:
    root = tmp_path / "a project"
    monkeypatch.setattr(book, "NOTEBOOKS", root / "notebooks")
    monkeypatch.setattr(book, "PAGES", root / "book")
    monkeypatch.setattr(results, "RECORDED", root / "recorded")
    monkeypatch.setattr(compute, "RUNS", root / "runs")
    return Project(root, write_notebook)


def test_a_run_keeps_the_notebook_and_its_results(project: Project) -> None:
    assert command.main(["execute", "tiny"]) == 0
    results = project.results()
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
    assert [line.rsplit("  ", 1)[1] for line in said if "cell" in line] == ["A chapter", "Table I"]


def test_only_what_changed_runs_again(project: Project, capsys: pytest.CaptureFixture) -> None:
    command.main(["execute", "tiny"])
    first = project.results()["provenance"]["finished"], (project.runs / "quick" / "tiny.json").stat().st_mtime_ns
    project.write(extra="# a comment changes nothing")
    command.main(["execute", "tiny"])
    assert "up to date" in capsys.readouterr().out
    assert (project.runs / "quick" / "tiny.json").stat().st_mtime_ns == first[1]
    project.write(extra="ledger.metric('more', 1)")
    command.main(["execute", "tiny"])
    assert project.results()["metrics"] == {"eps": 0.1, "more": 1.0}


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


def test_results_that_are_damaged_count_as_not_run(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "tiny.json"
    path.write_text("")
    assert results.read_results(tmp_path, "tiny") is None and str(path) in capsys.readouterr().err


def test_the_data_are_looked_at_again_only_where_their_file_has_changed(tmp_path: Path, monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(data, "CACHE", tmp_path)
    monkeypatch.setattr(data, "current_digest", lambda names: asked.append(names) or str(len(asked)))
    digest = partial(run_module.data_digest, "mitigation", {"dataset": "mnist"}, tmp_path)
    assert [digest(), digest()] == ["1", "1"]
    data.cache_file("mnist").touch()
    assert [digest(), digest()] == ["2", "2"]


@pytest.mark.parametrize(
    ("notebook", "given", "said"),
    [
        ("unlearning", {"dataset": "digits", "rounds": 4, "remove": 1000}, "leave nothing of 4,000 training images"),
        ("adversarial_training", {"dataset": "digits", "batch_size": 31}, "a single image of 4,000"),
        ("adversarial_training", {"dataset": "digits", "batch_size": 37}, "a single image of 1,000"),
        ("fragile_neurons", {"dataset": "digits", "settings_images": 129}, "settings_images=129"),
    ],
)
def test_values_that_do_not_go_together_are_refused(notebook: str, given: dict, said: str) -> None:
    for profile in profiles.names():
        profiles.values(notebook, profile, {})
    with pytest.raises(ParameterError, match=f"{notebook}: .*{said}"):
        profiles.values(notebook, "quick", given)


def test_what_combinations_are_judged_by_is_as_in_the_data_and_the_recipes() -> None:
    digits = data.load("digits")
    assert combinations.SIZES["digits"] == (len(digits.x_train), len(digits.x_test))
    assert {recipe.batch_size % combinations.RECIPE_BATCH for recipe in RECIPES.values()} == {0}


def test_what_a_run_takes_is_said_of_the_profiles_own_values() -> None:
    runs = (Run.of("mitigation", "quick", given) for given in ({}, {"epochs": "200"}))
    plain, changed = (costs.announcement("quick", [run]) for run in runs)
    assert "1.8 minutes" in plain and "yours may take more" not in plain and "yours it may take more" in changed


def test_changed_parameters_have_a_folder_of_their_own(project: Project) -> None:
    assert command.main(["execute", "tiny", "-p", "eps=0.2"]) == 0
    assert project.results("quick+eps=0.2")["metrics"] == {"eps": 0.2}
    assert not (project.runs / "quick").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-p", "epz=0.2"], "no parameter named epz; there are:\n  seed: int"),
        (["-p", "eps=much"], "eps is 'much'; it takes float"),
        (["-p", "seed=0.5"], "seed is 0.5; it takes int"),
        (["-p", "eps=1.5"], "out of [0, 1]"),
        (["-p", "dataset=cifar"], "one of digits, mnist"),
        (["-p", "eps"], "write name=value"),
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
def test_an_interrupted_run_is_kept_and_says_so(
    project: Project, capsys: pytest.CaptureFixture, sent: signal.Signals
) -> None:
    started = project.root / "started"
    project.write(extra=f"Path('{started}').touch(); import time; time.sleep(60)")
    threading.Thread(target=_send_once_started, args=(started, sent), daemon=True).start()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        assert command.main(["execute", "tiny"]) == command.INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, before)
    assert "interrupted" in capsys.readouterr().err
    assert (project.runs / "quick" / "tiny.failed.ipynb").exists()
    assert not (project.runs / "quick" / "tiny.json").exists()
    assert [path.name for path in (project.runs / "quick").iterdir()] == ["tiny.failed.ipynb"]


def test_a_pipe_that_closes_early_is_no_error() -> None:
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": compute.ROOT, "text": True}
    with subprocess.Popen([sys.executable, "-m", "lib.run", "status"], **given) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def _send_once_started(started: Path, sent: signal.Signals) -> None:
    while not started.exists():
        threading.Event().wait(0.1)
    os.kill(os.getpid(), sent)


def test_recording_copies_the_paper_profile(project: Project) -> None:
    record.record(Run.of("tiny", "paper", {"eps": "0.3"}))
    kept = json.loads((project.root / "recorded" / "tiny.json").read_text())
    assert kept["profile"] == "paper+eps=0.3"
    assert kept["metrics"] == {"eps": 0.3}
    assert (project.root / "recorded" / "tiny.ipynb").exists()


WITH_A_GRID = """
from lib import cells, compute
from lib.measure import intervals
from lib.ledger.results import output_folder
for n in (1, 2):
    measure = lambda n=n: {"n": n, "made_in": str(compute.RUNS)}
    found = cells.kept(f"cell-{n}", n, measure, intervals.share, Path("%s"))
    copied = cells.kept(f"cell-{n}", n, lambda: found, intervals.share, output_folder() / "cells")
    ledger.metric(f"made elsewhere {n}", found["made_in"] == "elsewhere")
"""


def test_a_recording_keeps_the_cells_that_it_shows_and_starts_from_those_recorded(
    project: Project, monkeypatch
) -> None:
    folder, album = project.root / "kept", project.root / "recorded" / "cells" / "tiny"
    monkeypatch.setattr(cells, "CELLS", folder)
    project.write(extra=WITH_A_GRID % folder)
    record.record(Run.of("tiny", "paper", {}))
    first, second = sorted(album.iterdir())
    assert first.name.startswith("cell-1-") and sorted(folder.iterdir()) == [folder / first.name, folder / second.name]

    for path in folder.iterdir():  # as on another machine, where one of the two was made elsewhere
        path.unlink()
    second.unlink()
    first.write_text(json.dumps({"n": 1, "made_in": "elsewhere"}))
    older, another = album / f"{second.stem.rpartition('-')[0]}-0123.json", album / "cell-3-0123.json"
    for path in (older, another):
        path.write_text("{}")
    record.record(Run.of("tiny", "paper", {}))  # though nothing of its code has changed
    recorded = json.loads((project.root / "recorded" / "tiny.json").read_text())
    assert recorded["metrics"] == {"eps": 0.1, "made elsewhere 1": 1.0, "made elsewhere 2": 0.0}
    kept = sorted(path.name for path in album.iterdir())
    assert kept == sorted([first.name, second.name, another.name])  # what is replaced goes, what was left out stays


def test_a_recording_checks_all_notebooks_before_the_first_runs(project: Project, monkeypatch) -> None:
    monkeypatch.setattr(record, "record", lambda _: pytest.fail("recorded"))
    monkeypatch.setattr(readme, "update", lambda: pytest.fail("README written"))
    assert command.main(["record", "tiny", "-p", "epz=1"]) == 1


def test_a_recording_that_fails_leaves_readme_with_what_was_recorded_before(project: Project, monkeypatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(record, "record", lambda run: done.append(run.notebook) or _fail(len(done) > 1))
    monkeypatch.setattr(readme, "update", lambda: done.append("README"))
    assert command.main(["record", "tiny", "tiny"]) == 1
    assert done == ["tiny", "tiny", "README"]


def _fail(now: bool) -> None:
    if now:
        raise execute.RunError("a cell failed")


def test_a_value_that_is_out_of_todays_range_makes_a_run_stale(project: Project, write_notebook) -> None:
    run = Run.of("tiny", "quick", {"eps": "0.9"})
    execute.execute(run)
    assert Run.found("tiny", run.folder).changes() == []
    write_notebook(project.root / "notebooks" / "tiny.ipynb", PARAMETERS.replace("[0, 1]", "[0, 0.5]"))
    assert "the parameters" in Run.found("tiny", run.folder).changes()


def test_recording_the_scoreboard_makes_it_of_the_recorded_results(project: Project, monkeypatch) -> None:
    made: list[Path] = []
    project.write_scoreboard()

    def instead(run: Run, **options) -> None:
        if run.notebook == book.SCOREBOARD:
            made.append(run.folder)
        else:
            execute.execute(run, **options)

    monkeypatch.setattr(record, "execute", instead)
    record.record(Run.of("tiny", "paper", {}))
    record.record(Run.of(book.SCOREBOARD, "paper", {}))
    assert made == [project.root / "recorded"] * 2
    assert not (project.root / "recorded" / "scoreboard.ipynb").exists()  # no copy of another run's


def test_todays_values_of_a_run_keep_what_was_given_by_hand(project: Project) -> None:
    execute.execute(Run.of("tiny", "quick", {"eps": "0.2"}))
    found = project.results("quick+eps=0.2")
    profile = project.root / "notebooks" / "profiles" / "quick.yaml"
    assert Run.of_results(found).values == {"seed": 1, "dataset": "digits", "eps": 0.2}
    profile.write_text("tiny: {seed: 2, eps: 0.5}\n")
    assert Run.of_results(found).values == {"seed": 2, "dataset": "digits", "eps": 0.2}


def test_a_profile_that_sets_what_no_notebook_declares_is_refused(project: Project) -> None:
    (project.root / "notebooks" / "profiles" / "quick.yaml").write_text("tiny: {epz: 0.2}\n")
    assert command.main(["execute", "tiny"]) == 1


def test_the_notebook_runs_with_this_environments_python(project: Project) -> None:
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


def test_a_wait_policy_that_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    assert engine.environment(tmp_path, tmp_path)["GOMP_SPINCOUNT"] == "2000"
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    assert "GOMP_SPINCOUNT" not in engine.environment(tmp_path, tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="settings of glibc's allocator")
def test_settings_of_the_allocator_that_the_user_has_made_stay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("MALLOC_")]:
        monkeypatch.delenv(name)
    assert engine.environment(tmp_path, tmp_path)["MALLOC_MMAP_THRESHOLD_"] == str(2**25)
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    assert not {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"} & engine.environment(tmp_path, tmp_path).keys()


def test_values_that_are_equal_share_a_folder(project: Project) -> None:
    assert command.main(["execute", "tiny", "-p", "eps=0.20"]) == 0
    assert (compute.RUNS / "quick+eps=0.2" / "tiny.json").exists()


def test_what_a_killed_process_left_goes_and_what_a_live_one_has_stays(project: Project) -> None:
    where = compute.RUNS / "quick"
    host = socket.gethostname()
    dead = 2**22 + 1  # more than Linux gives out
    names = f"{dead}-{host}", f"{os.getpid()}-{host}", f"{dead}-another", f"{dead}-{host}-2"
    gone, *kept = (where / f".tiny-{name}-x1_y" for name in names)
    for folder in (gone, *kept):
        folder.mkdir(parents=True)
    assert command.main(["execute", "tiny"]) == 0
    assert not gone.exists() and all(folder.exists() for folder in kept)


def test_the_scoreboard_alone_can_be_reproduced(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(execute, "execute", lambda run: made.append((run.notebook, run.folder)))
    monkeypatch.setattr(build, "build", lambda results, output: output / "index.html")
    assert command.main(["reproduce", "scoreboard"]) == 0 and made == [(book.SCOREBOARD, compute.RUNS / "quick")]


def test_a_run_of_the_first_edition_is_told_as_such(project: Project) -> None:
    assert command.main(["execute", "tiny"]) == 0
    kept, where = project.results(), compute.RUNS / "quick" / "tiny.json"
    kept["provenance"]["digest"]["modules"] = kept["provenance"]["digest"].pop("lib")
    where.write_text(json.dumps(kept))
    assert status._state(Run.found("tiny", where.parent)).startswith(f"stale: {results.FIRST_EDITION}; ")
    assert not Run.of("tiny", "quick", {}).up_to_date()


def test_what_a_run_has_no_results_of_cannot_be_compared(project: Project) -> None:
    run = Run.of("tiny", "quick", {})
    assert run.results() is None and not run.up_to_date()
    with pytest.raises(LookupError, match="no results"):
        run.changes()


def test_a_run_whose_notebook_is_gone_says_so(project: Project) -> None:
    assert command.main(["execute", "tiny"]) == 0
    (project.root / "notebooks" / "tiny.ipynb").unlink()
    assert Run.found("tiny", compute.RUNS / "quick").changes() == ["the notebook is gone"]
