"""The reader's own code that a verdict depends on: with the weights, it tells whether a network is the same one."""

import hashlib
import sys
import sysconfig
from pathlib import Path

from lib import compute

LIBRARIES = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")}
INSTALLED = (*LIBRARIES, compute.ROOT / "lib")
"""Where code lies that is known by a version, or by the book's commit: not all of a prefix, which may be /usr."""


def loaded() -> dict[str, str]:
    """By name, the SHA-256 of the file of each module that was loaded from the folder in which Python runs.

    A notebook's own cells are not a file, and so not among them.
    """
    here = Path.cwd().resolve()
    files = {name: Path(file).resolve() for name, one in list(sys.modules.items()) if (file := _file(one))}
    own = {name: file for name, file in files.items() if file.is_relative_to(here) and not _is_installed(file)}
    return {name: hashlib.sha256(own[name].read_bytes()).hexdigest() for name in sorted(own) if own[name].is_file()}


def _file(module: object) -> str | None:
    """The file that a module was read from; None if there is none, since anything may stand in `sys.modules`."""
    file = vars(module).get("__file__") if hasattr(module, "__dict__") else None
    return file if isinstance(file, str) else None


def _is_installed(file: Path) -> bool:
    return any(file.is_relative_to(folder) for folder in INSTALLED)
