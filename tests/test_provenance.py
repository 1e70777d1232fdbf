"""Where a result comes from: the commit of this folder, and of no other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib import compute, provenance


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in place of the book's."""
    root = tmp_path / "a checkout"
    root.mkdir()
    git(root, "init", "-q")
    (root / "file").write_text("one")
    git(root, "add", "file")
    git(root, "commit", "-qm", "First")
    monkeypatch.setattr(compute, "ROOT", root)
    return root


def test_a_commit_is_named_with_whether_something_differs(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    assert provenance.commit() == head
    (checkout / "file").write_text("two")
    assert provenance.commit() == f"{head}+changes"


@pytest.mark.survives(
    "machines",
    "The book is unpacked, without its history, in a folder of another repository.",
    "Its pages name no commit, and not that of the other one.",
)
def test_a_folder_in_another_repository_has_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / "unpacked").mkdir()
    monkeypatch.setattr(compute, "ROOT", checkout / "unpacked")
    assert provenance.commit() is None


@pytest.mark.survives(
    "machines",
    "The environment names another repository, as in a hook of git.",
    "The commit is still that of the book.",
)
def test_a_hooks_environment_names_no_other_repository(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "another"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert provenance.commit() and provenance.commit() == provenance.commit().removesuffix("+changes")


@pytest.mark.survives(
    "machines",
    "git calls the owner of the checkout dubious.",
    "The commit is named all the same.",
)
def test_another_users_checkout_is_one(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(subprocess.CalledProcessError):
        git(checkout, "rev-parse", "HEAD")
    assert provenance.commit()


@pytest.mark.survives(
    "machines",
    "git is not installed.",
    "Pages say that the commit is not known.",
)
def test_without_git_there_is_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    assert provenance.commit() is None


HOMELESS = """
import os, pwd
def unknown(number):
    raise KeyError(number)
pwd.getpwuid = unknown
os.environ.pop("HOME", None)
import lib.run
print(lib.run.Path.home())
"""


@pytest.mark.survives(
    "machines",
    "The system does not know the user, and HOME is not set, as in some containers.",
    "A folder for temporary files serves as home.",
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows every user")
def test_a_user_whom_the_system_does_not_know_has_a_home_to_write_to() -> None:
    ran = subprocess.run([sys.executable, "-c", HOMELESS], cwd=compute.ROOT, capture_output=True, text=True)
    home = Path(ran.stdout.strip())
    assert ran.returncode == 0 and home.name == f"home-{os.getuid()}" and os.access(home, os.W_OK), ran.stderr[-2000:]


@pytest.mark.survives(
    "machines",
    "The folder for data is given with a tilde, or from here.",
    "It is the same folder for commands and notebooks.",
)
def test_a_home_in_the_name_of_the_data_folder_is_meant_as_such() -> None:
    given = {"~/cache": Path.home() / "cache", "near": compute.ROOT / "near"}
    code = "import importlib, os, sys; from lib import data\n"
    code += "for os.environ['REPRO_DATA'] in sys.argv[1:]: print(importlib.reload(data).CACHE)"
    command = [sys.executable, "-c", code, *given]
    ran = subprocess.run(command, cwd=compute.ROOT, capture_output=True, text=True)
    assert ran.stdout.splitlines() == [str(expected) for expected in given.values()], ran.stderr[-2000:]
