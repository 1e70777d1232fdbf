"""A headless Chromium for the tests of the site, and what it saw of a page."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lib.site.chromium import TYPESET, NoBrowserError, launched

ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # the browser's own calls home, too
)


LEFT = "net::ERR_ABORTED"
"""What Chromium says of a request, such as for the icon, that the page was left before."""


@dataclass
class Sight:
    """What a page asked for, and what went wrong."""

    url: str
    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Requests that had no answer, or one that says no."""
    errors: list[str] = field(default_factory=list)
    """What the console shows in red."""


class Window:
    """One page of the browser, which notes what happens on it."""

    def __init__(self, page) -> None:
        self.page = page
        self.sight = Sight("")
        page.on("request", lambda request: self.sight.requests.append(request.url))
        page.on("requestfailed", self._note_failure)
        page.on("response", self._note_status)
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.sight.errors.append(str(error)))

    def look(self, url: str, width: int = 1280) -> Sight:
        """Open a page, wait until its formulas are set, and return what was seen."""
        self.page.goto("about:blank")  # what the page before still asked for is its own affair
        self.sight = Sight(url)
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.goto(url, wait_until="load")
        self.page.evaluate(TYPESET)
        return self.sight

    def _note_failure(self, request) -> None:
        if request.failure != LEFT:
            self.sight.failures.append(request.url)

    def _note_status(self, response) -> None:
        if response.status >= 400:
            self.sight.failures.append(f"{response.status} {response.url}")

    def _note_console(self, message) -> None:
        if message.type == "error":
            self.sight.errors.append(message.text)


@contextmanager
def window() -> Iterator[Window]:
    """A window of a fresh browser; where there is no browser, the test is skipped and says so."""
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(launched(ARGUMENTS))
        except NoBrowserError as error:
            pytest.skip(str(error))
        yield Window(browser.new_page())


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine alone; give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
