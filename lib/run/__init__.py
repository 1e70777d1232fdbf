"""The runner: a notebook with its parameters executed, recorded, and held against today's code."""

import time

STARTED = time.time()
"""When this command was begun: before torch and all that comes with it is imported, which can take ten seconds."""
