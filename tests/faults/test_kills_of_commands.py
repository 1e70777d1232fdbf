"""Commands are ended at random moments: what was finished stands, the next run goes on, and no process is left."""

from collections.abc import Iterator

import pytest
from scratch import Copy
from struck import Campaign
from toy_book import toy_book


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
    "`course` is ended by SIGKILL, SIGTERM or SIGINT at a random moment.",
    "The course that was there stands until the new one is whole.",
    times=50,
)
def test_course(book: Copy) -> None:
    Campaign(book, ("course", "primer"), trials=50, in_a_row=10).run()


@pytest.mark.campaign
@pytest.mark.survives(
    "kills",
    "`execute` is ended by SIGKILL, SIGTERM or SIGINT at a random moment.",
    "What was measured stands, no kernel goes on; the next `execute` ends with the same numbers.",
    times=50,
)
def test_execute(book: Copy) -> None:
    Campaign(book, ("execute", "toy"), trials=50, in_a_row=10).run()


@pytest.mark.campaign
@pytest.mark.survives(
    "kills",
    "`record` is ended by SIGKILL, SIGTERM or SIGINT at a random moment.",
    "What is recorded is whole, evidence included; the next `record` ends with the same.",
    times=50,
)
def test_record(book: Copy) -> None:
    Campaign(book, ("record", "toy"), trials=50, in_a_row=10).run()


@pytest.mark.campaign
@pytest.mark.survives(
    "kills",
    "`sweep` is ended by SIGKILL, SIGTERM or SIGINT at a random moment.",
    "Runs that are done stand, no process goes on; the next `sweep` makes the others, and the same table.",
    times=50,
)
def test_sweep(book: Copy) -> None:
    pytest.importorskip("distributed", reason="no Dask: it comes with the extra `sweep`")
    Campaign(book, ("sweep", "toy", "-p", "seed=0,2", "--workers", "2"), trials=50, in_a_row=10).run()


@pytest.mark.campaign
@pytest.mark.survives(
    "kills",
    "`make book` is ended by SIGKILL, SIGTERM or SIGINT at a random moment.",
    "The site that was there stands until the new one is whole.",
    times=50,
)
def test_site(book: Copy) -> None:
    Campaign(book, ("book",), trials=50, in_a_row=10, before=(("record", "toy"),)).run()
