"""A server gives half of a file, another one, a page, or nothing: the data set is refused, and the next try has it.

MNIST's and CIFAR-10's own code of torchvision downloads from a server of this machine, which holds small files.
"""

import gzip
import hashlib
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

from lib import data
from lib.run import __main__ as command
from lib.run import downloads

LENGTHS = {"train": 6, "t10k": 3}


def idx(array: np.ndarray) -> bytes:
    """An array as MNIST's files have it."""
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + array.tobytes(), mtime=0)


def files() -> dict[str, bytes]:
    rng, found = np.random.default_rng(0), {}
    for part, length in LENGTHS.items():
        images, labels = rng.integers(0, 256, (length, 28, 28), np.uint8), rng.integers(0, 10, length, np.uint8)
        found[f"{part}-images-idx3-ubyte.gz"], found[f"{part}-labels-idx1-ubyte.gz"] = idx(images), idx(labels)
    return found


FILES = files()
OVER = threading.Event()
HANG_S = 300
"""For how long a server is silent: whoever waits as long as that has waited for it."""


@contextmanager
def impatient() -> Iterator[None]:
    """Give a server up after a moment; a good one may take its time, on a machine that is busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(downloads, "STALL_S", 0.5)
        yield


class Server(BaseHTTPRequestHandler):
    """Gives files as `behaviour` does."""

    behaviour: Callable[["Server", bytes], None]

    def do_GET(self) -> None:
        type(self).behaviour(self, FILES.get(Path(self.path).name, b"no file of MNIST" * 99))

    def do_HEAD(self) -> None:
        self.head(1)

    def head(self, length: int, status: int = 200, **more: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


def whole(server: Server, content: bytes) -> None:
    server.head(len(content))
    server.wfile.write(content)


def cut_off(server: Server, content: bytes) -> None:
    server.head(len(content))
    server.wfile.write(content[: len(content) // 2])


def cut_off_in_a_chunk(server: Server, content: bytes) -> None:
    server.protocol_version = "HTTP/1.1"
    server.send_response(200)
    server.send_header("Transfer-Encoding", "chunked")
    server.end_headers()
    server.wfile.write(f"{len(content):x}\r\n".encode() + content[: len(content) // 2])


def another(server: Server, content: bytes) -> None:
    server.head(len(content))
    server.wfile.write(content[:-1] + bytes([content[-1] ^ 1]))


def a_page(server: Server, content: bytes) -> None:
    page = b"<html>Please log in to this network</html>"
    server.head(len(page), Content_Type="text/html")
    server.wfile.write(page)


def not_there(server: Server, content: bytes) -> None:
    server.head(0, 503)


def stalls(server: Server, content: bytes) -> None:
    server.head(len(content))
    server.wfile.write(content[:10])
    server.wfile.flush()
    OVER.wait(HANG_S)


def says_nothing(server: Server, content: bytes) -> None:
    OVER.wait(HANG_S)


@pytest.fixture(autouse=True)
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Server]]:
    """The server, the addresses of both data sets, which lead to it, and an empty cache."""
    OVER.clear()
    handler = type("Handler", (Server,), {"behaviour": whole})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listening.server_port}/"
        monkeypatch.setattr(data, "CACHE", tmp_path / "cache")
        monkeypatch.setattr(datasets.MNIST, "mirrors", [address])
        digests = [(name, hashlib.md5(content).hexdigest()) for name, content in FILES.items()]
        monkeypatch.setattr(datasets.MNIST, "resources", digests)
        monkeypatch.setattr(datasets.CIFAR10, "url", f"{address}cifar-10-python.tar.gz")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.delitem(data.DIGESTS, "mnist")
        yield handler
        OVER.set()
        listening.shutdown()
        thread.join()


def left() -> list[str]:
    """What is in the cache, but for locks."""
    return sorted(path.name for path in data.CACHE.iterdir() if not path.name.endswith(".lock"))


BAD = [cut_off, cut_off_in_a_chunk, another, a_page, not_there, stalls, says_nothing]


@pytest.mark.survives(
    "downloads",
    "The server of a data set cuts a file off, gives another one or a page instead, refuses, stalls, or is silent.",
    "One line says what could not be downloaded, why, and what to do. Nothing stays; the next try has all of it.",
)
@pytest.mark.parametrize("behaviour", BAD, ids=lambda one: one.__name__)
def test_what_is_not_the_file_is_refused_and_the_next_try_has_it(
    behaviour: Callable, server: type[Server], capsys: pytest.CaptureFixture
) -> None:
    server.behaviour = behaviour
    began = time.monotonic()
    with impatient():
        assert command.main(["data", "mnist"]) == 1 and time.monotonic() - began < HANG_S / 2
    said = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
    assert len(said) == 1 and f"mnist could not be downloaded into {data.CACHE} (" in said[0], said
    assert "run `python -m lib.run data mnist`" in said[0] and said[0].endswith("needs no download."), said
    assert left() == []
    server.behaviour = whole
    assert command.main(["data", "mnist"]) == 0
    assert left() == ["mnist.npz"]
    assert [len(data.load("mnist").x_train), len(data.load("mnist").x_test)] == list(LENGTHS.values())


@pytest.mark.survives(
    "downloads",
    "CIFAR-10's one large file is cut off, another one, a page, not there, or never ends.",
    "As with MNIST: one line, and nothing stays.",
)
@pytest.mark.parametrize("behaviour", [whole, *BAD], ids=lambda one: one.__name__)
def test_what_is_not_the_archive_is_refused(behaviour: Callable, server: type[Server]) -> None:
    server.behaviour = behaviour
    with impatient(), pytest.raises(data.DataError, match="cifar10 could not be downloaded into") as raised:
        downloads.fetched("cifar10")
    assert "\n" not in str(raised.value) and left() == []


@pytest.mark.survives(
    "downloads",
    "A download was killed midway, and left what it had.",
    "The next download removes that, and leaves alone what another one is at.",
)
def test_what_a_killed_download_left_goes(server: type[Server]) -> None:
    for name in (".mnist-killed", ".mnist-goes-on"):
        (data.CACHE / name).mkdir(parents=True)
        (data.CACHE / name / "half").write_text("half")
    for path in (data.CACHE / ".mnist-killed" / "half", data.CACHE / ".mnist-killed"):
        os.utime(path, (0, 0))
    downloads.fetched("mnist")
    assert left() == [".mnist-goes-on", "mnist.npz"]


@pytest.mark.survives(
    "side by side",
    "Two commands want the same data set, which is not there.",
    "It is downloaded once.",
)
def test_two_at_once_download_once(server: type[Server]) -> None:
    asked: list[bytes] = []

    def counted(one: Server, content: bytes) -> None:
        asked.append(content)
        whole(one, content)

    server.behaviour = counted
    both = [threading.Thread(target=downloads.fetched, args=("mnist",)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(asked) == 2 * len(FILES), "torchvision asks for each address, then for the file"
    assert left() == ["mnist.npz"]
