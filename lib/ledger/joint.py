"""Claims that one experiment must give together: each is found only as far as the least found of them."""

from collections.abc import Mapping, Sequence

from lib.ledger.claims import Claim
from lib.ledger.words import NUMBERS


def settle(claims: Mapping[str, Claim], entries: Mapping[str, dict]) -> None:
    """Give the claims of each group the word of the least found of them, in place.

    Parameters
    ----------
    entries
        What `lib.ledger.entries.entry` gave, by claim; all claims have one.

    Raises
    ------
    ValueError
        Where the claims of a group come from different experiments, or from none that has a name, or were not all run.
    """
    for group in dict.fromkeys(claim.joint for claim in claims.values() if claim.joint):
        settle_group([entries[id] for id in group])


def settle_group(members: Sequence[dict]) -> None:
    """Give the claims of one group the word of the least found of them, in place.

    Raises
    ------
    ValueError
        As `settle` does.
    """
    ran = [entry for entry in members if entry["paper"]]
    if not ran:
        return
    experiments = {entry["experiment"] for entry in ran}
    if len(ran) < len(members) or len(experiments) > 1 or "" in experiments:
        raise ValueError(f"{', '.join(entry['id'] for entry in members)} must come from one experiment")
    together = max((entry["alone"] for entry in members), key=NUMBERS.index)
    for entry in members:
        entry["word"] = together
