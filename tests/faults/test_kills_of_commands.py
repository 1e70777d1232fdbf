"""Commands are ended at random moments: what was finished stands, the next run goes on, and no process is left."""

from collections.abc import Iterator

import pytest
from scratch import Copy
from struck import Campaign
from toy_book import toy_book

PAPER = ("--profile", "paper")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    root = tmp_path_factory.mktemp("struck") / "a book"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(root / "tmp"))
        copy = toy_book(root)
        yield copy
        copy.close()


@pytest.mark.campaign
@pytest.mark.survives(
    "kills",
    "`fill` is ended by SIGKILL, SIGTERM or SIGINT at a random moment.",
    "Each cell that was made stands, no process goes on; the next `fill` ends with the same numbers, to the bit.",
    times=50,
)
def test_fill(book: Copy) -> None:
    Campaign(book, ("fill", "--jobs", "2"), trials=50, in_a_row=10).run()


@pytest.mark.campaign
@pytest.mark.survives(
    "kills",
    "`execute` is ended by SIGKILL, SIGTERM or SIGINT at a random moment.",
    "A notebook and its results are there whole or not at all, and its process does not outlive the command.",
    times=6,
)
def test_execute(book: Copy) -> None:
    Campaign(book, ("execute", "toy", *PAPER), trials=6, in_a_row=3).run()


@pytest.mark.campaign
@pytest.mark.survives(
    "kills",
    "`record` is ended by SIGKILL, SIGTERM or SIGINT at a random moment.",
    "What was recorded is whole; the next `record` ends with the same numbers.",
    times=6,
)
def test_record(book: Copy) -> None:
    Campaign(book, ("record", "toy"), trials=6, in_a_row=3).run()


@pytest.mark.campaign
@pytest.mark.survives(
    "kills",
    "`course` is ended by SIGKILL, SIGTERM or SIGINT at a random moment.",
    "The course that was there stands until the new one is whole.",
    times=50,
)
def test_course(book: Copy) -> None:
    Campaign(book, ("course", "primer"), trials=50, in_a_row=10).run()


@pytest.mark.campaign
@pytest.mark.survives(
    "kills",
    "`book`, which renders the site, is ended by SIGKILL, SIGTERM or SIGINT at a random moment.",
    "The site that was there stands until the new one is whole, and the renderer ends with the command.",
    times=6,
)
def test_site(book: Copy) -> None:
    Campaign(book, ("book",), trials=6, in_a_row=3, before=(("record", "toy"),)).run()


@pytest.mark.campaign
@pytest.mark.survives(
    "kills",
    "`sweep` is ended by SIGKILL, SIGTERM or SIGINT at a random moment.",
    "Runs that were done stand; workers and their notebooks end with it; the next `sweep` ends with the same table.",
    times=6,
)
def test_sweep(book: Copy) -> None:
    pytest.importorskip("distributed", reason="no Dask: it comes with the extra `sweep`")
    grid = ("-p", "seed=0,1", "-p", "seeds=1", "--workers", "2")
    Campaign(book, ("sweep", "toy", *PAPER, *grid), trials=6, in_a_row=3).run()
