"""What a network was found to be worth, image by image, and what can be read off that."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lib.chapters.common_ground.attacks import ATTACKS
from lib.chapters.common_ground.judging import WORST, Judgement
from lib.judge.radii import same, shown
from lib.measure.intervals import Measured, rate
from lib.measure.red_flags import BLACK_BOX, Flag

COLUMNS = (WORST, *ATTACKS)
"""What is shown of a network, from the top: as in the table of the chapter on the common ground."""

FOLLOW = ("FGSM", "targeted FGSM", "BIM-10", "PGD-40")
"""The attacks that do nothing where there is no gradient; AutoAttack then has its search left."""


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Parameters
    ----------
    steps, queries
        Of AutoAttack's parts and of Square; the reference has 100 and 5,000.
    n_lbfgs
        How many of the images L-BFGS was run on.
    other
        The network through which images were transferred, in words; "" where there was none.
    own
        The names of the attacks that were given besides.
    """

    steps: int
    queries: int
    n_lbfgs: int
    other: str
    own: tuple[str, ...] = ()

    @property
    def is_reference(self) -> bool:
        """Whether AutoAttack could do as much as in the reference."""
        return self.steps >= 100 and self.queries >= 5000


@dataclass(frozen=True)
class Subject:
    """Who was judged, on what.

    Parameters
    ----------
    name
        Of the network, by who asks.
    weights
        SHA-256 of its parameters and buffers.
    parameters
        How many numbers they hold, those that are frozen too: training may have changed them before.
    made_as
        Its class, with the module that has it.
    data, origin, digest
        The images: name of the data set, how many of what in words, SHA-256 of the whole.
    indices
        Which of the whole they are, counted from 0.
    """

    name: str
    weights: str
    parameters: int
    made_as: str
    data: str
    origin: str
    digest: str
    indices: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Verdict:
    """A network judged.

    Parameters
    ----------
    at
        By eps what was found, image by image.
    severed
        Whether autograd finds no way from its outputs to the images.
    is_void
        Whether attacks that follow the gradient did nothing on any image: none has a gradient of the logits.
    made
        Commit, the reader's modules, device, versions, seconds, when.
    """

    subject: Subject
    asked: Asked
    at: Mapping[float, Judgement]
    severed: bool
    is_void: bool
    made: Mapping[str, object]

    def __str__(self) -> str:
        from lib.judge.card import card  # which is made of verdicts

        return card(self)

    @property
    def columns(self) -> tuple[str, ...]:
        """What is shown, from the top: `COLUMNS`, and the attacks that were given besides."""
        return (*COLUMNS, *self.asked.own)

    @property
    def n(self) -> int:
        """How many images."""
        return len(next(iter(self.at.values())).y)

    def found(self, eps: float) -> Judgement:
        """What was found at an eps, which may differ from the one that was asked for by rounding.

        Raises
        ------
        LookupError
            Where the network was not judged at this eps; it names those that there are.
        """
        for one, found in self.at.items():
            if same(one, eps):
                return found
        raise LookupError(f"there is no eps {shown(eps)} in this verdict; there are {', '.join(map(shown, self.at))}")

    def measured(self, eps: float, column: str) -> Measured | None:
        """The accuracy in one of the `columns`, with its 95% interval over images; None where it was not measured.

        Raises
        ------
        LookupError
            Where there is no such column or eps; it names those that there are.
        """
        if column not in self.columns:
            raise LookupError(f"there is no column {column!r} in this verdict; there are {', '.join(self.columns)}")
        hits = self.found(eps).outcomes.get(column)
        return None if hits is None else rate([hits])

    def safe(self, eps: float) -> Measured:
        """The share of images that are classified rightly clean and under every attack: an upper bound.

        Raises
        ------
        LookupError
            As `found` does.
        """
        return rate([self.found(eps).worst])

    def flags(self, eps: float) -> list[Flag]:
        """The red flags, up or not; without a transfer, all but the one that compares with it."""
        found = self.found(eps)
        if "transfer" in found.correct:
            return found.flags
        in_its_place = {"transfer": found.correct["clean"]}  # which no other flag looks at
        return [flag for flag in replace(found, correct=found.correct | in_its_place).flags if flag.name != BLACK_BOX]

    def raised(self, eps: float) -> list[Flag]:
        """The red flags that are up."""
        return [flag for flag in self.flags(eps) if flag.raised]
