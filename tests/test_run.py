"""A run: what it would be today, and what has changed since it was made."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from projects import PARAMETERS, Project, project_at
from tiny import LABELS, Draw

from lib import compute, data
from lib.run import __main__ as command
from lib.run import execute
from lib.run import run as run_module
from lib.run.run import Run


@pytest.fixture(scope="module")
def executed_once(tmp_path_factory: pytest.TempPathFactory, write_notebook: Callable) -> tuple[Path, Path]:
    """Where a project lies that was executed, and what it then had."""
    root = tmp_path_factory.mktemp("executed") / "a project"
    with pytest.MonkeyPatch.context() as patch:
        project_at(root, patch, write_notebook)
        assert command.main(["execute", "tiny"]) == 0
    kept = shutil.copytree(root, root.parent / "kept")
    return root, kept


@pytest.fixture
def executed(executed_once: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, write_notebook: Callable) -> Project:
    """A project of which the quick profile has been executed."""
    root, kept = executed_once
    shutil.rmtree(root)
    project = project_at(root, monkeypatch, write_notebook)
    shutil.copytree(kept, root, dirs_exist_ok=True)
    return project


def test_the_data_are_looked_at_again_only_where_their_file_has_changed(tmp_path: Path, monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(data, "CACHE", tmp_path)
    monkeypatch.setattr(data, "current_digest", lambda names: asked.append(names) or str(len(asked)))
    digest = partial(run_module.data_digest, "mitigation", {"dataset": "mnist"}, tmp_path)
    assert [digest(), digest()] == ["1", "1"]
    data.cache_file("mnist").touch()
    assert [digest(), digest()] == ["2", "2"]


def test_a_value_that_is_out_of_todays_range_makes_a_run_stale(project: Project, write_notebook) -> None:
    run = Run.of("tiny", "quick", {"eps": "0.9"})
    execute.execute(run)
    assert Run.found("tiny", run.folder).changes() == []
    write_notebook(project.root / "notebooks" / "tiny.ipynb", PARAMETERS.replace("[0, 1]", "[0, 0.5]"))
    assert "the parameters" in Run.found("tiny", run.folder).changes()


def test_todays_values_of_a_run_keep_what_was_given_by_hand(project: Project) -> None:
    execute.execute(Run.of("tiny", "quick", {"eps": "0.2"}))
    found = project.results("quick+eps=0.2")
    profile = project.root / "notebooks" / "profiles" / "quick.yaml"
    assert Run.of_results(found).values == {"seed": 1, "dataset": "digits", "eps": 0.2}
    profile.write_text("tiny: {seed: 2, eps: 0.5}\n")
    assert Run.of_results(found).values == {"seed": 2, "dataset": "digits", "eps": 0.2}


def test_what_a_run_has_no_results_of_cannot_be_compared(project: Project) -> None:
    run = Run.of("tiny", "quick", {})
    assert run.results() is None and not run.up_to_date()
    with pytest.raises(LookupError, match="no results"):
        run.changes()


def test_a_run_whose_notebook_is_gone_says_so(executed: Project) -> None:
    (executed.root / "notebooks" / "tiny.ipynb").unlink()
    assert Run.found("tiny", compute.RUNS / "quick").changes() == ["the notebook is gone"]


def test_evidence_that_its_results_do_not_know_makes_a_run_stale(executed: Project) -> None:
    run = Run.of("tiny", "quick", {})
    assert run.up_to_date()
    LABELS(Draw(5)).get()  # of another run
    assert run.up_to_date()
    LABELS(Draw(2)).get()  # which the notebook shows where it is kept
    assert run.changes() == ["the evidence, of which there is more now"]
    assert command.main(["execute", "tiny"]) == 0 and run.up_to_date()


def test_evidence_that_was_measured_again_makes_a_run_stale(executed: Project) -> None:
    run, cell = Run.of("tiny", "quick", {}), LABELS(Draw(1))
    cell.path.unlink()
    cell.make()  # the same digest, by today's networks
    assert run.changes() == ["the evidence, some of which was measured again"]
    assert command.main(["execute", "tiny"]) == 0 and run.up_to_date()


def test_a_damaged_cell_is_no_other_evidence(executed: Project) -> None:
    LABELS(Draw(1)).path.write_bytes(b"half a file")
    assert Run.of("tiny", "quick", {}).up_to_date()


def test_evidence_that_is_gone_leaves_the_results_as_they_are(executed: Project) -> None:
    LABELS(Draw(1)).path.unlink()
    assert Run.of("tiny", "quick", {}).up_to_date()


def test_other_data_make_a_run_stale(executed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "current_digest", lambda names: "0" * 64)
    assert Run.of("tiny", "quick", {}).changes() == ["the data"]
