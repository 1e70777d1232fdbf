"""What a chapter answers to a claim: measured the paper's way, and soundly."""

from dataclasses import dataclass

from lib.measure.intervals import Measured


@dataclass(frozen=True)
class Finding:
    """One measurement that is held against a claim."""

    measured: Measured
    """In the units of the claim's `smallest`: the quantity that the claim compares, `smallest` not subtracted."""
    by: str
    """What it was measured with, in a few words: attack, images, networks."""
    over_control: Measured | None = None
    """The same less what the control gives, paired; None where the claim has no control."""
    control: str = ""
    """What the control was."""


def finding(what: str, measured: Measured, over_control: Measured | None = None, control: str = "") -> Finding:
    """A measurement with what it was made with: `what`, then how many test images and networks."""
    images = f"{measured.images:,} test image{'s' if measured.images > 1 else ''}, " if measured.images else ""
    networks = f"{measured.networks} network{'s' if measured.networks > 1 else ''}"
    return Finding(measured, f"{what}, {images}{networks}", over_control, control)


@dataclass(frozen=True)
class Readings:
    """How many settings that the paper's words allow were tried, and how many of them give its number."""

    tried: int
    giving: int
    nearest: str = ""
    """Whether the one nearest to the words is among them, and which they are, in a few words."""


@dataclass(frozen=True)
class Answer:
    """The answer to one claim, before it is judged."""

    claim: str
    """Its id in notebooks/claims."""
    paper: Finding | None
    """Measured the paper's way; None where it was not run."""
    sound: Finding | None = None
    """Measured soundly, of a statement; numbers have none."""
    ladder: tuple[tuple[str, Measured], ...] = ()
    """Of a number under attack: what is left under which attack, from the paper's images to the worst case."""
    readings: Readings | None = None
    fitted: bool = False
    """Whether a setting that the paper leaves out was chosen to come near its number (on other seeds than these)."""
    experiment: str = ""
    """What gave it; claims that are found together name the same."""
    smaller: tuple[str, ...] = ()
    """In what the run is smaller than the paper's: `lib.ledger.scale.smaller`."""
    theorem: str = ""
    """One sentence, where a proof answers the claim, with an `exact` value in `paper`."""
    why: str = ""
    """One sentence of at most 25 words on why the word is what it is; needed unless that is found or confirmed."""


def not_run(claim: str, why: str) -> Answer:
    """That a claim was not measured; `why` names the parameter or the command that would."""
    return Answer(claim, None, why=why)
