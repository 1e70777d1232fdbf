"""What the tests share: a few hundred digits, a network that was trained on them, a linear one."""

import lib  # noqa: F401 - before torch, which else reads other settings than those that a training runs with

# isort: split

import copy
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
import quick
import torch
from devices import DEVICE
from filelock import FileLock
from torch import nn

from lib import book, compute
from lib.data import Dataset, load
from lib.models import SimpleCNN, build
from lib.run import measuring
from lib.run.execute import execute
from lib.run.run import Run
from lib.site import build as site_build
from lib.train.batches import Shuffled
from lib.train.loop import fit

pytest_plugins = ["projects", "sweeps", "campaign", "judge_fixtures"]

# One thread, here and in what tests start: networks this small gain nothing from more, and two threads that wait for
# each other on a machine that others use as well are many times slower than one.
torch.set_num_threads(1)
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell's background jobs ignore Ctrl-C, and so does what they start: tests that interrupt would wait in vain.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# On a GPU the same sum is added up in the same order each time only where that is asked for.
if DEVICE.type == "cuda":  # elsewhere it would only import PyTorch's compiler
    torch.use_deterministic_algorithms(True, warn_only=True)
torch.backends.cudnn.benchmark = False
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


FIRST = (
    *("notebooks", "elsewhere", "fill", "another_paper", "attacks", "sweep", "benchmarks", "execute"),
    *("plan", "interrupts", "record", "run"),
)
"""The files that take longest: the first measures the quick profile."""

LAST = ("accessible", "print", "site", "expected")
"""The files that wait for the quick profile: while it is measured, all others keep the cores busy."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files are ordered so that none waits for another, or runs alone when others have nothing left to do.

    Tests marked `cuda` are skipped where there is no such device.
    """
    places = {f"test_{name}": place for place, name in enumerate(FIRST)}
    places |= {f"test_{name}": len(items) + place for place, name in enumerate(LAST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(FIRST)))
    for item in items:
        if item.get_closest_marker("cuda") and DEVICE.type != "cuda":
            item.add_marker(pytest.mark.skip(reason="needs a GPU that CUDA runs"))


@pytest.fixture(autouse=True)
def no_snapshots_in_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that trains without saying where snapshots go keeps them in its own folder, not in runs/."""
    monkeypatch.setitem(fit.__kwdefaults__, "snapshots", tmp_path / "snapshots")


@pytest.fixture(autouse=True)
def no_figures_left_open() -> Iterator[None]:
    """What a test draws is closed with it; pyplot keeps figures until it is told."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture(scope="session")
def all_digits() -> Dataset:
    return load("digits", DEVICE)


@pytest.fixture(scope="session")
def digits(all_digits: Dataset) -> Dataset:
    """800 digits to train on and 200 to test on."""
    return replace(
        all_digits,
        x_train=all_digits.x_train[:800],
        y_train=all_digits.y_train[:800],
        x_test=all_digits.x_test[:200],
        y_test=all_digits.y_test[:200],
    )


@pytest.fixture(scope="session")
def _trained(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> SimpleCNN:
    model = build(SimpleCNN, 0, DEVICE)
    batches = Shuffled(digits.x_train, digits.y_train)
    fit(model, batches, 12, lr=3e-3, snapshots=tmp_path_factory.mktemp("snapshots"))
    return model


@pytest.fixture
def trained(_trained: SimpleCNN) -> SimpleCNN:
    """A network that reads most test digits right; each test has its own copy."""
    return copy.deepcopy(_trained)


@pytest.fixture
def linear() -> nn.Sequential:
    """Logits W x + b of two classes: the loss rises everywhere in the direction of w_other - w_y."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 2))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        model[1].weight.copy_(torch.randn(2, 28 * 28, generator=generator) / 28)
        model[1].bias.zero_()
    return model.to(DEVICE)


@pytest.fixture(scope="session")
def write_notebook() -> Callable[[Path, str, str], Path]:
    """A function that writes a notebook of a parameters cell and one cell of code."""

    def write(path: Path, parameters: str, code: str = "") -> Path:
        cells = [
            nbformat.v4.new_markdown_cell("# A chapter"),
            nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(code),
        ]
        path.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
        return path

    return write


@pytest.fixture(scope="session")
def quick_runs() -> Path:
    """Every notebook, executed in the quick profile where it is not up to date: the folder of the runs."""
    runs = [quick.run(name) for name in book.chapters()]
    compute.RUNS.mkdir(exist_ok=True)
    with FileLock(compute.RUNS / ".tests.lock"):
        measuring.fill([run for run in runs if not run.up_to_date()])
    first = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % len(runs)
    for run in [*runs[first:], *runs[:first], Run.scoreboard(quick.FOLDER)]:  # each process begins with another one
        execute(run)
    return quick.FOLDER


@pytest.fixture(scope="session")
def built_site(quick_runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of those runs, built once for all tests, also where several processes run them; not to be changed."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    site = shared / "a path with spaces" / "the book"
    with FileLock(shared / "site.lock"):
        if not site.exists():
            site_build.build(quick_runs, site)  # a warning of the renderer would be an error here
    return site
