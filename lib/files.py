"""Files that are written whole or not at all, and folders that are copied so that the copy can be changed."""

import errno
import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = (errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What a disk says that is full or may only be read; Windows has no quota of that name."""


LONGEST_NAME = 120
"""Of a folder, in bytes; file systems allow 255, encrypted ones 143."""


def short_name(name: str) -> str:
    """A folder's name as it is, or its beginning and a digest of the whole where it is too long for a file system."""
    if len(name.encode()) <= LONGEST_NAME:
        return name
    beginning = name.encode()[: LONGEST_NAME // 2].decode(errors="ignore")
    return f"{beginning}...{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def copied(source: Path, target: Path, *left_out: str) -> None:
    """Copy a folder into one that is there or not, but for names that match patterns; all of it can be written to."""
    ignore = shutil.ignore_patterns(*left_out)
    shutil.copytree(source, target, ignore=ignore, copy_function=shutil.copyfile, dirs_exist_ok=True)
    for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):  # copytree keeps folders' modes
        folder.chmod(folder.stat().st_mode | stat.S_IRWXU)


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move it into place when the block succeeds.

    Where the block raises (a full disk, an interrupt), the temporary file is removed and
    whatever stood at `path` before still stands. Two processes may write the same path:
    each has its own temporary file, and the last to finish wins.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex}{path.suffix}")
    try:
        temporary.touch(exist_ok=False)  # unlike tempfile's, readable by whoever may read an ordinary file
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.errno not in FULL:
            raise
        free = shutil.disk_usage(path.parent).free / 1e6
        raise OSError(error.errno, f"{path} could not be written ({error.strerror}; {free:.0f} MB are free)") from error
    finally:
        temporary.unlink(missing_ok=True)
