"""What a paper claims, and by which rule each claim is judged: facts that are fixed before any run."""

from dataclasses import dataclass

import yaml

from lib import book


@dataclass(frozen=True)
class Claim:
    """One checkable statement of a paper, and the rule that judges it, fixed before any run."""

    paper: str
    id: str
    kind: str
    """`number`: a figure the paper prints. `direction`: something rises, falls or beats something."""
    where: str
    value: float | None = None
    tolerance: float | None = None
    compare: str = ""
    above: float = 0.0
    """What the judged quantity of a direction has to exceed."""
    minimum: float = 0.0
    """By how much at least."""
    sound_above: float | None = None
    """The threshold of the sound form, where it is another."""
    partner: str | None = None
    """The claim that must come from the same experiment."""
    background: bool = False
    """About what the paper introduces and does not measure: the direction is that of its sources."""

    @property
    def address(self) -> str:
        """The claim's anchor on the scoreboard."""
        return f"{self.paper}.{self.id}"

    @property
    def claimed(self) -> float | str:
        """What the paper says, as a number or in words."""
        return self.compare if self.value is None else self.value


@dataclass(frozen=True)
class Paper:
    """A paper, the setting of its experiment, and its claims by id."""

    name: str
    title: str
    setting: str
    claims: dict[str, Claim]


def paper(name: str) -> Paper:
    """What a paper says, from notebooks/claims/<name>.yaml."""
    facts = yaml.safe_load(book.claims_file(name).read_text())
    entries = [Claim(paper=name, partner=entry.pop("with", None), **entry) for entry in facts["claims"]]
    return Paper(name, facts["title"], facts["setting"], {claim.id: claim for claim in entries})
