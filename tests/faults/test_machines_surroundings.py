"""A chapter is measured and executed on machines that are set up in odd ways: it comes out as anywhere else."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from scratch import copy_of_the_book

SCORE = 2.75
"""Of the toy chapter's second seed."""
LONG = "Größe: 'einfach' & \"doppelt\" (100 %); $HOME ~ #1 "
PATIENCE_S = 900


def odd_path(folder: Path) -> Path:
    """A path of more than 200 letters with blanks, quotes, umlauts and what shells take for something else."""
    return folder / LONG / LONG[::-1].strip() / ("sehr " * 22 + "lang")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = odd_path(tmp_path_factory.mktemp("odd"))
    root.mkdir(parents=True)
    return copy_of_the_book(root).root


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def ran(book: Path, variables: Mapping[str, str | None], *command: str, first: str = "") -> subprocess.CompletedProcess:
    """A command of the book in an environment; None takes a variable away. `first` is Python that is run before."""
    own = {"PYTHONPATH": str(book), "OMP_NUM_THREADS": "1", "REPRO_DEVICE": "cpu"} | dict(variables)
    environment = {name: own.get(name, value) for name, value in (os.environ | own).items()}
    code = f"{first}\nimport sys\nfrom lib.run.__main__ import main\nsys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=book,
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def comes_out(book: Path, variables: Mapping[str, str | None], first: str = "") -> None:
    """The toy chapter, measured and executed from the start, has its score, and nothing in its pages but that."""
    subprocess.run(["rm", "-rf", book / "runs"], check=True)
    said = ran(book, variables, "execute", "toy", first=first)
    assert said.returncode == 0 and "Traceback" not in said.stderr + said.stdout, said.stdout + said.stderr
    results = json.loads((book / "runs" / "quick" / "toy.json").read_text())
    assert results["metrics"] == {"score": SCORE}
    notebook = json.loads((book / "runs" / "quick" / "toy.ipynb").read_text(encoding="utf-8"))
    assert [cell["outputs"] for cell in notebook["cells"] if cell.get("outputs")] == []


def homeless(folder: Path) -> dict[str, str | None]:
    return {"HOME": None, "XDG_CONFIG_HOME": None, "XDG_CACHE_HOME": None, "MPLCONFIGDIR": None}


def nowhere(folder: Path) -> dict[str, str | None]:
    (folder / "file").write_text("no folder: nothing can be made in it")
    return homeless(folder) | {"HOME": str(folder / "file" / "home")}


def ascii_only(folder: Path) -> dict[str, str]:
    return {"LANG": "C", "LC_ALL": "C", "LANGUAGE": "C"}


def temporary(folder: Path) -> dict[str, str]:
    there = folder / "Ablage für \"alles\" 'Mögliche'"
    there.mkdir()
    return {"TMPDIR": str(there)}


def configured(folder: Path) -> dict[str, str]:
    """A rival kernel of the same name, and settings that stop what reads them."""
    kernel = folder / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps({"argv": ["false"], "display_name": "Mine", "language": "python"}))
    for name in ("jupyter_config.py", "ipython_config.py", "jupyter_server_config.py", "ipython_kernel_config.py"):
        (folder / name).write_text("raise RuntimeError('mine')\n")
    (folder / "start.py").write_text("raise RuntimeError('mine')\n")
    (folder / "matplotlibrc").write_text("text.usetex: True\nbackend: TkAgg\nfigure.facecolor: red\n")
    return {
        **{"JUPYTER_PATH": str(folder / "jupyter"), "JUPYTER_CONFIG_DIR": str(folder), "IPYTHONDIR": str(folder)},
        **{"JUPYTER_DATA_DIR": str(folder / "jupyter"), "JUPYTER_CONFIG_PATH": str(folder)},
        **{"PYTHONSTARTUP": str(folder / "start.py"), "MATPLOTLIBRC": str(folder), "MPLBACKEND": "TkAgg"},
    }


def warned(folder: Path) -> dict[str, str]:
    return {"PYTHONWARNINGS": "error"}


MACHINES: dict[str, Callable[[Path], Mapping[str, str | None]]] = {
    "no home": homeless,
    "a home that cannot be": nowhere,
    "ASCII alone": ascii_only,
    "temporary files elsewhere": temporary,
    "own settings of Jupyter, IPython and matplotlib": configured,
    "warnings are errors": warned,
}


@pytest.mark.campaign
@pytest.mark.survives(
    "machines",
    "HOME is missing or cannot be; LANG=C; TMPDIR elsewhere; odd Jupyter, IPython, matplotlib; PYTHONWARNINGS=error.",
    "A chapter, in a path of 200 letters with quotes and umlauts, is measured and executed as anywhere else.",
)
@pytest.mark.parametrize("machine", MACHINES)
def test_a_chapter_comes_out_on_an_odd_machine(machine: str, book: Path, tmp_path: Path) -> None:
    comes_out(book, MACHINES[machine](tmp_path))


@pytest.mark.campaign
@pytest.mark.survives(
    "machines",
    "A proxy is set that takes connections and answers nothing.",
    "A chapter that needs no download is measured and executed as anywhere else.",
)
def test_a_proxy_that_answers_nothing_is_not_asked(book: Path, silent: int) -> None:
    names = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    comes_out(book, dict.fromkeys(names, f"http://127.0.0.1:{silent}") | {"no_proxy": None, "NO_PROXY": None})


ONE_CORE = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])"


@pytest.mark.campaign
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to a core")
@pytest.mark.survives("machines", "One core alone.", "One process measures; the chapter comes out as anywhere else.")
def test_one_core(book: Path) -> None:
    comes_out(book, {}, first=ONE_CORE)


WRONG = "import time\nreal = time.time\ntime.time = lambda: real() {shift}\n"


@pytest.mark.campaign
@pytest.mark.survives(
    "machines",
    "The clock is thirty years behind, or ahead; files are from 1970, or from the future.",
    "A chapter is measured and executed as anywhere else, and is up to date afterwards.",
)
@pytest.mark.parametrize(("shift", "dated"), [("- 1e9", 4e9), ("+ 1e9", 0.0)])
def test_a_wrong_clock(shift: str, dated: float, book: Path) -> None:
    for path in book.rglob("*.py"):
        os.utime(path, (dated, dated))
    first = WRONG.format(shift=shift)
    comes_out(book, {}, first=first)
    said = ran(book, {}, "status", first=first)
    assert "quick/toy: up to date" in said.stdout, said.stdout + said.stderr
