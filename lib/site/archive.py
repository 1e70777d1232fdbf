"""The book to take along: an archive beside the pages, with everything that runs it and what was measured for it."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from lib import compute

NAME = "adversarial-reproductions"
ARCHIVE = f"{NAME}.zip"
FOLDERS = ("benchmarks", "book", "lib", "notebooks", "tests")
FILES = (
    *("CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "STYLE.md"),
    *("constraints.txt", "environment.yml", "pyproject.toml"),
)
"""The only files from the top folder that go into it: a reader may keep their own weights and modules there."""
LEFT_OUT = ("__pycache__", "_build")
PACKED = (".npz", ".png", ".zip")
"""Files that are compressed already, and so are stored as they are."""
BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The date of every file in it, so that the same book makes the same archive; zip files have no earlier date."""

LINK = f"""\
<a href="{ARCHIVE}" download>{ARCHIVE}</a> is this book's folder: notebooks, code, tests, and what was measured for its
pages. Unpack it, and begin there."""
NO_LINK = "You need the book's folder, with its notebooks and code. This copy of the site comes without it."
"""How a reader gets the book, in Markdown."""


def stage(target: Path) -> None:
    """Write the archive into a folder."""
    with zipfile.ZipFile(target / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files():
            entry = zipfile.ZipInfo(f"{NAME}/{path.relative_to(compute.ROOT).as_posix()}", BEGINNING)
            entry.compress_type = zipfile.ZIP_STORED if path.suffix in PACKED else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())


def files() -> Iterator[Path]:
    """The files in the archive, in order: `FILES`, and what lies in `FOLDERS`, without hidden files and `LEFT_OUT`."""
    yield from (path for name in FILES if (path := compute.ROOT / name).exists())
    for name in FOLDERS:
        for path in sorted((compute.ROOT / name).rglob("*")):
            inner = path.relative_to(compute.ROOT).parts
            if path.is_file() and not any(part.startswith(".") or part in LEFT_OUT for part in inner):
                yield path
