"""Cells that were measured before and after a change of code: if all are the same, recorded ones still count."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from lib import provenance
from lib.digest import code, same
from lib.digest.code import Definition
from lib.digest.same import Change
from lib.evidence import cells, plan
from lib.evidence.cells import Cell
from lib.evidence.records import TREE, Arrays, to_arrays, word
from lib.evidence.store import Made
from lib.files import write

OF_THE_CLOCK = "seconds"
"""The name of fields that hold a time, which is different in each measurement."""


class NotTheSame(RuntimeError):
    """A change cannot count as altering nothing; the message says why."""


@dataclass(frozen=True)
class Pair:
    """A cell that was measured before a change and after it, and the fields in which the two records differ."""

    label: str
    before: Made
    differences: tuple[str, ...]

    @property
    def part(self) -> str:
        """Its part, as `chapter.part`."""
        return f"{self.before.chapter}.{self.before.part}"


def accept(why: str, wanted: Iterable[Cell]) -> Change:
    """Let what has changed in lib count as unchanged, and keep that on record.

    The evidence is the cells that were measured both before and after the change. All of them have to be the same, to
    the bit, except for times. Wherever a changed definition took part in measuring a recorded cell, it has to have
    taken part in such a cell of the same `chapter.part`.

    Parameters
    ----------
    wanted
        Cells, some of which were measured by the earlier code and again by the current code.

    Raises
    ------
    NotTheSame
        Where nothing has changed, a cell differs, or a part was not measured again.
    """
    recorded = list(plan.experience([cells.RECORDED]))
    before, wanted = _before(recorded), _fresh(wanted)
    with code.assuming(before) as assumed:
        for name in before:
            _written(name)
        pairs = list(_pairs(wanted, _fresh(wanted)))
        counts_as = {
            name: {"now": code.as_written(Definition.parse(name)), "then": then} for name, then in assumed.items()
        }
    _check(recorded, pairs, assumed.values())
    change = Change(
        why,
        {name: one for name, one in sorted(counts_as.items()) if _measured_by(recorded, [one["then"]])},
        dict(sorted(Counter(pair.part for pair in pairs).items())),
        provenance.commit(),
        provenance.describe_device(),
        datetime.now(UTC).isoformat(timespec="seconds"),
    )
    with code.assuming({name: one["then"] for name, one in counts_as.items()}):  # as it is from now on
        kept = [one for one in same.changes() if is_in_use(one)]
    write(same.path(), same.text([*kept, change]))
    code.forget()
    return change


def is_in_use(change: Change) -> bool:
    """Whether lib still has any definition as this change left it."""
    return any(_written(name) == one["now"] for name, one in change.counts_as.items())


def _written(name: str) -> str | None:
    try:
        return code.as_written(Definition.parse(name))
    except LookupError:
        return None


def _before(recorded: Sequence[Made]) -> dict[str, str]:
    """The digest of each definition by which recorded cells were measured, under the latest name that it had."""
    counted = {digest for made in recorded for digest in made.definitions.values()}
    found: dict[str, str] = {}
    for made in sorted(plan.experience(), key=lambda made: made.finished):
        found |= {name: digest for name, digest in made.definitions.items() if digest in counted}
    return found


def _fresh(wanted: Iterable[Cell]) -> list[Cell]:
    """The same cells with the digests that they have now, which they then keep, whatever digests they had before."""
    found = [cell.part(cell.setting) for cell in dict.fromkeys(wanted)]
    return [cell for cell in found if cell.digest]  # the digest is computed once, when it is first asked for


def _pairs(of_now: Sequence[Cell], of_before: Sequence[Cell]) -> Iterator[Pair]:
    for now, before in zip(of_now, of_before, strict=True):
        if now.digest != before.digest and (after := now.read()) and (first := before.read()):
            other = ["the weights of its networks"] if _have_other_networks(first[1], after[1]) else []
            yield Pair(now.label, first[1], tuple(differences(first[0], after[0]) + other))


def _have_other_networks(one: Made, other: Made) -> bool:
    """Whether as many trainings ended with other weights, even if the records do not show it."""
    left, right = (sorted((made.networks or {}).values()) for made in (one, other))
    return len(left) == len(right) and left != right


def _check(recorded: Sequence[Made], pairs: Sequence[Pair], changed: Iterable[str]) -> None:
    asked = {(one.chapter, one.part, digest) for digest in changed for one in _measured_by(recorded, [digest])}
    if not asked:
        raise NotTheSame("nothing has changed by which a recorded cell was measured")
    if differing := [pair for pair in pairs if pair.differences]:
        listed = "\n".join(f"  {pair.label}: {', '.join(pair.differences)}" for pair in differing)
        raise NotTheSame(f"{len(differing)} of {len(pairs)} cells differ from what was measured before:\n{listed}")
    measured = [pair.before for pair in pairs]
    seen = {(one.chapter, one.part, digest) for one in measured for digest in one.definitions.values()}
    if missing := sorted({f"{chapter}.{part}" for chapter, part, digest in asked - seen}):
        raise NotTheSame(
            f"of {len(missing)} parts no cell was measured both before and after: {', '.join(missing)}\n"
            "measure one of each with the code of before and one with today's, as `execute` does"
        )


def _measured_by(recorded: Sequence[Made], digests: Iterable[str]) -> list[Made]:
    wanted = set(digests)
    return [made for made in recorded if wanted & set(made.definitions.values())]


def differences(one: object, other: object) -> list[str]:
    """The fields in which two records differ, without those that hold a time."""
    left, right = to_arrays(one), to_arrays(other)
    return list(_differences(json.loads(word(left[TREE])), json.loads(word(right[TREE])), "", left, right))


def _differences(one: object, other: object, where: str, left: Arrays, right: Arrays) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        if one.keys() == {"array"}:
            if not _equal(left[one["array"]], right[other["array"]]):
                yield where
            return
        for name in sorted(one.keys() - {OF_THE_CLOCK}):
            yield from _differences(one[name], other[name], f"{where}.{name}".lstrip("."), left, right)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _differences(mine, theirs, f"{where}[{place}]", left, right)
    elif json.dumps(one) != json.dumps(other):  # as text, in which all NaN are equal
        yield where or "all"


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
