"""The runner: notebooks are executed with parameters, recorded, and compared with today's code."""

import os
import tempfile
import time
from pathlib import Path

STARTED = time.time()
"""When this command began: before torch and all that comes with it was imported, which can take ten seconds."""

try:
    Path.home()
except RuntimeError:  # a user whom the system does not know, as in some containers: Jupyter and matplotlib need a home
    home = Path(tempfile.gettempdir()) / f"home-{getattr(os, 'getuid', os.getpid)()}"
    home.mkdir(mode=0o700, exist_ok=True)
    os.environ["HOME"] = str(home)
