"""What a paper claims, and the rule that judges each claim: facts that are fixed before any run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache

from lib import book
from lib.ledger import claims_file
from lib.ledger.claims_file import ClaimsError


@dataclass(frozen=True)
class Claim:
    """One checkable statement of a paper, and the rule that judges it, fixed before any run."""

    paper: str
    """The chapter that answers it."""
    id: str
    kind: str
    """`number`: a figure the paper prints. `statement`: something rises, falls, beats, separates. `citation`: a figure
    of another source that the paper repeats."""
    about: str
    """One of `claims_file.ABOUT`."""
    where: str
    """The place in the paper."""
    says: str = ""
    """What the paper claims, in a sentence that can be read alone."""
    value: float | None = None
    """The printed figure; accuracies and shares as fractions."""
    printed: str = ""
    """The same as text, digit by digit."""
    tolerance: float | None = None
    """How far from the printed figure still counts as found, absolute."""
    smallest: float | None = None
    """The smallest effect that counts, of a statement."""
    sound_smallest: float | None = None
    """The same for the sound measurement, where it differs."""
    effect: float | None = None
    """The effect that the paper itself prints."""
    way: str = ""
    """What is compared, the paper's way."""
    sound: str = ""
    """What is compared soundly."""
    control: str = ""
    """What must not do as well; if it does, the statement is true but says nothing."""
    joint: tuple[str, ...] = ()
    """All claims, this one among them, that one experiment must give together."""
    also: str = ""
    """Where else the same figure is printed."""
    against: tuple[str, ...] = ()
    """What else the paper says that cannot be right if this is: ids of claims, or words."""
    background: bool = False
    """Whether the paper only explains it, from its sources, and measured nothing."""
    scale: Mapping[str, object] = field(default_factory=dict)
    """The size of the paper's own run: its data set, epochs and the like, by name (`lib.ledger.scale`)."""

    @property
    def address(self) -> str:
        """The claim's anchor on the scoreboard."""
        return f"{self.paper}.{self.id}"

    def smallest_of(self, side: str) -> float | None:
        """The smallest effect that counts, the paper's way (`paper`) or soundly (`sound`)."""
        return self.sound_smallest if side == "sound" and self.sound_smallest is not None else self.smallest

    @property
    def half_step(self) -> float:
        """Half a unit of the last printed digit."""
        return float(Decimal(5).scaleb(Decimal(self.printed).as_tuple().exponent - 1))


class Claims(dict[str, Claim]):
    """The claims of a paper by id; an unknown id raises an error that lists the known ones."""

    def __missing__(self, id: str) -> Claim:
        (paper,) = {claim.paper for claim in self.values()}
        raise ClaimsError(f"{paper} has no claim {id!r}; there are: {', '.join(self)}")


@dataclass(frozen=True)
class Paper:
    """A paper, the setting of its experiment, and its claims by id."""

    name: str
    title: str
    idea: str
    """What it proposes, in a sentence."""
    setting: str
    claims: Claims


def paper(name: str) -> Paper:
    """What a paper says, from notebooks/claims/<name>.yaml.

    Raises
    ------
    ClaimsError
        Where the file cannot be read, or says something that is not allowed; the message then names the claim, the key
        and what is allowed.
    """
    try:
        return _parsed(name, book.claims_file(name).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ClaimsError(f"notebooks/claims/{name}.yaml cannot be read: {error}") from error


@cache
def _parsed(name: str, text: str) -> Paper:
    """Cached: each answer asks for its claim, a page a thousand times, and reading takes a tenth of a second."""
    facts, as_printed = claims_file.read(name, text)
    groups = _groups(facts["claims"])
    claims = Claims()
    for entry, words in zip(facts["claims"], as_printed, strict=True):
        scale = facts.get("scale", {}) | entry.pop("scale", {})
        own = {
            "way": entry.pop("paper", ""),
            "printed": words.get("value", ""),
            "where": words["where"],
            "also": words.get("also", ""),
            "joint": groups.get(entry["id"], ()),
            "against": tuple(entry.pop("against", ())),
            "scale": {key: value for key, value in scale.items() if value is not None},
        }
        entry.pop("joint", None)
        claims[entry["id"]] = Claim(paper=name, **entry | own)
    return Paper(name, facts["title"], facts["idea"], facts["setting"], claims)


def _groups(entries: list[dict]) -> dict[str, tuple[str, ...]]:
    """By claim id, the group that one experiment must give together; `joint` stands at one claim of each group."""
    groups = {}
    for entry in entries:
        if others := entry.get("joint"):
            members = (entry["id"], *others)
            groups |= dict.fromkeys(members, members)
    return groups
