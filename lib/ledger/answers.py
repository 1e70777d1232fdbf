"""What a chapter answers to a claim: measured the paper's way, and soundly."""

from dataclasses import dataclass

from lib.measure.intervals import Measured


@dataclass(frozen=True)
class Finding:
    """One measurement that is held against a claim."""

    measured: Measured
    """The quantity that the claim compares, in the units of its `smallest`, which is not subtracted."""
    by: str
    """What it was measured with, in a few words: attack, images, networks."""
    over_control: Measured | None = None
    """The same minus what the control gives, paired; None where the claim has no control."""
    control: str = ""
    """What the control was."""


def finding(what: str, measured: Measured, over_control: Measured | None = None, control: str = "") -> Finding:
    """A finding measured with `what`, to which the numbers of test images and networks are added."""
    images = f"{measured.images:,} test image{'s' if measured.images > 1 else ''}, " if measured.images else ""
    networks = f"{measured.networks} network{'s' if measured.networks > 1 else ''}"
    return Finding(measured, f"{what}, {images}{networks}", over_control, control)


@dataclass(frozen=True)
class Readings:
    """How many of the settings that the paper's words allow were tried, and how many of these give its number."""

    tried: int
    giving: int
    nearest: str = ""
    """In a few words, which settings give it, and whether the one nearest to the paper's words is among them."""


@dataclass(frozen=True)
class Answer:
    """The answer to one claim, before it is judged."""

    claim: str
    """Its id in notebooks/claims."""
    paper: Finding | None
    """Measured the paper's way; None where it was not run."""
    sound: Finding | None = None
    """A statement measured soundly; None where that was not done, and for numbers and citations."""
    ladder: tuple[tuple[str, Measured], ...] = ()
    """For a number under attack: its value under each attack, from the paper's images to the worst case."""
    readings: Readings | None = None
    fitted: bool = False
    """Whether a setting that the paper leaves out was chosen to come near its number (on other seeds than these)."""
    experiment: str = ""
    """The name of the experiment that gave it; claims that are found together name the same one."""
    smaller: tuple[str, ...] = ()
    """How the run is smaller than the paper's, from `lib.ledger.scale.smaller`."""
    theorem: str = ""
    """One sentence, where a proof answers the claim, with an `exact` value in `paper`."""
    why: str = ""
    """One sentence of at most 25 words on why the word is what it is; needed unless the word is in `words.GOOD`."""


def not_run(claim: str, why: str) -> Answer:
    """The answer to a claim that was not measured; `why` names the parameter or the command that would measure it."""
    return Answer(claim, None, why=why)
