"""Files and folders that are written whole or not at all, and folders that are copied so that the copy can be changed.

What is not complete yet has a name that begins with a dot and says which process is writing it. If that process was
killed, the next one that writes in the same place removes it.
"""

import errno
import glob
import hashlib
import os
import re
import shutil
import socket
import stat
import sys
import tempfile
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

FULL = (errno.ENOSPC, errno.EROFS, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
"""Errors of a disk that is full or read-only, or takes no file so large; Windows has no EDQUOT."""

NO_MEMORY = ("allocate memory", "out of memory", "bad_alloc")
"""What PyTorch, CUDA and C++ say when memory runs out; Python has an exception of its own."""

DAMAGE = (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What zipfile and NumPy raise on an archive that is damaged or encrypted. The cause may also be the machine
(`is_of_the_machine`)."""

SCRATCH = "adversarial-reproductions"
"""The name of temporary folders, among those of other programs."""

TAKEN = (errno.ENOTEMPTY, errno.EEXIST)
"""Errors of a file system when a folder is moved to where another one already is."""

LONGEST_NAME = 120
"""The longest name of a folder, in bytes; file systems allow 255, encrypted ones 143."""


def short_name(name: str) -> str:
    """A folder's name as it is; if it is too long for a file system, its beginning and a digest of the whole."""
    if len(name.encode()) <= LONGEST_NAME:
        return name
    beginning = name.encode()[: LONGEST_NAME // 2].decode(errors="ignore")
    return f"{beginning}...{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def copied(source: Path, target: Path, *left_out: str) -> None:
    """Copy a folder into a new or an existing one, without names that match `left_out`; the copy can be written to."""
    ignore = shutil.ignore_patterns(*left_out)
    shutil.copytree(source, target, ignore=ignore, copy_function=shutil.copyfile, dirs_exist_ok=True)
    for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):  # copytree keeps folders' modes
        folder.chmod(folder.stat().st_mode | stat.S_IRWXU)


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move it into place when the block succeeds.

    Where the block raises (a full disk, an interrupt), the temporary file is removed, and
    whatever was at `path` before is still there. Two processes may write the same path:
    each has its own temporary file, and the last to finish wins.

    Raises
    ------
    OSError
        Where the disk is full or cannot be written to: a `DiskError`, which names the file.
    """
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_abandoned(path.parent, path.stem)
        temporary = path.parent / f"{_temporary(path.stem)}{path.suffix}"
        try:
            temporary.touch(exist_ok=False)  # unlike tempfile's, readable by whoever may read an ordinary file
            yield temporary
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def write(path: Path, content: str | bytes) -> None:
    """Write a file, whole or not at all, text as UTF-8; it raises as `atomic` does."""
    with atomic(path) as temporary:
        temporary.write_bytes(content if isinstance(content, bytes) else content.encode())


@contextmanager
def scratch(name: str = SCRATCH, beside: Path | None = None) -> Iterator[Path]:
    """Give an empty folder that is removed at the end of the block.

    If this process is killed, the next one that makes a folder of that name in the same place removes it.

    Parameters
    ----------
    name
        What its name begins with, after a dot.
    beside
        The folder that contains it; by default the system's temporary folder, where each command clears up.

    Raises
    ------
    OSError
        As `atomic` does.
    """
    where = beside or Path(tempfile.gettempdir())
    with naming(where / name):
        where.mkdir(parents=True, exist_ok=True)
        clear_abandoned(where, name)
        folder = (where / _temporary(name)).absolute()
        try:
            folder.mkdir(mode=0o700)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """Give a path for what takes the place of `folder` when the block succeeds; until then that stays as it was.

    Raises
    ------
    OSError
        As `atomic` does.
    """
    for left in _abandoned(folder.parent, folder.name):
        if (left / "before").exists() and not folder.exists():
            (left / "before").rename(folder)  # its process was killed between the two moves
    with scratch(folder.name, folder.parent) as work:
        yield work / "new"
        _take_place(work / "new", folder, work / "before")


def _take_place(new: Path, folder: Path, before: Path) -> None:
    """Move a folder into the place of another, which goes to `before`; where this fails, the other stays as it was.

    Of several processes that do so at once, the last one's folder stays: it replaces those of quicker ones too.
    """
    while True:
        try:
            with suppress(FileNotFoundError):  # there is none, or another process has just moved it
                folder.rename(before)
            new.rename(folder)
            return
        except BaseException as error:
            if isinstance(error, OSError) and error.errno in TAKEN:
                shutil.rmtree(before, ignore_errors=True)
                continue
            if before.exists() and not folder.exists():
                before.rename(folder)
            raise


def clear_abandoned(folder: Path | None = None, name: str = SCRATCH) -> None:
    """Remove temporary files and folders of this name that processes of this machine left behind when they ended."""
    for left in _abandoned(folder or Path(tempfile.gettempdir()), name):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            with suppress(OSError):  # such as on a read-only disk, which the next write will report
                left.unlink()


def _abandoned(folder: Path, name: str) -> Iterator[Path]:
    own = re.compile(rf"{re.escape(_beginning(name))}(\d+)-{_machine()}-\w+(\.\w+)?")
    for left in folder.glob(f"{glob.escape(_beginning(name))}*"):
        found = own.fullmatch(left.name)
        if found and not psutil.pid_exists(int(found[1])):
            yield left


def _beginning(name: str) -> str:
    """How the name of a file that is not complete yet begins."""
    return f".{name}-~"


def _temporary(name: str) -> str:
    """A temporary name that no other process uses."""
    return f"{_beginning(name)}{os.getpid()}-{_machine()}-{uuid.uuid4().hex[:8]}"


def _machine() -> str:
    """A digest of where process ids are unique: this machine, and the container on it."""
    inside = os.stat("/proc/self/ns/pid").st_ino if sys.platform == "linux" else 0
    return hashlib.sha256(f"{socket.gethostname()} {inside}".encode()).hexdigest()[:8]


class DiskError(OSError):
    """The disk is full or cannot be written to; the message names the file and, if it is full, how much is free."""


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have the error of a disk that is full or cannot be written to name this file, which it often does not itself."""
    try:
        yield
    except DiskError:
        raise
    except PermissionError as error:
        if not _is_of(error, path):
            raise
        raise DiskError(error.errno, f"{path} could not be written ({error.strerror})") from error
    except Exception as error:
        if (number := _full(error)) is None:
            raise
        there = next(folder for folder in path.absolute().parents if folder.exists())
        free = f"{shutil.disk_usage(there).free / 1e6:.1f} MB are free"
        raise DiskError(number, f"{path} could not be written ({os.strerror(number)}; {free})") from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Have an error of the machine name the file that the block reads.

    Errors of the file itself are raised as they are. Read the file's bytes in the block and pass these to zipfile or
    PyTorch: given a path, they call a file damaged if the disk does not respond.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    OSError, MemoryError
        Where the machine refuses or lacks something: permission, a file handle, memory, a disk that responds.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        if not is_of_the_machine(error):
            raise
        if isinstance(error, OSError):
            said = f"it cannot be read now, and stays as it is ({error.strerror})"
            raise OSError(error.errno, said, str(path)) from error
        raise MemoryError(f"{path} cannot be read now, and stays as it is ({str(error) or 'out of memory'})") from error


def is_of_the_machine(error: Exception) -> bool:
    """Whether an error is about the machine in its present state, and not about the file that was being read.

    A library that meets damage raises an OSError without an errno, or with that of a seek to before the file's start.
    """
    if isinstance(error, OSError):
        return error.errno not in (None, errno.EINVAL)
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in NO_MEMORY)


def first_line(error: BaseException) -> str:
    """The first line of an error's message; empty where it has none."""
    return str(error).strip().partition("\n")[0]


def _is_of(error: OSError, path: Path) -> bool:
    """Whether the file that an error names is `path`, a folder above it, or a file beside it (as its temporary one)."""
    named = Path(error.filename or path).absolute()
    return named in (path.absolute(), *path.absolute().parents) or named.parent == path.absolute().parent


def _full(error: BaseException | None) -> int | None:
    """The errno of a full disk, even where a library's own error hides it; None where there is none."""
    while error:
        for number in FULL:
            if getattr(error, "errno", None) == number or os.strerror(number) in str(error):
                return number
        error = error.__cause__ or error.__context__
    return None
