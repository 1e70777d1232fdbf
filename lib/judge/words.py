"""What is said about a verdict, on the card and on the page."""

import math

from lib.chapters.common_ground.judging import WORST
from lib.chapters.common_ground.rows import Row
from lib.judge.beside import Rows
from lib.judge.radii import shown
from lib.judge.verdict import FOLLOW, Verdict
from lib.measure.intervals import Measured

MISSING = "not measured"

NOTHING_LEFT = (
    "What is left is what searches and the transfer leave: at most so many images are safe, and an attacker who "
    "approximates the gradient finds more (Athalye et al., 2018). Let the gradient pass where the network rounds or "
    "detaches, as if that step were the identity, and judge it again; or give an attack that does so, --attack."
)
"""Said of a network without a gradient that was not attacked by the reader's own attacks."""


def cell(verdict: Verdict, eps: float, column: str) -> str:
    """An accuracy with its interval, marked where the attack did nothing."""
    found = verdict.measured(eps, column)
    return MISSING if found is None else marked(verdict, column, share(found), " (void)")


def marked(verdict: Verdict, column: str, told: str, void: str) -> str:
    """The text of a column, marked where there was no gradient to follow; so is the worst case, which gets quoted."""
    if not verdict.is_void or column not in (WORST, *FOLLOW):
        return told
    return f"{'≤ ' if column == WORST else ''}{told}{void}"


def share(found: Measured) -> str:
    """A share with its interval."""
    return f"{found.mean:.3f}" + ("" if found.low is None else f" [{found.low:.2f}, {found.high:.2f}]")


def distance(row: Row) -> str:
    """How far L-BFGS had to go, and how often it succeeded."""
    (fooled, asked), median = row.fooled, row.median_distance
    return f"{f'{median:.2f}' if math.isfinite(median) else 'none'} ({fooled} of {asked} fooled)"


def own_distance(verdict: Verdict, eps: float) -> str:
    """The same for the network that is judged, marked where L-BFGS had no gradient to follow."""
    return distance(Row([verdict.at[eps]])) + (" (void)" if verdict.is_void else "")


def warnings(verdict: Verdict) -> list[str]:
    """Sentences on what keeps the numbers from being what they seem to be, the worst first."""
    said = []
    if verdict.is_void:
        why = "autograd finds no way from the logits to the images" if verdict.severed else "it is zero on every image"
        said.append(
            f"NO GRADIENT REACHES THE IMAGES: {why}. The attacks marked void, L-BFGS and most of AutoAttack did "
            f"nothing. {_own_left(verdict) if verdict.asked.own else NOTHING_LEFT}"
        )
    if not verdict.asked.other:
        said.append(
            "No transfer was tried: there is no network of the book for these images. Give one that was trained apart, "
            "--other module:function, or other= in Python."
        )
    if not verdict.asked.is_reference:
        said.append(
            f"AutoAttack had {verdict.asked.steps:,} steps and {verdict.asked.queries:,} queries; the reference has "
            "100 and 5,000, and may find more."
        )
    return said


def _own_left(verdict: Verdict) -> str:
    """The same for a network that the reader's own attacks were tried on, with the accuracy under each of them."""
    left = "; ".join(
        f"{name}, {', '.join(f'{share(verdict.measured(eps, name))} at eps {shown(eps)}' for eps in verdict.at)}"
        for name in verdict.asked.own
    )
    return (
        f"The worst case rests on searches, the transfer and your own attacks ({left}). Quote it with them by name: it "
        "is worth as much as they are."
    )


def compared(verdict: Verdict, eps: float, rows: Rows | None) -> str:
    """What was found at one eps, where that stands among the book's networks, and whether to believe it."""
    found, up = verdict.safe(eps), len(verdict.raised(eps))
    ends = "" if found.low is None else f" (95% interval {found.low:.0%} to {found.high:.0%})"
    said = f"At eps {shown(eps)} no attack fools {verdict.subject.name} on {found.mean:.0%} of the images{ends}."
    if verdict.is_void:
        rests = "it rests on your own attacks" if verdict.asked.own else "it says little"
        return f"{said} Most attacks had no gradient to follow: {rests}, and is compared with nothing."
    if up:
        said += f" {up} red flag{'s are' if up > 1 else ' is'} up: doubt it."
    return f"{said} {_among(verdict, eps, rows)}"


def _among(verdict: Verdict, eps: float, rows: Rows | None) -> str:
    if rows is None:
        return f"The book judges no network on {verdict.subject.data} at this eps."
    measured = [one for one in rows.known if one.is_measured]
    if not measured:
        return "The book's own networks are not measured yet: `make fill PAPER=common_ground` measures them."
    above = sum(one.accuracy(WORST) < verdict.safe(eps).mean for one in measured)
    return f"Of the book's {len(measured)} networks, {above} have a lower worst case."


def differences(verdict: Verdict, rows: Rows) -> str:
    """How the book's rows were measured differently; empty where they were not."""
    theirs, asked = rows.experiment, verdict.asked
    pairs = {
        "images": (verdict.n, theirs.n_judge),
        "steps of AutoAttack": (asked.steps, theirs.steps),
        "queries of Square": (asked.queries, theirs.queries),
        "images for L-BFGS": (asked.n_lbfgs, theirs.n_lbfgs),
    }
    said = [f"{theirs:,} {word} (here {here:,})" for word, (here, theirs) in pairs.items() if here != theirs]
    return f"The book's rows were measured with {', '.join(said)}." if said else ""
