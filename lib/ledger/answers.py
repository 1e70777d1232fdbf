"""What a chapter answers to a claim: measured the paper's way, and soundly."""

from dataclasses import dataclass

from lib.measure.intervals import Measured


@dataclass(frozen=True)
class Answer:
    """The answer to one claim, before it is judged.

    Parameters
    ----------
    claim
        The claim's id in notebooks/claims.
    measured
        The claimed quantity, measured the paper's way; None where this run did not measure it.
    why
        One sentence with a number in it; needed unless the verdict is good and the statement stands.
    sound
        The same quantity measured soundly; None where this run cannot tell.
    comparable
        Whether the data and the scale are the paper's.
    fitted
        Whether a setting that the paper leaves out was chosen to come near its number.
    experiment
        What produced the number; claims that the paper prints together must share it.
    """

    claim: str
    measured: Measured | None
    why: str = ""
    sound: Measured | None = None
    comparable: bool = True
    fitted: bool = False
    experiment: str | None = None


def not_run(claim: str, why: str) -> Answer:
    """That this run did not measure a claim, and why."""
    return Answer(claim, None, why)
