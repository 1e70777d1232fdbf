"""The book's own rows to show beside a network: from evidence, for the same data set and eps, if there are any."""

from collections.abc import Sequence
from dataclasses import dataclass

from lib.chapters.common_ground.defences import DEFENCES, titled
from lib.chapters.common_ground.experiment import APART, CHAPTER, Experiment
from lib.chapters.common_ground.first import First
from lib.chapters.common_ground.judging import WORST
from lib.chapters.common_ground.rows import Row, judgement
from lib.judge.images import Sample
from lib.judge.radii import same
from lib.run import profiles
from lib.run.run import Run


@dataclass(frozen=True, eq=False)
class Known(Row):
    """A row of the book at one eps: a judgement for each network that has been measured, which may be none."""

    title: str
    networks: int
    """How many networks there are when all are measured."""

    @property
    def is_measured(self) -> bool:
        """Whether there is any network to show."""
        return bool(self.judgements)


@dataclass(frozen=True, eq=False)
class Rows:
    """The book's rows at one eps, the best worst case first, those that were not measured last."""

    experiment: Experiment
    """The experiment that measures them."""
    known: Sequence[Known]


def experiment(data: str) -> Experiment | None:
    """The experiment by which the book judges networks on this data set, from the profile that has it, else None."""
    found = (Run.of(CHAPTER, profile, {}).experiment for profile in profiles.names())
    return next((one for one in found if one.dataset == data), None)


def trained_apart(images: Sample) -> First | None:
    """The training of the network that the book transfers attacks from on this data set; None where there is none."""
    found = experiment(images.name) if images.is_book else None
    return found and First(found.dataset, found.epochs, found.batch_size, found.seed + APART)


def rows(data: str, eps: float) -> Rows | None:
    """The book's rows for a data set at one eps, measured or not; None where it judges no networks there."""
    asked = experiment(data)
    radii = [one for one in asked.eps_values if same(one, eps)] if asked else []
    if not radii:
        return None
    known = [_known(asked, name, radii[0]) for name in DEFENCES]
    return Rows(asked, sorted(known, key=_worth, reverse=True))


def _worth(row: Known) -> tuple[float, float]:
    return (row.accuracy(WORST), row.accuracy("PGD-40")) if row.is_measured else (-1.0, -1.0)


def _known(asked: Experiment, name: str, eps: float) -> Known:
    """A defence's row, from the networks for which everything has been measured."""
    cells = zip(asked.attacked(), asked.searched(), asked.distances(), strict=True)
    of_row = [three for three in cells if (of := three[0].setting).network.defence.name == name and of.eps == eps]
    read = [[cell.read() for cell in three] for three in of_row]
    found = [judgement(*(record for record, _ in three)) for three in read if all(three)]
    return Known(found, titled(name), len(of_row))
