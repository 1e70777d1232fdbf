"""Files are written whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from lib.files import LONGEST_NAME, atomic, copied, short_name


def test_the_file_appears_when_the_block_succeeds(tmp_path: Path):
    path = tmp_path / "new" / "results.json"
    with atomic(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.suffix == ".json"
    assert path.read_text() == "whole"
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
