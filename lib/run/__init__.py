"""The runner: a notebook with its parameters executed, recorded, and held against today's code."""

import os
import tempfile
import time
from pathlib import Path

STARTED = time.time()
"""When this command was begun: before torch and all that comes with it is imported, which can take ten seconds."""

try:
    Path.home()
except RuntimeError:  # a user whom the system does not know, as in some containers: Jupyter and matplotlib need a home
    home = Path(tempfile.gettempdir()) / f"home-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    os.environ["HOME"] = str(home)
