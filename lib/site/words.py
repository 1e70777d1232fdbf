"""What pages say about a run: its settings, its commit, what has changed since."""

import re
from collections.abc import Iterable
from dataclasses import replace

from lib.ledger import results
from lib.run import profiles
from lib.run.run import Run


def stale(run: Run) -> str:
    """A sentence on what has changed since a run, and one with the command that repeats it; empty if nothing has."""
    verb = "record" if run.folder == results.RECORDED else "execute"
    changed = run.changes()
    if not changed:
        return ""
    have = "has" if len(changed) == 1 else "have"
    return f"{listed(changed)} {have} changed since this was run. `{run.command(verb)}` runs it again."


def listed(changed: Iterable[str]) -> str:
    """What has changed, separated by commas, with files as code."""
    return ", ".join(re.sub(r"\blib(/\w+)+\.py", r"`\g<0>`", part) for part in changed)


def profile_of(run: Run) -> str:
    """The profile; where something was set by hand, that too, and the command that runs the whole profile."""
    name = run.results()["profile"]
    profile, *by_hand = profiles.parts(name)
    if not by_hand:
        return f"`{profile}`"
    again = replace(run, given={}).command("record" if run.profile == profiles.PAPER else "execute")
    return f"{settings(name)}: not the whole profile; `{again}` runs that"


def settings(run_name: str) -> str:
    """The profile and what was set by hand, as separate words, so that a narrow column can break between them."""
    profile, *given = profiles.parts(run_name)
    return f"`{profile}`" + (" with " + ", ".join(f"`{pair}`" for pair in given) if given else "")


def commit(name: str | None) -> str:
    """A commit, shortened."""
    if not name:
        return "not known: the code was no checkout, or there was no git"
    name, changed, _ = name.partition("+")
    return f"`{name[:12]}`" + (" with changes that were not committed" if changed else "")
