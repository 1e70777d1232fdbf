"""The reader's own code that a verdict depends on: besides weights, what tells whether a network is the same one."""

import hashlib
import sys
import sysconfig
from pathlib import Path

from lib import compute

LIBRARIES = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")}
INSTALLED = (*LIBRARIES, compute.ROOT / "lib")
"""Where code lies that a version tells, or the book's commit: not all of a prefix, which may be /usr."""


def loaded() -> dict[str, str]:
    """The modules that Python has from files in the folder it runs in, by name, with the SHA-256 of the file.

    A notebook's own cells are no file, and are not among them.
    """
    here = Path.cwd().resolve()
    files = {name: Path(file).resolve() for name, one in list(sys.modules.items()) if (file := _file(one))}
    own = {name: file for name, file in files.items() if file.is_relative_to(here) and not _is_installed(file)}
    return {name: hashlib.sha256(own[name].read_bytes()).hexdigest() for name in sorted(own) if own[name].is_file()}


def _file(module: object) -> str | None:
    """Where a module was read from, None where it was not: whatever stands among the modules has no duty to be one."""
    file = vars(module).get("__file__") if hasattr(module, "__dict__") else None
    return file if isinstance(file, str) else None


def _is_installed(file: Path) -> bool:
    return any(file.is_relative_to(folder) for folder in INSTALLED)
