"""What an answer leaves out that its claim asks for: no word on a page would show it."""

from collections.abc import Iterator, Mapping

from lib import book
from lib.ledger import results
from lib.ledger.claims import Claim, paper


def left_out(found: Mapping) -> list[str]:
    """A line for each thing that the answers of a run leave out; empty where they leave nothing out.

    Parameters
    ----------
    found
        The results of a notebook.
    """
    if found["notebook"] not in book.papers():
        return []
    claims, dataset = paper(found["notebook"]).claims, found["parameters"]["dataset"]
    entries = results.answers(found).items()
    return [f"{id}: {told}" for id, entry in entries for told in _of(claims[id], entry, dataset)]


def _of(claim: Claim, entry: Mapping, dataset: str) -> Iterator[str]:
    for side in ("paper", "sound"):
        if entry[side] is None:
            continue
        is_compared = entry[side].get("over_control") is not None
        if claim.control and not is_compared:
            yield f"its control is {claim.control!r}, and the {side} Finding has no `over_control`"
        if is_compared and not claim.control:
            yield f"the {side} Finding is compared with {entry[side]['control']!r}, and the claim names no `control`"
    wanted = claim.scale.get("dataset")
    allowed = wanted if isinstance(wanted, list) else [wanted]
    is_short = wanted is not None and not {*dataset.split("+")} & {*allowed}
    if is_short and entry["paper"] is not None and not entry["smaller"]:
        yield f"it is measured on {dataset}, the paper on {' or '.join(allowed)}, and its Answer has no `smaller`"
