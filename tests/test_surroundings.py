"""What lies around a run stays out of it: a user's settings, another repository, how the folders are kept."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import nbformat
import pytest
from projects import Project

from lib import compute, files, provenance
from lib.run import __main__ as command
from lib.run import execute, status
from lib.run.run import Run


def outputs(project: Project) -> list:
    cells = nbformat.read(project.runs / "quick" / "tiny.ipynb", as_version=4).cells
    return [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]


# ---- A user's settings ----


def test_a_users_settings_are_not_in_the_pages(project: Project, tmp_path: Path, monkeypatch) -> None:
    """Neither a backend without pictures, nor lines of another width, nor an IPython that shows every line."""
    settings = tmp_path / "settings"
    profile = settings / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text("get_config().InteractiveShell.ast_node_interactivity = 'all'\n")
    (settings / "matplotlibrc").write_text("lines.linewidth: 20\n")
    monkeypatch.setenv("IPYTHONDIR", str(settings))
    monkeypatch.setenv("MATPLOTLIBRC", str(settings / "matplotlibrc"))
    monkeypatch.setenv("MPLBACKEND", "agg")
    project.write(extra="import matplotlib.pyplot as plt\n'not the last'\nplt.plot([0, 1])\nplt.show()")
    assert command.main(["execute", "tiny"]) == 0
    shown = outputs(project)
    assert sum("image/png" in output.get("data", {}) for output in shown) == 1
    assert "not the last" not in str(shown)
    project.write(extra="import matplotlib\nprint('width', matplotlib.rcParams['lines.linewidth'])")
    assert command.main(["execute", "tiny"]) == 0
    assert "width 1.5" in str(outputs(project))


def test_a_kernel_that_does_not_start_is_said_to_be_that(
    project: Project, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif 'ipykernel_launcher' in ' '.join(sys.orig_argv): sys.exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    assert command.main(["execute", "tiny"]) == 1
    said = capsys.readouterr().err
    assert "did not start" in said and "ipykernel_launcher" in said and "Traceback" not in said


# ---- The folders ----


def test_a_folder_with_braces_in_its_name_runs_its_own_notebook(project: Project) -> None:
    braces = project.runs / "quick{seed}"
    run = Run.of("tiny", "quick", {}).at(braces)
    execute.execute(run)
    assert (braces / "tiny.ipynb").exists() and run.results()["metrics"]["eps"] == 0.1


def test_runs_may_lie_elsewhere(project: Project, tmp_path: Path) -> None:
    project.runs.mkdir(exist_ok=True)
    shutil.move(project.runs, tmp_path / "scratch")
    project.runs.symlink_to(tmp_path / "scratch")
    assert command.main(["execute", "tiny"]) == 0
    assert command.main(["status"]) == 0
    assert any("tiny: up to date;" in line for line in status.lines())


def test_what_the_system_refuses_is_said_in_one_line(project: Project, capsys, monkeypatch) -> None:
    monkeypatch.setattr(compute, "RUNS", project.root / ("n" * 300))
    assert command.main(["execute", "tiny"]) == 1
    said = capsys.readouterr().err
    assert "error: " in said and "name too long" in said and "Traceback" not in said


def test_a_copy_of_what_may_only_be_read_may_be_written(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "page.md").write_text("a page")
    for path in (source / "inner" / "page.md", source / "inner", source):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    files.copy(source, target)
    files.copy(source, target / "again")
    assert [path for path in [target, *target.rglob("*")] if not path.stat().st_mode & stat.S_IWUSR] == []
    assert (target / "again" / "inner" / "page.md").read_text() == "a page"
    for path in (source, source / "inner"):
        path.chmod(stat.S_IRWXU)


# ---- The commit ----


def git(where: Path, *arguments: str) -> str:
    names = {f"GIT_{who}_{what}": "someone" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return subprocess.run(
        ["git", "-C", str(where), *arguments], check=True, capture_output=True, text=True, env=os.environ | names
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one commit, in place of the book's."""
    root = tmp_path / "repository"
    (root / "inner").mkdir(parents=True)
    (root / "inner" / "code.py").write_text("")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "A commit")
    monkeypatch.setattr(compute, "ROOT", root)
    return root


def test_the_commit_is_that_of_the_book(repository: Path) -> None:
    assert provenance.commit() == git(repository, "rev-parse", "HEAD")
    (repository / "inner" / "code.py").write_text("changed")
    assert provenance.commit().endswith("+changes")


def test_a_copy_within_another_repository_has_no_commit(repository: Path, monkeypatch) -> None:
    monkeypatch.setattr(compute, "ROOT", repository / "inner")
    assert provenance.commit() is None


def test_a_hook_of_another_repository_changes_nothing(repository: Path, tmp_path: Path, monkeypatch) -> None:
    head = git(repository, "rev-parse", "HEAD")
    git(tmp_path, "init", "--quiet", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other" / "index"))
    assert provenance.commit() == head


def test_a_checkout_of_another_owner_is_one(repository: Path, monkeypatch) -> None:
    head = git(repository, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert provenance.commit() == head
