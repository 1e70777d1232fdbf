"""A verdict names the reader's own modules, and none that are installed."""

import hashlib
import importlib
import sys
import tempfile
from pathlib import Path

import pytest

from lib.judge import modules


def test_modules_of_the_folder_are_named_also_below_the_prefix_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(dir=sys.prefix) as folder:
        (Path(folder) / "a_readers_own.py").write_text("ANSWER = 42\n")
        monkeypatch.chdir(folder)
        monkeypatch.syspath_prepend(folder)
        assert importlib.import_module("a_readers_own").ANSWER == 42
        found = modules.loaded()
        monkeypatch.chdir("/")
        everywhere = modules.loaded()
    monkeypatch.delitem(sys.modules, "a_readers_own")
    assert found == {"a_readers_own": hashlib.sha256(b"ANSWER = 42\n").hexdigest()}
    assert not {"torch", "json", "lib.judge.modules"} & everywhere.keys(), "their versions, or the commit, tell them"
