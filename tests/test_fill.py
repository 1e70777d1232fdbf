"""fill, on a scratch copy of the book: what is missing is measured once, by worth, and nothing is lost by a kill.

The tests of one copy follow each other; each begins with what it needs.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from scratch import CLOCK, HELPERS, MEASURE, SCALED, Copy, cells, copy_of_the_book, lives, until

BOTH = cells("train", "score")
LEFT = "the same command goes on"
TO_LET_GO_S = 9.2
"""When, of ten seconds, processes are to let go of what they are at, and are not yet ended."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def _book(root: Path) -> Iterator[Copy]:
    copy = copy_of_the_book(root / "a book")
    yield copy
    copy.close()


def emptied(copy: Copy) -> None:
    shutil.rmtree(copy.root / "runs", ignore_errors=True)
    for name in ("log", CLOCK):
        (copy.root / name).unlink(missing_ok=True)


@pytest.fixture
def book(_book: Copy) -> Iterator[Copy]:
    """The copy, with no evidence, an empty log and the time of the machine."""
    emptied(_book)
    yield _book
    for pattern in ("hold-*", "broken-*", "deaf-*"):
        for path in _book.root.glob(pattern):
            path.unlink()


@pytest.fixture(scope="module")
def undisturbed(_book: Copy, root: Path) -> dict[str, bytes]:
    """What is measured where nothing disturbs, to the bit; all of it is in the file that `export` makes as well."""
    emptied(_book)
    said = _book.run("fill", "--jobs", "2", "--export", str(root / "cells.zip"))
    assert said.status == 0 and "nothing is missing" in said.output, said.output
    assert f"4 cells in {root / 'cells.zip'}" in said.output
    assert _book.count("end") == BOTH and len(_book.kept()) == 4
    again = _book.run("fill", "--jobs", "2")
    assert (again.status, again.output) == (0, "nothing is missing\n") and _book.count("start") == BOTH
    return _book.kept()


def test_two_processes_make_each_cell_once_and_a_second_run_measures_nothing(undisturbed: dict[str, bytes]) -> None:
    assert len(undisturbed) == 4, "the rest is in the fixture, since it is what the others are held against"


def test_what_is_missing_is_listed_by_worth_and_nothing_is_measured(book: Copy) -> None:
    said = book.run("fill", "--list")
    parts = [line.split()[:2] for line in said.output.splitlines()[1:]]
    assert said.status == 0 and parts == [["toy.score", "2"], ["toy.train", "2"], ["all", "of"]]
    assert not book.log() and not book.evidence.exists()


def test_a_part_that_fails_is_named_tried_once_and_the_others_are_made_by_worth(book: Copy) -> None:
    (book.root / "broken-train-0").touch()
    said = book.run("fill", "--jobs", "1")
    assert [cell for word, cell, _ in book.log() if word == "start"] == ["score-0", "score-1", "train-0", "train-1"]
    assert said.status == 1 and len(book.kept()) == 3
    assert "1 of 4 cells are not measured:\n  toy: train, seed 0: ValueError: train-0 is cursed" in said.output
    (book.root / "broken-train-0").unlink()
    again = book.run("fill", "--jobs", "1")
    assert again.status == 0 and "measuring 1 cells" in again.output and book.count("end") == BOTH


def test_side_by_side_too_what_fails_is_tried_once(book: Copy) -> None:
    (book.root / "broken-score-0").touch()
    said = book.run("fill", "--jobs", "2")
    assert said.status == 1 and said.output.count("toy: score, seed 0: ValueError") == 1
    assert book.count("start") == BOTH and book.count("end") == {name: 1 for name in BOTH if name != "score-0"}


@pytest.mark.survives(
    "kills",
    "The process that measures for `fill` is killed, as for its memory.",
    "The command says so and what is missing; the next one goes on, to the same cells.",
)
def test_a_worker_that_is_killed_is_named_and_the_next_run_goes_on(book: Copy, undisturbed: dict[str, bytes]) -> None:
    book.hold("train-0")
    command = book.start("fill", "--jobs", "1")
    os.kill(book.begun("train-0", said=command.output), signal.SIGKILL)
    said = command.wait()
    assert said.status == 1 and "2 of 4 cells are not measured:" in said.output
    assert f"a process was killed by SIGKILL, most often for taking more memory than there is; {LEFT}" in said.output
    book.release()
    again = book.run("fill", "--jobs", "1")
    assert again.status == 0 and "measuring 2 cells" in again.output
    assert book.kept() == undisturbed and book.count("end") == BOTH


@pytest.mark.survives(
    "kills",
    "One of two processes that measure for `fill` is killed.",
    "The other makes what that one was at.",
)
def test_where_another_makes_what_a_killed_worker_was_at_nothing_is_missing(
    book: Copy, undisturbed: dict[str, bytes]
) -> None:
    book.hold(*BOTH)
    command = book.start("fill", "--jobs", "2")
    other = book.begun("score-0", said=command.output)
    book.begun("score-1", said=command.output)
    os.kill(other, signal.SIGKILL)
    book.release()
    said = command.wait()
    assert said.status == 0 and said.output.endswith("nothing is missing\n"), said.output
    assert book.kept() == undisturbed and book.count("end") == BOTH


@pytest.mark.survives(
    "kills",
    "Ctrl-C in the middle of two trainings.",
    "No process stays, nothing is half-written, and the next command goes on.",
)
def test_ctrl_c_ends_the_workers_leaves_nothing_half_written_and_the_next_run_goes_on(
    book: Copy, undisturbed: dict[str, bytes]
) -> None:
    book.hold("train-0", "train-1")
    command = book.start("fill", "--jobs", "2")
    workers = [book.begun(name, said=command.output) for name in ("train-0", "train-1")]
    command.interrupt()
    said = command.wait()
    assert said.status == 130 and "interrupted; finished results stand" in said.output
    assert not any(map(lives, workers)), "no worker outlives the command"
    assert "Traceback" not in said.output
    files = [path.name for path in book.evidence.rglob("*") if path.is_file() and path.parent.name != ".locks"]
    assert len(files) == 2 and all(name.startswith("score-") for name in files)
    book.release()
    again = book.run("fill", "--jobs", "2")
    assert again.status == 0 and "measuring 2 cells" in again.output and book.kept() == undisturbed


@pytest.mark.survives("side by side", "Two `fill` at once on one folder.", "Each cell is made once.")
def test_two_commands_at_once_make_each_cell_once(book: Copy, undisturbed: dict[str, bytes]) -> None:
    book.hold(*BOTH)
    both = [book.start("fill", "--jobs", "1") for _ in range(2)]
    until(lambda: len(book.log()) == 2)
    book.release()
    assert [command.wait().status for command in both] == [0, 0]
    assert book.count("start") == book.count("end") == BOTH and book.kept() == undisturbed
    assert len({pid for _, _, pid in book.log()}) == 2, "each command made some"


@pytest.mark.parametrize("ignoring", [False, True], ids=["in a terminal", "in the background"])
def test_within_a_time_what_takes_longer_is_interrupted_and_said_to_be_left(book: Copy, ignoring: bool) -> None:
    book.hold("train-0")
    book.clock(0)
    command = book.start("fill", "--jobs", "1", "--within", "10s", ignoring=ignoring)
    book.begun("train-0", said=command.output)
    book.clock(TO_LET_GO_S)
    said = command.wait()
    assert said.status == 0 and said.output.endswith(f"2 cells are left; {LEFT}\n"), said.output
    assert book.count("end") == cells("score") and len(book.kept()) == 2


def test_a_training_that_the_time_has_stopped_goes_on_on_another_machine(
    book: Copy, root: Path, undisturbed: dict[str, bytes]
) -> None:
    book.hold("epoch")
    file = str(root / "begun.zip")
    book.clock(0)
    command = book.start("fill", "--jobs", "1", "--within", "10s", "--export", file)
    until(lambda: book.count("epoch"), command.output)
    book.clock(TO_LET_GO_S)
    said = command.wait()
    assert said.status == 0 and f"2 cells in {file}, 1 trainings to go on with\n" in said.output, said.output
    assert book.count("epoch") == {"done": 1} and book.count("end") == cells("score"), "stopped in its second epoch"
    book.release()
    emptied(book)
    assert (
        book.run("import", file).output == f"{file}: 2 new cells, 0 that were here already, 1 new states of trainings\n"
    )
    said = book.run("fill", "--jobs", "1")
    assert said.status == 0 and book.kept() == undisturbed
    assert book.count("epoch") == {"done": 3}, "one of train-0, two of train-1"


def test_who_does_not_let_go_in_time_is_ended_and_the_file_is_written(book: Copy, root: Path) -> None:
    book.hold("train-0")
    (book.root / "deaf-train-0").touch()
    book.clock(0)
    command = book.start("fill", "--jobs", "1", "--within", "10s", "--export", str(root / "late.zip"))
    deaf = book.begun("train-0", said=command.output)
    book.clock(10)
    said = command.wait()
    assert said.status == 0 and "2 cells are left" in said.output and "2 cells in" in said.output, said.output
    assert not lives(deaf)


def test_a_damaged_cell_is_set_aside_and_made_anew(book: Copy, undisturbed: dict[str, bytes]) -> None:
    book.run("fill", "--jobs", "1", forking=False)
    assert book.kept() == undisturbed, "a worker as it is started for a user"
    path = next(book.evidence.glob("toy/score-seed-1-*.npz"))
    path.write_bytes(path.read_bytes()[:-100])
    said = book.run("fill", "--jobs", "1")
    assert said.status == 0 and f"{path} is no cell of this book" in said.output
    assert book.kept() == undisturbed and book.count("end") == BOTH | {"score-1": 2}


@pytest.mark.parametrize("arguments", [["--resources", "GPU=1"], ["--scheduler", "tcp://127.0.0.1:1", "--jobs", "2"]])
def test_what_does_not_go_together_is_refused(book: Copy, arguments: list[str]) -> None:
    said = book.run("fill", *arguments)
    assert said.status == 1 and "--scheduler" in said.output and "Traceback" not in said.output
    assert not book.log()


# What is carried, executed and changed


@pytest.fixture
def filled(book: Copy, root: Path, undisturbed: dict[str, bytes]) -> Copy:
    """The copy with all evidence, as another machine has made it."""
    assert book.run("import", str(root / "cells.zip")).output.endswith("4 new cells, 0 that were here already\n")
    return book


def executed(book: Copy) -> dict:
    said = book.run("execute", "toy", "--profile", "paper")
    assert said.status == 0, said.output
    return json.loads((book.root / "runs" / "paper" / "toy.json").read_text())


def test_a_notebook_is_executed_from_imported_evidence_and_a_change_re_measures_one_part(
    filled: Copy, undisturbed: dict[str, bytes]
) -> None:
    assert filled.kept() == undisturbed
    found = executed(filled)
    assert not filled.log(), "nothing is measured"
    assert set(found["provenance"]["evidence"]["cells"]) == set(undisturbed)

    moved = MEASURE.replace("from lib.chapters.toy.helpers import scaled\n", "")
    try:
        filled.chapter("helpers").unlink()
        filled.chapter("measure").write_text(moved.replace("TRAIN, SCORE =", f"{SCALED}\n\nTRAIN, SCORE ="))
        assert filled.run("fill", "--list").output == "nothing is missing\n"
        assert "runs/paper/toy: up to date" in filled.run("status").output

        filled.chapter("measure").write_text(MEASURE)
        filled.chapter("helpers").write_text(HELPERS.replace("seed + 0.25", "seed - 0.125"))
        state = filled.run("status").output
        assert "stale, since lib/chapters/toy/helpers.py changed" in state, state
        listed = filled.run("fill", "--list").output
        assert "toy.score" in listed and "toy.train" not in listed
        assert executed(filled)["metrics"] == {"score": 2.375}
        assert filled.count("end") == cells("score")
    finally:
        filled.chapter("measure").write_text(MEASURE)
        filled.chapter("helpers").write_text(HELPERS)
    assert filled.run("fill", "--list").output == "nothing is missing\n", "what it was before is still kept"


# On a cluster


@pytest.fixture(scope="module")
def cluster(root: Path) -> Iterator[tuple[Copy, str]]:
    """Another copy, in which a Dask scheduler and two workers work, and the scheduler's address."""
    pytest.importorskip("distributed", reason="no Dask: it comes with the extra `sweep`")
    there = copy_of_the_book(root / "cluster")
    file, quiet = there.root / "scheduler.json", {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    where = ["--scheduler-file", str(file), "--no-dashboard"]
    processes = [there.python("-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", *where, **quiet)]
    worker = ["-m", "dask", "worker", *where, "--nthreads", "1", "--no-nanny", "--preload", "lib.evidence.spread"]
    processes += [there.python(*worker, **quiet) for _ in range(2)]
    try:
        until(lambda: file.exists() and file.read_text())  # it is there before its text is
        yield there, json.loads(file.read_text())["address"]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.survives(
    "kills",
    "A worker of the cluster that measures is killed.",
    "Another worker makes its cell again; all cells are the same.",
)
def test_a_cluster_of_which_a_worker_is_killed_makes_the_same_cells(
    book: Copy, cluster: tuple[Copy, str], undisturbed: dict[str, bytes]
) -> None:
    there, address = cluster
    there.hold("train-0")
    command = book.start("fill", "--scheduler", address)
    os.kill(there.begun("train-0", said=command.output), signal.SIGKILL)
    there.release()
    said = command.wait()
    assert said.status == 0 and said.output.endswith("nothing is missing\n"), said.output
    assert book.kept() == undisturbed and not book.log(), "measured by the cluster, and brought here"
    assert there.count("end") == BOTH and there.count("start") == BOTH | {"train-0": 2}
    assert "4 of 4" in said.output and "5 of 4" not in said.output, "each is said once"


def test_within_a_time_a_cluster_begins_nothing_more(book: Copy, cluster: tuple[Copy, str]) -> None:
    there, address = cluster
    shutil.rmtree(there.root / "runs", ignore_errors=True)
    there.hold(*BOTH)
    said = book.run("fill", "--scheduler", address, "--within", "1s")
    there.release()
    assert said.status == 0 and "cells are left" in said.output and not book.kept(), said.output
