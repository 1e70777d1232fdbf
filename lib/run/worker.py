"""A process that measures: `python -m lib.run.worker '{"runs": ...}'`, started by `lib.run.measuring`."""

import json
import signal
import sys
import time
from pathlib import Path

from lib.evidence.fill import fill
from lib.run.run import Run
from lib.run.tasks import tasks


def main(asked: str) -> int:
    """Make what is missing, and none other is at; the exit status is 1 where something failed."""
    for number in (signal.SIGTERM, signal.SIGINT):  # which a shell's background jobs ignore, and deadlines rely on
        signal.signal(number, signal.default_int_handler)
    facts = json.loads(asked)
    runs = [Run.of(*one) for one in facts["runs"]]
    try:
        wanted = tasks(runs, needed=facts["needed"])
        within = facts["ends"] and max(facts["ends"] - time.time(), 0)
        filled = fill(wanted, within=within, failures=Path(facts["failures"]))
    except KeyboardInterrupt:
        return 0  # whoever started this says so
    return 1 if filled.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
