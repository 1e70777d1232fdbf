"""Files that are written whole or not at all, and folders that are copied so that the copy can be changed."""

import errno
import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = (errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What a disk says that is full or may only be read; Windows has no quota of that name."""


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


def copy(source: Path, target: Path, ignore: Callable | None = None) -> None:
    """Copy a folder into another, whose files may be written also where the original's may only be read.

    Parameters
    ----------
    ignore
        What to leave out, as `shutil.copytree` takes it.
    """
    shutil.copytree(source, target, ignore=ignore, dirs_exist_ok=True)
    for path in [target, *target.rglob("*")]:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
