"""Several commands at once on one checkout: each ends well, with the same results, and nothing is made twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from scratch import Copy, Said, cells
from toy_book import emptied, kept, scratch_left
from with_scoreboard import whole_book

from lib.site import render

RUNS, EVIDENCE = "runs/quick/", "runs/evidence/"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    copy = whole_book(tmp_path_factory.mktemp("side by side") / "a book")
    yield copy
    copy.close()


@pytest.fixture(scope="module")
def alone(book: Copy) -> dict[str, object]:
    """What there is after a command that had the checkout for itself."""
    said = book.run("reproduce")
    assert said.status == 0, said.output
    return kept(book)


@pytest.fixture
def begun(book: Copy, alone: dict[str, object]) -> int:
    """How long the log is, with nothing made."""
    emptied(book)
    return len(book.log())


def at_once(book: Copy, *commands: str) -> list[Said]:
    """Commands that begin together, when each has come to its end."""
    said = [command.wait() for command in [book.start(*command.split()) for command in commands]]
    for one in said:
        assert one.status == 0 and "Traceback" not in one.output, one.output
    return said


def executed(said: list[Said], notebook: str) -> int:
    return sum(one.output.count(f"{notebook}: done in") for one in said)


@pytest.mark.campaign
@pytest.mark.survives(
    "side by side",
    "Two `make` at once on one checkout, from the start.",
    "Each cell is measured and each notebook executed once; both end with the site, and the same numbers as one alone.",
)
def test_two_make(book: Copy, alone: dict[str, object], begun: int) -> None:
    said = at_once(book, "reproduce", "reproduce")
    assert book.count("end", begun) == book.count("start", begun) == cells("train", "score")
    assert executed(said, "toy") == executed(said, "scoreboard") == 1
    assert kept(book) == alone and scratch_left(book) == []


@pytest.mark.campaign
@pytest.mark.survives(
    "side by side",
    "`make`, what the tests execute, a sweep over two seeds and `fill` at once on one checkout.",
    "All end; each cell is measured and each notebook executed once, with the numbers of `make` alone.",
)
def test_make_beside_tests_sweep_and_fill(book: Copy, alone: dict[str, object], begun: int) -> None:
    sweep = "sweep toy -p seed=0,1 --workers 1"
    said = at_once(book, "reproduce", "execute", sweep, "fill --profile quick --jobs 1")
    measured = cells("train", "score", seeds=(0, 1, 2))
    assert book.count("end", begun) == book.count("start", begun) == measured
    assert executed(said, "toy") == executed(said, "scoreboard") == 1, "the sweep's runs are in other folders"
    found = kept(book)
    assert {name: found[name] for name in alone} == alone
    assert all((book.root / f"runs/quick+seed={seed}/toy.json").exists() for seed in (0, 1))


@pytest.mark.survives(
    "side by side",
    "Four processes put their sites in the same place, fifty times each.",
    "None fails; the place holds one site, whole, and nothing else is left.",
    times=200,
)
def test_sites_in_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pages(source: Path, work: Path) -> Path:
        made = work / "pages"
        made.mkdir()
        for name in ("index.html", "objects.inv"):
            (made / name).write_text(source.name)
        return made

    def once(_: int) -> Path:
        return render.render(lambda book: None, tmp_path / "sites" / "site")

    monkeypatch.setattr(render, "_rendered", pages)
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(once, range(200))) == {tmp_path / "sites" / "site" / "index.html"}
    left = [path.relative_to(tmp_path / "sites").as_posix() for path in (tmp_path / "sites").rglob("*")]
    assert sorted(left) == ["site", "site/index.html", "site/objects.inv"]
