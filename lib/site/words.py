"""What pages say of a run: its settings, its commit, what has changed since, and the command that runs it again."""

import re
import shlex
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from lib.ledger import results
from lib.parameters import Value
from lib.run import profiles
from lib.run.record import PROFILE
from lib.run.run import Run


def stale(run: Run) -> str:
    """A sentence on what has changed since a run, and one with the command; empty where nothing has."""
    verb = "record" if run.folder == results.RECORDED else "execute"
    changed = run.changes()
    if not changed:
        return ""
    have = "has" if len(changed) == 1 else "have"
    again = command(verb, run.notebook, run.profile, run.given)
    return f"{listed(changed)} {have} changed since this was run. `{again}` runs it again."


def command(verb: str, notebook: str, profile: str, given: Mapping[str, Value] = MappingProxyType({})) -> str:
    """What makes a run again; `record` is of the paper profile alone, and is not told which."""
    words = [verb, notebook] if verb == "record" else [verb, notebook, "--profile", profile]
    _, *pairs = profiles.parts(profiles.run_name(profile, given))
    return shlex.join(["python", "-m", "lib.run", *words, *(word for pair in pairs for word in ("-p", pair))])


def listed(changed: Iterable[str]) -> str:
    """What has changed, the files among it as code."""
    return ", ".join(re.sub(r"\blib(/\w+)+\.py", r"`\g<0>`", part) for part in changed)


def profile_of(run: Run) -> str:
    """The profile, and where something was set by hand, what runs the whole of it."""
    name = run.results()["profile"]
    profile, *by_hand = profiles.parts(name)
    if not by_hand:
        return f"`{profile}`"
    again = command("record" if profile == PROFILE else "execute", run.notebook, profile)
    return f"{settings(name)}: not the whole profile; `{again}` runs that"


def settings(run_name: str) -> str:
    """The profile and what was set by hand, each a word of its own, so that a narrow column can break between them."""
    profile, *given = profiles.parts(run_name)
    return f"`{profile}`" + (" with " + ", ".join(f"`{pair}`" for pair in given) if given else "")


def commit(name: str | None) -> str:
    """A commit, shortened."""
    if not name:
        return "not known: the code was no checkout, or there was no git"
    name, changed, _ = name.partition("+")
    return f"`{name[:12]}`" + (" with changes that were not committed" if changed else "")
