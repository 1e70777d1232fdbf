"""A scratch copy of the book, small enough that each of its commands takes seconds, whole enough that all of them run.

It has the toy chapter of `scratch`, and a page with an exercise.
"""

import getpass
import json
import os
import shutil
from pathlib import Path

import psutil
from scratch import Copy, copy_of_the_book, measured

from lib import compute

COPIED = (
    *("book/_config.yml", "book/_static", "book/references.bib"),
    *("benchmarks", "Makefile", "LICENSE", "pyproject.toml", "constraints.txt", "environment.yml"),
)
README = "".join(f"<!-- {name}: here -->\n<!-- end of {name} -->\n" for name in ("findings", "figure", "costs"))
EXERCISE = """\
# A page

Words.

```{exercise} The first
:label: one
What is left?
```

```{solution} one
Nothing.
```
"""
ENTRY = """\
exercises:
  one: {kind: code, minutes: 5, leaves: {left: a number}, answer: left = 1, checks: {one_in_forty: 2}, rubric: {Why: 1}}
"""
PAGES = ("{file: primer}", "{file: toy}", "{file: run_it_yourself}", "{file: recorded_results}")
WRITTEN = {
    "book/primer.md": EXERCISE,
    "notebooks/course/primer.yaml": ENTRY,
    "README.md": README,
    "notebooks/costs.yaml": "quick: {}\n",
    "notebooks/claims/editions/first.yaml": "rows: []\n",
    "notebooks/claims/editions/changes.yaml": "[]\n",
    "book/_toc.yml": f"format: jb-book\nroot: intro\nparts: [{{chapters: [{', '.join(PAGES)}]}}]\n",
    "book/run_it_yourself.md": "# How to run it\n\nWords.\n",
    "book/recorded_results.md": "# Where numbers come from\n\nWords.\n",
    "book/intro.md": "# A book of one chapter\n\nWords.\n",
}
FIRST = ("metrics", "parameters", "claims")
"""What is the same of results, whoever makes them and when."""


def toy_book(root: Path) -> Copy:
    """The copy; what its processes write as temporary files is in `tmp`."""
    copy = copy_of_the_book(root)
    for name in COPIED:
        source, target = compute.ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for name, text in WRITTEN.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "tmp").mkdir()
    return copy


def emptied(book: Copy) -> None:
    """Back to the start: nothing measured, executed, recorded or rendered."""
    for name in ("runs", "book/recorded", "book/_build", "tmp"):
        shutil.rmtree(book.root / name, ignore_errors=True)
    (book.root / "tmp").mkdir()


def kept(book: Copy) -> dict[str, object]:
    """All that is there under its final name, as far as it has to be the same each time; what is not whole raises."""
    found: dict[str, object] = {}
    for folder in ("runs", "book/recorded", "book/_build"):
        for path in sorted((book.root / folder).rglob("*")):
            name = path.relative_to(book.root).as_posix()
            if path.is_file() and not any(part.startswith(".") for part in Path(name).parts):
                found |= _content(path, name)
    return found


def _content(path: Path, name: str) -> dict[str, object]:
    if path.suffix == ".npz":
        return {name: measured(path)}
    if path.name.endswith(".failed.ipynb") or path.name.startswith("passing-"):
        return {}  # of what was not finished
    if path.suffix == ".ipynb" and "course" not in path.parts:
        code = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
        assert all(cell["execution_count"] for cell in code), f"{path} was not executed to its end"
        return {name: [cell["source"] for cell in code]}
    if path.name == "toy.json":
        results = json.loads(path.read_text())
        return {name: {part: results[part] for part in FIRST}}
    if path.name == "results.csv":
        return {name: [line.rpartition(",")[0] for line in path.read_text().splitlines()]}  # without the seconds
    return {name: path.read_bytes() if "course" in path.parts and path.suffix != ".zip" else None}


def scratch_left(book: Copy) -> list[str]:
    """What is neither kept nor a lock that its owner's end has opened."""
    left = [path for folder in ("runs", "book", "tmp") for path in (book.root / folder).rglob("*")]
    others = {"_static", ".locks", "dask-scratch-space", f"torchinductor_{getpass.getuser()}"}  # the last is torch's
    own = [path for path in left if not others & set(path.parts) and not _is_of_ipython(path)]
    return [
        str(path.relative_to(book.root))
        for path in own
        if (path.name.startswith(".") and path.name not in (".lock", ".begun", ".nojekyll", ".buildinfo"))
        or path.parent.name in (".begun", "set-aside", "tmp")
        or path.name.endswith((".failed.ipynb", ".damaged"))
        or path.name.startswith("passing-")
    ]


def _is_of_ipython(path: Path) -> bool:
    """Whether it is an empty folder: IPython makes one where a kernel starts just as its command clears up and ends."""
    return path.parent.name == "tmp" and path.name.startswith("tmp") and path.is_dir() and not any(path.rglob("*"))


def at_work(book: Copy) -> list[psutil.Process]:
    """The processes that work in this copy, but for the one that starts its commands."""
    server = book._server.pid if book._server else None
    found = []
    for process in psutil.process_iter():
        try:
            inside = Path(process.cwd()).is_relative_to(book.root) and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            continue
        if inside and process.pid not in (server, os.getpid()):
            found.append(process)
    return found
