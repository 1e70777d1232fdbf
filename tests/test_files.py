"""Files and folders are written whole or not at all, and what killed processes left goes."""

import errno
import os
import stat
from pathlib import Path

import pytest

from lib import files
from lib.files import (
    LONGEST_NAME,
    DiskError,
    atomic,
    clear_abandoned,
    copied,
    is_of_the_machine,
    naming,
    reading,
    scratch,
    short_name,
    whole,
)


def test_the_file_appears_when_the_block_succeeds(tmp_path: Path):
    path = tmp_path / "new" / "results.json"
    with atomic(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.suffix == ".json"
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", ["a “word”\n", b"\x00\xff\n"])
def test_a_text_or_bytes_are_put_in_place_as_they_are(tmp_path: Path, content: str | bytes):
    path = tmp_path / "new" / "one"
    files.write(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_nothing_is_left_of_a_block_that_fails(tmp_path: Path, error):
    with pytest.raises(error), atomic(tmp_path / "results.json") as temporary:
        temporary.write_text("ha")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_stands_until_the_block_succeeds(tmp_path: Path):
    path = tmp_path / "results.json"
    path.write_text("old")
    with pytest.raises(OSError), atomic(path) as temporary:
        temporary.write_text("ne")
        raise OSError
    assert path.read_text() == "old"
    with atomic(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_two_writers_of_one_path_do_not_meet(tmp_path: Path):
    path = tmp_path / "results.json"
    with atomic(path) as one, atomic(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_can_be_read_by_whoever_could_read_an_ordinary_one(tmp_path: Path):
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    with atomic(tmp_path / "atomic") as temporary:
        temporary.write_text("")
    modes = [stat.S_IMODE(os.stat(path).st_mode) for path in (ordinary, tmp_path / "atomic")]
    assert modes[0] == modes[1]


def test_a_long_name_is_shortened_and_stays_one_of_its_own():
    assert short_name("quick+eps=0.2") == "quick+eps=0.2"
    one, other = (short_name(f"quick+{'ü' * 200}={value}") for value in (1, 2))
    assert one != other and max(len(one.encode()), len(other.encode())) <= LONGEST_NAME
    assert one.startswith("quick+") and short_name(f"quick+{'ü' * 200}=1") == one


def test_a_copy_of_what_may_only_be_read_can_be_written_to(tmp_path: Path):
    source = tmp_path / "source"
    (source / "within").mkdir(parents=True)
    (source / "within" / "page.md").write_text("a page")
    (source / "left.pyc").touch()
    for path in (source / "within" / "page.md", source / "within", source):
        path.chmod(0o555)
    try:
        copied(source, tmp_path / "copy", "*.pyc")
    finally:
        for path in (source, source / "within"):
            path.chmod(0o755)
    copy = tmp_path / "copy"
    assert (copy / "within" / "page.md").read_text() == "a page" and not (copy / "left.pyc").exists()
    modes = [path.stat().st_mode & stat.S_IWUSR for path in (copy, copy / "within", copy / "within" / "page.md")]
    assert all(modes), "whatever the user may do: root may write anywhere"


DEAD = 2**22 + 1
"""More than Linux gives out."""


def of_the_dead(path: Path, *, machine: str | None = None) -> Path:
    """What a process that is gone, of this machine or another, left of a file or a folder."""
    return path.with_name(f".{path.stem}-~{DEAD}-{machine or files._machine()}-0a1b{path.suffix}")


@pytest.mark.survives(
    "kills",
    "A process was killed while it wrote a file or a folder.",
    "Who writes there next removes what it left, and nothing of processes that live, on this machine or another.",
)
def test_what_killed_processes_left_goes_and_what_others_have_stays(tmp_path: Path):
    path, other = tmp_path / "results.json", tmp_path / "results-2.json"
    left = [of_the_dead(path), of_the_dead(path, machine="another"), of_the_dead(other)]
    for one in left:
        one.write_text("half")
    with atomic(path) as mine, atomic(path) as again:
        assert mine.exists() and again.exists(), "each stands while the other is written"
        assert [one.exists() for one in left] == [False, True, True]
    folder = of_the_dead(tmp_path / "run")
    (folder / "within").mkdir(parents=True)
    with scratch("run", tmp_path) as mine:
        clear_abandoned(tmp_path, "run")
        assert mine.is_dir() and not folder.exists()
    assert sorted(tmp_path.iterdir()) == sorted([path, *left[1:]])


def test_a_folder_takes_the_place_of_another_whole(tmp_path: Path):
    site = tmp_path / "site"
    for words in ("old", "new"):
        with whole(site) as made:
            made.mkdir()
            (made / words).touch()
            assert not (site / words).exists()
        assert [path.name for path in site.iterdir()] == [words]
    with pytest.raises(KeyboardInterrupt), whole(site) as made:
        made.mkdir()
        raise KeyboardInterrupt
    assert [path.name for path in site.iterdir()] == ["new"] and list(tmp_path.iterdir()) == [site]


@pytest.mark.parametrize("broken", ["new", "before"])
def test_an_interrupt_between_two_moves_leaves_the_folder_that_was_there(tmp_path: Path, monkeypatch, broken: str):
    site, rename = tmp_path / "site", Path.rename
    (site / "old").mkdir(parents=True)

    def interrupted(path: Path, target: Path) -> Path:
        moved = rename(path, target) if broken == "before" or path.name != "new" else None
        if broken in (path.name, target.name):
            raise KeyboardInterrupt
        return moved

    with pytest.raises(KeyboardInterrupt), whole(site) as made:
        made.mkdir()
        monkeypatch.setattr(Path, "rename", interrupted)
    assert [path.name for path in site.iterdir()] == ["old"]


@pytest.mark.survives(
    "kills",
    "A process was killed after it had moved the old site away, and before the new one was in its place.",
    "The next one puts the old site back before it begins.",
)
def test_a_folder_that_was_moved_away_by_a_killed_process_comes_back(tmp_path: Path):
    left = of_the_dead(tmp_path / "site")
    (left / "before").mkdir(parents=True)
    (left / "before" / "index.html").touch()
    with pytest.raises(ValueError), whole(tmp_path / "site"):
        raise ValueError("this one fails")
    assert [path.name for path in (tmp_path / "site").iterdir()] == ["index.html"] and not left.exists()


def test_a_full_disk_is_told_from_what_a_library_makes_of_it(tmp_path: Path):
    said = r"one\.pt could not be written \(No space left on device; [\d.]+ MB are free"
    with pytest.raises(DiskError, match=said), atomic(tmp_path / "one.pt"):
        try:
            raise OSError(28, "No space left on device")
        except OSError:
            raise RuntimeError("unexpected pos 576 vs 534")  # noqa: B904 - as PyTorch says it
    with pytest.raises(RuntimeError, match="another"), atomic(tmp_path / "one.pt"):
        raise RuntimeError("another")


def test_what_may_not_be_written_is_named_and_what_may_not_be_read_keeps_its_own_error(tmp_path: Path) -> None:
    def refused(name: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(name))

    with pytest.raises(DiskError, match=r"kept could not be written \(Permission denied\)"), naming(tmp_path / "kept"):
        refused(tmp_path)
    with pytest.raises(PermissionError, match="elsewhere") as caught, naming(tmp_path / "kept"):
        refused(tmp_path / "folder" / "elsewhere")
    assert not isinstance(caught.value, DiskError)


@pytest.mark.parametrize(
    ("error", "kind", "why"),
    [
        (OSError(errno.EIO, "Input/output error"), OSError, r"stays as it is \(Input/output error\): '.*one\.pt'"),
        (OSError(errno.EACCES, "Permission denied"), PermissionError, r"\(Permission denied\): '.*one\.pt'"),
        (MemoryError(), MemoryError, r"one\.pt cannot be read now, and stays as it is \(out of memory\)"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 8 bytes"), MemoryError, r"one\.pt .*8 bytes"),
    ],
)
def test_what_the_machine_cannot_read_now_is_named(tmp_path: Path, error: Exception, kind: type, why: str) -> None:
    with pytest.raises(kind, match=why) as caught, reading(tmp_path / "one.pt"):
        raise error
    assert is_of_the_machine(caught.value)


@pytest.mark.parametrize(
    "error",
    [ValueError("truncated"), OSError("Invalid data stream"), OSError(errno.EINVAL, "Invalid argument")],
    ids=["a library's", "a decompressor's", "a place before the beginning"],
)
def test_what_is_wrong_with_a_file_keeps_its_own_error(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as caught, reading(tmp_path / "one.pt"):
        raise error
    assert caught.value is error and not is_of_the_machine(error)


def test_a_file_that_is_not_there_is_not_the_machine_s_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), reading(tmp_path / "one.pt"):
        (tmp_path / "one.pt").read_bytes()
