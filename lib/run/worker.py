"""A process that measures: `python -m lib.run.worker '{"runs": ...}'`, started by `lib.run.measuring`."""

import json
import signal
import sys
import time
from pathlib import Path

from lib.evidence.fill import fill
from lib.files import DiskError
from lib.run import downloads, interrupts, orphan
from lib.run.measuring import tasks
from lib.run.run import Run


def main(asked: str) -> int:
    """Make the missing cells that no other process is at; return 1, the exit status, if something failed, else 0."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it; deadlines need it
    try:
        interrupts.heed()
        facts = json.loads(asked)
        orphan.ends_with(facts["parent"])
        wanted = tasks([Run.of(*one) for one in facts["runs"]], needed=facts["needed"])
        within = facts["ends"] and max(facts["ends"] - time.time(), 0)
        with downloads.impatient():
            failed = fill(wanted, within=within, failures=Path(facts["failures"]))
    except KeyboardInterrupt:
        return 0  # the process that started this one says so
    except DiskError:
        return 1  # here too, from the note on the cell
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
