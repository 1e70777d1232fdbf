"""What a network was found to be worth, image by image, and what can be read off that."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lib.chapters.common_ground.attacks import ATTACKS
from lib.chapters.common_ground.judging import WORST, Judgement
from lib.judge.radii import same, shown
from lib.measure.intervals import Measured, rate
from lib.measure.red_flags import BLACK_BOX, Flag

COLUMNS = (WORST, *ATTACKS)
"""What is shown of a network, from the top, as in the table of the chapter on the common ground."""

FOLLOW = ("FGSM", "targeted FGSM", "BIM-10", "PGD-40")
"""The attacks that do nothing where there is no gradient; AutoAttack still has its search then."""


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Parameters
    ----------
    steps, queries
        Steps of AutoAttack's parts, and queries of Square, both within AutoAttack and alone; the reference has 100 and
        5,000.
    n_lbfgs
        How many of the images L-BFGS was run on.
    other
        The network through which images were transferred, in words; "" where there was none.
    own
        The names of the reader's own attacks.
    """

    steps: int
    queries: int
    n_lbfgs: int
    other: str
    own: tuple[str, ...] = ()

    @property
    def is_reference(self) -> bool:
        """Whether AutoAttack had at least as many steps and queries as in the reference."""
        return self.steps >= 100 and self.queries >= 5000


@dataclass(frozen=True)
class Subject:
    """The network that was judged, and the images it was judged on.

    Parameters
    ----------
    name
        What the network is called by whoever asks.
    weights
        SHA-256 of its parameters and buffers.
    parameters
        How many numbers its parameters hold, frozen ones included, since earlier training may have changed them.
    made_as
        Its class, with the module that has it.
    data, origin, digest
        The images: name of the data set, how many of what in words, SHA-256 of the whole.
    indices
        Which images of the whole they are, counted from 0.
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
    """What a network was found to be worth.

    Parameters
    ----------
    at
        By eps, what was found, image by image.
    severed
        Whether autograd finds no path from the network's outputs to the images.
    is_void
        Whether attacks that follow the gradient did nothing on any image: at none have the logits a nonzero gradient.
    made
        How it was made: commit, the reader's modules, device, threads, versions, seconds, when.
    """

    subject: Subject
    asked: Asked
    at: Mapping[float, Judgement]
    severed: bool
    is_void: bool
    made: Mapping[str, object]

    def __str__(self) -> str:
        from lib.judge.card import card  # which imports this module

        return card(self)

    @property
    def columns(self) -> tuple[str, ...]:
        """What is shown, from the top: `COLUMNS`, then the reader's own attacks."""
        return (*COLUMNS, *self.asked.own)

    @property
    def n(self) -> int:
        """How many images the network was judged on."""
        return len(next(iter(self.at.values())).y)

    def found(self, eps: float) -> Judgement:
        """What was found at an eps, which may differ by rounding from the one that was judged at.

        Raises
        ------
        LookupError
            Where the network was not judged at this eps; the message lists those that there are.
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
            Where there is no such column or eps; the message lists those that there are.
        """
        if column not in self.columns:
            raise LookupError(f"there is no column {column!r} in this verdict; there are {', '.join(self.columns)}")
        hits = self.found(eps).outcomes.get(column)
        return None if hits is None else rate([hits])

    def safe(self, eps: float) -> Measured:
        """The share of images that are classified correctly clean and under every attack: an upper bound.

        Raises
        ------
        LookupError
            As `found` does.
        """
        return rate([self.found(eps).worst])

    def flags(self, eps: float) -> list[Flag]:
        """The red flags, raised or not; without a transfer, all except the one that compares with it."""
        found = self.found(eps)
        if "transfer" in found.correct:
            return found.flags
        in_its_place = {"transfer": found.correct["clean"]}  # which no other flag looks at
        return [flag for flag in replace(found, correct=found.correct | in_its_place).flags if flag.name != BLACK_BOX]

    def raised(self, eps: float) -> list[Flag]:
        """The red flags that are raised."""
        return [flag for flag in self.flags(eps) if flag.raised]
