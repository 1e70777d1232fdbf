"""The page on the live attack and the front page, with networks that were trained for seconds, in one browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from browser import Window, window
from kept_networks import CPU, keep, networks
from live_pages import N, shown, site

from lib.data import load
from lib.run.run import Run


@pytest.fixture(scope="session")
def images() -> tuple[torch.Tensor, torch.Tensor]:
    found = load("digits", CPU)
    return found.x_test[:N], found.y_test[:N]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[torch.nn.Module]:
    found = load("digits", CPU)
    return networks(found.x_train[:800], found.y_train[:800], tmp_path_factory.mktemp("snapshots"))


@pytest.fixture(scope="session")
def run() -> Run:
    return Run.of("common_ground", "quick", {})


@pytest.fixture(scope="session")
def page(run: Run, trained, images, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on the live attack; the front page's form of it is beside it."""
    folder = tmp_path_factory.mktemp("live")
    with pytest.MonkeyPatch.context() as patch:
        keep(run, trained, {"x": images[0], "y": images[1]}, patch, folder / "evidence")
        return site({"common_ground": run}, folder / "site")


@pytest.fixture(scope="session")
def front(page: Path) -> Path:
    return page.with_name("front.html")


@pytest.fixture(scope="module")
def browser() -> Iterator[Window]:
    with window() as opened:
        yield opened


@pytest.fixture
def opened(browser: Window, page: Path) -> Iterator[Window]:
    """The page, opened from disk; whatever a test does there asks for nothing from outside and logs no error."""
    seen = browser.look(page.as_uri())
    shown(browser)
    browser.page.click(".live-digits button")
    shown(browser)
    yield browser
    assert not seen.errors and not seen.failures
    assert all(request.startswith(("file://", "data:")) for request in seen.requests)
