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
