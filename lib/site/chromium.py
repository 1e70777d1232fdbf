"""The Chromium of this machine: a browser that is installed, or the one that playwright has fetched."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lib.files import first_line
from lib.site.render import SiteError

if TYPE_CHECKING:
    from playwright.sync_api import Browser
else:
    Browser = Any  # playwright comes with an extra

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
"""What the browser may be called on the PATH."""

CHANNELS = ("chrome", "msedge")
"""What playwright calls the browsers that it finds where the installers of macOS and Windows put them."""

TYPESET = "() => window.MathJax?.startup?.promise?.then(() => true)"
"""Waits until the formulas of a page are set."""

HOW = (
    "printing takes Chromium, Chrome or Edge, and the package playwright: install a browser "
    "(Debian and Ubuntu: apt install chromium), or let playwright fetch one with "
    "`python -m playwright install chromium`; the package comes with `make pdf` or `pip install -e '.[pdf]'`"
)


class NoBrowserError(SiteError):
    """There is no browser to print with; the message says how to get one."""


@contextmanager
def launched(arguments: tuple[str, ...] = ()) -> Iterator["Browser"]:
    """Start a headless browser, and close it at the end of the block.

    Raises
    ------
    NoBrowserError
        Where there is no browser that starts, or no playwright.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError as missing:
        raise NoBrowserError(HOW) from missing
    with sync_playwright() as playwright:
        chromium = playwright.chromium
        tried = []
        for way in ways(Path(chromium.executable_path)):
            try:
                browser = chromium.launch(args=list(arguments), **way)
            except Error as error:
                tried.append(f"{next(iter(way.values()))}: {first_line(error)}")
                continue
            yield browser
            browser.close()
            return
        raise NoBrowserError("\n".join([HOW, *tried]))


def ways(fetched: Path) -> list[dict[str, str]]:
    """The ways in which a browser may be started, the likeliest first: by its path, or by a channel of playwright's."""
    paths = [*filter(None, map(shutil.which, NAMES)), *([str(fetched)] if fetched.exists() else [])]
    return [{"executable_path": path} for path in paths] + [{"channel": channel} for channel in CHANNELS]
