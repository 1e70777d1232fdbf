"""The library asks for nothing that only Unix has: every module imports where that is missing, as on Windows."""

import ast
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from lib import compute, provenance

LIB = compute.ROOT / "lib"
FILES = sorted(LIB.rglob("*.py"))
UNIX_MODULES = ("resource", "fcntl", "pwd", "grp", "termios", "pty", "tty", "posix", "syslog")
UNIX_NAMES = {
    "os": {
        "fork",
        "getpgid",
        "getuid",
        "geteuid",
        "kill",
        "killpg",
        "mkfifo",
        "nice",
        "setsid",
        "sysconf",
        "uname",
        "wait",
    },
    "signal": {"SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGSTOP", "SIGUSR1", "SIGUSR2", "alarm", "pause"},
}
UNIX_ARGUMENTS = {"preexec_fn", "start_new_session", "process_group"}

IMPORT_ALL = f"""
import builtins, importlib, pkgutil, sys
real = builtins.__import__
def without(name, globals=None, *rest, **more):
    if name.partition(".")[0] in {UNIX_MODULES} and (globals or {{}}).get("__name__", "").partition(".")[0] == "lib":
        raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
    return real(name, globals, *rest, **more)
builtins.__import__ = without
import lib
failed, names = [], [found.name for found in pkgutil.walk_packages(lib.__path__, "lib.")]
for name in names:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        failed.append(f"{{name}}: {{error}}")
print(len(names), failed)
"""
"""Imports every module of lib, which are refused what Unix alone has; other packages see to that themselves."""


@pytest.mark.survives(
    "machines",
    "Python lacks what only Unix has, as on Windows.",
    "Every module is imported.",
)
def test_every_module_imports_where_unix_s_own_are_missing() -> None:
    ran = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=compute.ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    count, _, failed = ran.stdout.strip().partition(" ")
    assert int(count) >= len(FILES) - 1  # all but lib itself
    assert failed == "[]"


def test_no_module_names_what_only_unix_has() -> None:
    """Nor reads or writes text in whichever encoding the system prefers, which on Windows is another one."""
    found = {str(path.relative_to(LIB)): _only_unix(path.read_text(encoding="utf-8")) for path in FILES}
    assert {name: unix for name, unix in found.items() if unix} == {}


def _only_unix(code: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found += [f"{node.value.id}.{node.attr}"] * (node.attr in UNIX_NAMES.get(node.value.id, ()))
        if isinstance(node, ast.Call):
            named = {keyword.arg for keyword in node.keywords}
            found += sorted(named & UNIX_ARGUMENTS)
            called = getattr(node.func, "attr", None)
            text = (called == "read_text" and not node.args) or (called == "write_text" and len(node.args) < 2)
            found += [f"{called} in line {node.lineno}"] * (text and "encoding" not in named)
    return found


@pytest.mark.parametrize(
    "code",
    [
        "os.sysconf('SC_PAGE_SIZE')",
        "run(number == signal.SIGKILL)",
        "Popen(command, start_new_session=True)",
        "path.read_text()",
        "path.write_text(text)",
    ],
)
def test_what_only_unix_has_is_found(code: str) -> None:
    assert len(_only_unix(code)) == 1


def test_memory_is_known_where_there_is_no_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRO_DEVICE", "cpu")
    monkeypatch.setitem(sys.modules, "resource", None)
    windows = SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=1, peak_wset=7))
    monkeypatch.setattr(psutil, "Process", lambda: windows)
    assert provenance.peak_memory_bytes() == 7
