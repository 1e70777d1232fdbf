"""The answers to the claims of the paper on fragile neurons, on records that are made up."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from fragile_records import FILTERS, grid_of, record

from lib.chapters.fragile_neurons import answers, csg
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.svd_filter import MEDIAN, PRINTED, SOURCE
from lib.ledger.answers import Answer
from lib.ledger.claims import paper
from lib.ledger.ledger import entry
from lib.models.resnets import RESNETS

CLAIMS = paper("fragile_neurons").claims
PAPER_AGES = (10, 50, 100)


def words(answer: Answer) -> tuple[str, str | None]:
    """The verdict, and whether it stands."""
    found = entry(CLAIMS[answer.claim], answer)
    return found["verdict"], found["stands"]


def own(dataset: str, **given) -> Grid:
    """The paper's ResNet-50 at its own ages, the same at each."""
    return grid_of({(dataset, "resnet50", age): record(dataset, **given) for age in PAPER_AGES}, ages="10 50 100")


def through(dataset: str, records: list, network: str = "resnet50", ages: str = "10 50 100") -> Grid:
    """One network at three ages."""
    stages = map(int, ages.split())
    return grid_of({(dataset, network, age): one for age, one in zip(stages, records, strict=True)}, ages=ages)


# Levels


@pytest.mark.parametrize(
    ("dataset", "clean", "said"),
    [
        ("mnist", 0.5, ("not reproduced", "no")),
        ("mnist", 0.99, ("undecided", "open")),  # 200 images are too few for ± 0.005
        ("cifar10", 0.76, ("undecided", "open")),
        ("digits", 0.99, ("not comparable", None)),
    ],
)
def test_a_clean_accuracy(dataset: str, clean: float, said: tuple) -> None:
    answer = answers.clean_accuracy(own(dataset, clean=clean), "cifar10" if dataset == "cifar10" else "mnist")
    assert words(answer) == said and answer.measured.mean == clean and answer.measured == answer.sound


def test_a_clean_accuracy_of_several_networks_can_be_reproduced() -> None:
    ages = {("mnist", "resnet50", age): [record("mnist", clean=0.995)] * 3 for age in PAPER_AGES}
    assert words(answers.clean_accuracy(grid_of(ages, ages="10 50 100"), "mnist")) == ("reproduced", "yes")


def test_another_network_or_another_age_is_not_comparable() -> None:
    for network, ages in (("resnet18", "10 50 100"), ("resnet50", "5 10 20")):
        grid = through("mnist", [record("mnist")] * 3, network, ages)
        assert words(answers.clean_accuracy(grid, "mnist")) == ("not comparable", None)


@pytest.mark.parametrize(("fgsm", "normalised", "unit"), [(0.79, 0.2, "pixels"), (0.2, 0.79, "normalised units")])
def test_fgsm_is_answered_in_the_unit_that_comes_nearer_and_soundly_by_pgd(
    fgsm: float, normalised: float, unit: str
) -> None:
    grid = own("mnist", fgsm=lambda who, eps: fgsm, pgd=lambda who, eps: 0.1, normalised=normalised)
    answer = answers.fgsm_accuracy(grid, "mnist")
    assert answer.measured.mean == pytest.approx(0.79) and answer.fitted and f"{unit} come nearer" in answer.why
    assert words(answer) == ("reproduced", "no")


def test_pgd_is_read_at_the_eps_nearest_to_the_unit_that_answers() -> None:
    by_eps = {0.2: 0.3, 0.34: 0.1}  # the printed 0.34 in normalised units is 0.105 in pixels
    for fgsm, normalised, sound in ((0.79, 0.2, 0.1), (0.2, 0.79, 0.3)):
        grid = own("mnist", fgsm=lambda w, e, f=fgsm: f, pgd=lambda who, eps: by_eps[eps], normalised=normalised)
        assert answers.fgsm_accuracy(grid, "mnist").sound.mean == pytest.approx(sound)


@pytest.mark.parametrize(
    ("fragile", "again", "said"),
    [
        (range(24), range(24), ("reproduced", "yes")),
        (range(24), range(20, 44), ("reproduced", "no")),  # the halves agree on 4 kernels only
        (range(5), range(5), ("not reproduced", "no")),
    ],
)
@pytest.mark.parametrize("dataset", ["mnist", "cifar10"])
def test_a_share_of_fragile_kernels_over_networks(dataset: str, fragile: range, again: range, said: tuple) -> None:
    of = [record(dataset, fragile=fragile, again=again)] * 3
    grid = grid_of({(dataset, "resnet50", age): of for age in PAPER_AGES}, ages="10 50 100")
    assert words(answers.fragile_share(grid, dataset)) == said


def test_one_network_gives_no_interval_of_its_share() -> None:
    answer = answers.fragile_share(own("mnist"), "mnist")
    assert words(answer) == ("undecided", "open") and answer.why.endswith("one network gives no interval.")


@pytest.mark.parametrize(
    ("unclipped", "relative", "said"),
    [(0.89, 0.89, ("reproduced", "yes")), (0.89, 0.5, ("reproduced", "no")), (0.2, 0.92, ("not reproduced", "open"))],
)
def test_a_targeted_share_is_answered_unclipped_and_soundly_in_units_of_random_signs(
    unclipped: float, relative: float, said: tuple
) -> None:
    grid = own("mnist", unclipped=unclipped, moves=lambda who, eps: relative if who == "relative" else 0.5)
    answer = answers.targeted_share(grid, "mnist")
    assert words(answer) == said
    assert f"({3 if unclipped == 0.89 else 0} of 6 within the tolerance)" in answer.why


def test_the_spectral_gradient_is_comparable_nowhere() -> None:
    apart = csg.CsgRecord(200, np.eye(10)[None], np.full((1, 10, 10), 0.1))
    gradients = {("digits", how): apart for how in csg.EMBEDDINGS}
    answer = answers.csg(gradients, grid_of({("digits", "resnet18", 1): record()}), "mnist")
    assert words(answer) == ("not comparable", None)
    assert answer.measured.mean == pytest.approx(0, abs=1e-12) and "9.00 with each point alike" in answer.why


# Directions


@pytest.mark.parametrize(
    ("printed", "source", "said"),
    [
        (0.3, 0.5, ("holds", "yes")),
        (0.5, 0.3, ("does not hold", "yes")),  # the best of the two decides whether it stands
        (0.495, 0.495, ("undecided", "open")),  # one image of 200
        (0.7, 0.7, ("does not hold", "no")),
    ],
)
def test_whether_the_filter_lowers_the_share(printed: float, source: float, said: tuple) -> None:
    shares = {"original": 0.5, PRINTED: printed, SOURCE: source, "relative": 0.5}
    answer = answers.filter_lowers_targeting(own("mnist", moves=lambda who, eps: shares[who]))
    assert words(answer) == said


def test_the_best_of_all_cells_decides_whether_a_lower_share_stands() -> None:
    shares = {"original": 0.5, PRINTED: 0.5, SOURCE: 0.2, "relative": 0.5}
    one, other = record(), record(moves=lambda who, eps: shares[who])
    grid = grid_of({("digits", "resnet18", 1): one, ("digits", "resnet18", 2): other})
    answer = answers.filter_lowers_targeting(grid)
    assert answer.measured.mean == 0 and answer.sound.mean == pytest.approx(0.3) and "at epoch 2" in answer.why


@pytest.mark.parametrize(
    ("told", "fgsm", "pgd", "said"),
    [
        (0.7, 0.8, 0.8, ("holds", "yes")),
        (0.7, 0.8, 0.5, ("holds", "no")),  # a gain under one step has to show under PGD
        (0.7, 0.8, 0.505, ("holds", "open")),
        (0.3, 0.2, 0.2, ("does not hold", "no")),
    ],
)
def test_whether_the_filter_makes_more_robust(told: float, fgsm: float, pgd: float, said: tuple) -> None:
    def accuracy(who: str, eps: float, filtered: float) -> float:
        return filtered if who in FILTERS else 0.5

    attacked = {"fgsm": partial(accuracy, filtered=fgsm), "pgd": partial(accuracy, filtered=pgd)}
    answer = answers.filter_raises_robustness(own("mnist", **attacked, probability=dict.fromkeys(FILTERS, told)))
    assert words(answer) == said and answer.measured.mean == pytest.approx(told - 0.5)


def test_the_best_of_three_filters_decides_whether_robustness_stands() -> None:
    def by(who: str, eps: float) -> float:
        return 0.9 if who == MEDIAN else 0.5

    assert answers.filter_raises_robustness(own("mnist", fgsm=by, pgd=by)).sound.mean == pytest.approx(0.4)


def aged(levels: list[float], way: str) -> list:
    """Three ages with these accuracies under one attack."""
    other = {"fgsm": "pgd", "pgd": "fgsm"}[way]
    steps = (0.5, 0.505, 0.51)  # one image of 200 more at each
    return [
        record(**{way: lambda who, eps, at=at: at, other: lambda who, eps, step=step: step})
        for at, step in zip(levels, steps, strict=True)
    ]


@pytest.mark.parametrize(
    ("levels", "way", "said"),
    [
        ([0.3, 0.5, 0.7], "fgsm", ("holds", "open")),
        ([0.7, 0.5, 0.3], "fgsm", ("does not hold", "open")),
        ([0.3, 0.5, 0.7], "pgd", ("undecided", "yes")),
        ([0.7, 0.5, 0.3], "pgd", ("undecided", "no")),
    ],
)
def test_whether_epochs_raise_accuracy(levels: list[float], way: str, said: tuple) -> None:
    grid = through("digits", aged(levels, way))
    assert words(answers.epochs_raise_accuracy(grid)) == said
    other = through("digits", aged(levels, way), ages="1 2 3")
    assert words(answers.epochs_raise_accuracy(other)) == ("not comparable", None)


@pytest.mark.parametrize(
    ("rises", "said"),
    [
        ({"original": 1, "relative": 1}, ("holds", "yes")),
        ({"original": 1, "relative": 0}, ("holds", "no")),
        ({"original": 1, "relative": 0.04}, ("holds", "open")),
        ({"original": -1, "relative": -1}, ("does not hold", "no")),
    ],
)
def test_whether_the_share_grows_with_eps(rises: dict[str, float], said: tuple) -> None:
    grid = through("digits", [record(moves=lambda who, eps: 0.5 + rises.get(who, 0) * eps / 4)] * 3)
    assert words(answers.targeting_grows_with_eps(grid)) == said


def test_from_one_half_on_growth_with_eps_is_not_sound() -> None:
    grid = through("digits", [record(moves=lambda who, eps: 0.9 if eps >= 0.5 else 0.4)] * 3)
    answer = answers.targeting_grows_with_eps(grid)
    assert answer.measured.mean == pytest.approx(0.5) and answer.sound.mean == 0


@pytest.mark.parametrize(
    ("young", "old", "said"),
    [(0.9, 0.6, ("holds", "yes")), (0.1, 0.4, ("holds", "yes")), (0.6, 0.9, ("does not hold", "no"))],
)
def test_whether_training_evens_the_share(young: float, old: float, said: tuple) -> None:
    records = [record(moves=lambda who, eps, at=at: at) for at in (young, 0.5, old)]
    assert words(answers.training_evens_targeting(through("digits", records))) == said


@pytest.mark.parametrize(("sign", "said"), [(1, ("holds", "yes")), (-1, ("does not hold", "no"))])
def test_whether_the_distance_grows_with_eps(sign: int, said: tuple) -> None:
    assert words(answers.magnitude_grows_with_eps(own("mnist", moved=lambda eps: 2 + sign * eps))) == said


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((10, 20, 30), ("holds", "yes")),
        ((30, 20, 10), ("does not hold", "no")),
        ((10, 10, 20), ("does not hold", "no")),
    ],
)
def test_whether_depth_makes_more_kernels_fragile(sizes: tuple, said: tuple) -> None:
    def cells(seeds: int) -> dict:
        of = zip(RESNETS, sizes, strict=True)
        kept = {name: [record("cifar10", fragile=range(size))] * seeds for name, size in of}
        return {("cifar10", name, age): one for name, one in kept.items() for age in PAPER_AGES}

    assert words(answers.depth_grows_fragile_count(grid_of(cells(3), ages="10 50 100"))) == said
    assert words(answers.depth_grows_fragile_count(grid_of(cells(1), ages="10 50 100")))[0] == "undecided"
    fewer = {key: one for key, one in cells(1).items() if key[1] != "resnet101"}
    answer = answers.depth_grows_fragile_count(grid_of(fewer, ages="10 50 100"))
    assert words(answer) == ("not run", None) and answer.why.startswith("6 of the 9 cells")


@pytest.mark.parametrize(
    ("dataset", "levels", "clean", "said"),
    [
        ("cifar10", (0.5, 0.6, 0.7), (0.5, 0.6, 0.7), ("holds", "yes")),
        ("cifar10", (0.5, 0.6, 0.7), (0.7, 0.6, 0.7), ("holds", "no")),
        ("cifar10", (0.5, 0.7, 0.6), (0.6, 0.605, 0.61), ("does not hold", "open")),
        ("mnist", (0.5, 0.7, 0.6), (0.5, 0.7, 0.6), ("holds", "yes")),
        ("mnist", (0.5, 0.6, 0.7), (0.5, 0.6, 0.7), ("does not hold", "no")),
    ],
)
def test_the_curve_over_dropped_kernels(dataset: str, levels: tuple, clean: tuple, said: tuple) -> None:
    rows = zip(levels, clean, strict=True)
    grid = through(dataset, [record(dataset, rightly=level, clean=of) for level, of in rows])
    assert words(answers.kernel_curve(grid, dataset)) == said


def test_digits_stand_in_for_the_curve_of_mnist_and_are_not_comparable() -> None:
    grid = through("digits", [record()] * 3)
    assert words(answers.kernel_curve(grid, "mnist")) == ("not comparable", None)


@pytest.mark.parametrize(
    ("digits", "cifar10", "said"), [(0.3, 0.01, ("holds", "yes")), (0.0, 0.3, ("does not hold", "yes"))]
)
def test_on_which_images_a_smaller_eps_costs_accuracy(digits: float, cifar10: float, said: tuple) -> None:
    def falls(at: float) -> Callable[[str, float], float]:
        return lambda who, eps: 0.9 if eps < at else 0.1

    cells = {
        (name, "resnet18", 1): record(name, fgsm=falls(at), pgd=falls(at))
        for name, at in {"mnist": digits, "cifar10": cifar10}.items()
    }
    assert words(answers.cifar10_needs_smaller_eps(grid_of(cells))) == said


def test_two_data_sets_without_a_network_in_common_are_not_compared() -> None:
    cells = {("mnist", "resnet18", 1): record("mnist"), ("cifar10", "resnet18", 2): record("cifar10")}
    answer = answers.cifar10_needs_smaller_eps(grid_of(cells))
    assert words(answer) == ("not run", None) and "No network is in this run on both data sets: 2 of 18" in answer.why


# What a run lacks


def every(grid: Grid) -> list[Answer]:
    """The answers to all claims, as the notebook asks for them."""
    gradient = csg.CsgRecord(200, np.eye(10)[None], np.eye(10)[None])
    gradients = {(name, how): gradient for name in grid.experiment.sets for how in csg.EMBEDDINGS}
    of_sets = [answers.clean_accuracy, answers.fgsm_accuracy, partial(answers.csg, gradients)]
    of_sets += [answers.fragile_share, answers.targeted_share, answers.kernel_curve]
    plain = [answers.filter_lowers_targeting, answers.filter_raises_robustness, answers.epochs_raise_accuracy]
    plain += [answers.targeting_grows_with_eps, answers.training_evens_targeting, answers.magnitude_grows_with_eps]
    plain += [answers.depth_grows_fragile_count, answers.cifar10_needs_smaller_eps]
    return [*(ask(grid, name) for ask in of_sets for name in ("mnist", "cifar10")), *(ask(grid) for ask in plain)]


@pytest.mark.parametrize(("lacking", "dataset"), [("CIFAR-10", "digits"), ("CIFAR-10", "mnist"), ("MNIST", "cifar10")])
def test_what_is_about_a_data_set_that_is_not_here_is_not_run(lacking: str, dataset: str) -> None:
    cells = {(dataset, network, age): record(dataset) for network in RESNETS for age in PAPER_AGES}
    grid = grid_of(cells, ages="10 50 100")
    found = every(grid)
    assert [answer.claim for answer in found] and {answer.claim for answer in found} == CLAIMS.keys()
    own = {"CIFAR-10": "cifar10", "MNIST": "mnist"}[lacking]
    about = {id for id in CLAIMS if own in id or (own == "cifar10" and id.startswith("depth."))}
    about |= {"cifar10.needs_smaller_eps"}
    left = {answer.claim: answer.why for answer in found if answer.measured is None}
    assert left.keys() == about
    assert all(why == f"No {lacking} in this run: {grid.have}." for why in left.values())


def test_ages_that_are_missing_leave_what_compares_them_open() -> None:
    grid = grid_of({("mnist", "resnet50", 10): record("mnist")}, ages="10 50 100")
    left = {answer.claim: answer.why for answer in every(grid) if answer.measured is None and "CIFAR" not in answer.why}
    assert left.keys() == {"epochs.raise_accuracy", "training.evens_targeting", "kernel_curve.mnist_peaks"}
    assert left["epochs.raise_accuracy"] == "This run has 1 of the 3 ages of ResNet-50 on MNIST."
    assert left["kernel_curve.mnist_peaks"].startswith("1 of the 3 ages of ResNet-50 on MNIST are in this run: 1 of 9")
