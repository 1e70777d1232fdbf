"""What the chapter on mitigation measures: on few digits, against what attacks and networks give by themselves."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace

import nbformat
import numpy as np
import pytest
import torch
from devices import DEVICE
from mitigation_records import SMALL
from torch import nn

from lib import book, data
from lib.attack import FGSM, PGD, GradientStep, random_signs
from lib.attack.search import square
from lib.chapters.mitigation import experiment, measure_attacks, measure_targeted, networks, retraining
from lib.chapters.mitigation.classes import classified
from lib.chapters.mitigation.experiment import QUERIES
from lib.chapters.mitigation.measure_substitute import copy_of
from lib.chapters.mitigation.networks import ALONE, BOTH, Training, before_and_after, trained
from lib.data import Dataset
from lib.evidence import cells as evidence
from lib.evidence.cells import Cell, records
from lib.evidence.records import from_arrays, to_arrays
from lib.measure.score import next_class, under_attack
from lib.train.loop import fit


@pytest.fixture(scope="module")
def few(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    """120 digits to train on and 40 to test on, in place of the whole set; cells and snapshots go to a folder."""
    some = {name: getattr(digits, name)[:120] for name in ("x_train", "y_train")}
    some |= {name: getattr(digits, name)[:40] for name in ("x_test", "y_test")}
    images, folder = replace(digits, **some), tmp_path_factory.mktemp("mitigation")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPRO_DEVICE", str(DEVICE))
        patch.setattr(data, "load", lambda name: images)
        patch.setattr(experiment, "QUESTIONS", (5, 20, 100))
        patch.setattr(evidence, "FOLDERS", [folder / "evidence"])
        patch.setitem(fit.__kwdefaults__, "snapshots", folder / "snapshots")
        yield images


@pytest.fixture(scope="module")
def measured(few: Dataset) -> dict[str, list]:
    """The records of all cells by the names of their parts."""
    found: dict[str, list] = {}
    for cell, record in zip(SMALL.cells(), records(SMALL.cells()), strict=True):
        found.setdefault(cell.part.name, []).append(record)
    return found


@pytest.fixture(scope="module")
def original(few: Dataset) -> nn.Module:
    return trained(Training("digits", SMALL.epochs, SMALL.seed))


# All records


def same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes() and one.shape == other.shape
    if is_dataclass(one):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    return type(one) is type(other) and one == other


def measured_by(cell: Cell) -> object:
    return cell.part.measure(cell.setting)


@pytest.mark.parametrize("place", [0, 2, 3, 4, -9, -8, -6, -5, -4, -1])  # one of each part
def test_a_record_is_the_same_measured_again_and_read_back(measured: dict[str, list], place: int) -> None:
    cell = SMALL.cells()[place]
    again = measured_by(cell)
    assert same(again, cell.get()) and same(again, from_arrays(cell.part.record, to_arrays(again)))


def test_the_page_is_made_from_its_cells_alone(
    measured: dict[str, list], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    """No image is loaded, no network trained or run."""

    def refuse(*_, **__) -> None:
        raise AssertionError("measured, with all cells at hand")

    monkeypatch.setattr(data, "load", refuse)
    monkeypatch.setattr(nn.Module, "__call__", refuse)
    for name in ("REPRO_OUT", "REPRO_RESULTS"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("MPLBACKEND", "agg")
    space: dict = {}
    for cell in nbformat.read(book.source("mitigation"), as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, cell.id, "exec"), space)
        if "parameters" in cell.metadata.get("tags", []):
            space |= SMALL.parameters
    assert (tmp_path / "mitigation.json").exists()
    space["plots"].plt.close("all")


# The network under attack


def test_a_network_is_classified_as_under_each_attack_by_itself(
    measured: dict[str, list], few: Dataset, original: nn.Module
) -> None:
    first, second = measured["network"]
    x, y, targets = few.x_test, few.y_test, next_class(few.y_test)
    some = data.sample(y, 12)
    assert first.labels.tolist() == y.tolist() and first.targets.tolist() == targets.tolist()
    assert first.some.tolist() == some.tolist() != list(range(12))
    assert first.clean.tolist() == classified(original, x).tolist()
    assert first.fgsm.at(0.3).tolist() == under_attack(original, FGSM(eps=0.3), x, y).read.tolist()
    assert first.step.at(0.3).tolist() == under_attack(original, GradientStep(eps=0.3), x, y).read.tolist()
    by_pgd = under_attack(original, PGD(eps=0.2, early_stop=True), x[some], y[some])
    assert first.pgd.at(0.2).tolist() == by_pgd.read.tolist()
    far = under_attack(original, FGSM(eps=0.9, targeted=True), x, y, targets)
    assert first.targeted_fgsm.at(0.9).tolist() == far.read.tolist()
    assert first.targeted_pgd.eps == (0.45, 0.9) and first.targeted_pgd.classes.shape == (2, 12)
    assert first.weights != second.weights


def test_random_signs_stand_beside_the_attacks_at_every_eps(
    measured: dict[str, list], few: Dataset, original: nn.Module
) -> None:
    (first, _) = measured["network"]
    assert first.signs.eps == tuple(sorted({*first.fgsm.eps, *first.targeted_fgsm.eps}))
    assert first.signs.at(0.0).tolist() == first.clean.tolist()
    assert first.signs.at(0.9).tolist() == classified(original, random_signs(few.x_test, 0.9)).tolist()


def test_hits_are_counted_against_labels_and_targets_also_of_some_images_alone() -> None:
    labels, targets = np.array([1, 2, 3], np.uint8), np.array([2, 3, 4], np.uint8)
    nothing = measure_attacks.Curve((), np.empty((0, 3), np.uint8))
    record = measure_attacks.NetworkRecord("", "", 0, labels, targets, np.array([0, 2]), *[nothing] * 7)
    assert record.correct(np.array([1, 3, 3], np.uint8)).tolist() == [True, False, True]
    found = np.array([[1, 3], [2, 2]], np.uint8)
    assert record.correct(found).tolist() == [[True, True], [False, False]]
    assert record.reached(found).tolist() == [[False, False], [True, False]]


def test_pictures_are_one_test_image_of_each_class_within_eps(
    measured: dict[str, list], few: Dataset, original: nn.Module
) -> None:
    (found,) = measured["pictures"]
    shown = [int((few.x_test == torch.from_numpy(one)).flatten(1).all(1).nonzero()) for one in found.clean.images]
    assert few.y_test[shown].tolist() == sorted(few.y_test[shown].tolist()) and len(set(shown)) == 10
    for pictures in (found.untargeted, found.targeted):
        moved = np.abs(pictures.images - found.clean.images).max()
        assert moved == pytest.approx(pictures.eps, abs=1e-6)
        assert pictures.classes.tolist() == classified(original, torch.from_numpy(pictures.images)).tolist()


def test_what_is_left_of_a_digit_at_eps_0_is_all_of_it(measured: dict[str, list]) -> None:
    (found,) = measured["likeness"]
    assert found.correlations[0] == pytest.approx(np.ones(12), abs=1e-5) and found.correlations[-1].mean() < 0.5
    assert found.attacked.network[0].tolist() == found.signs.network[0].tolist()
    assert found.attacked.neighbour[0].tolist() == found.signs.neighbour[0].tolist()
    assert found.attacked.network.shape == found.signs.neighbour.shape == (6, 12)


# Retraining


def test_without_an_attack_stale_and_fresh_images_are_clean_ones(measured: dict[str, list]) -> None:
    for (_, eps), record in zip(SMALL.retrainings, measured["retrained"][::2], strict=True):
        alike = record.stale_fgsm.tolist() == record.fresh_fgsm.tolist() == record.clean.tolist()
        assert alike == (eps == 0)


def test_stale_images_are_attacked_through_the_network_before(measured: dict[str, list], few: Dataset) -> None:
    setting = SMALL.retrained(*SMALL.held_out)[1].setting
    before, after = before_and_after(setting.retraining)
    found, attack = measured["retrained"][-1], FGSM(eps=0.2)
    assert found.stale_fgsm.tolist() == classified(after, attack(before, few.x_test, few.y_test)).tolist()
    assert found.fresh_fgsm.tolist() == under_attack(after, attack, few.x_test, few.y_test).read.tolist()
    assert found.signs.tolist() == classified(after, random_signs(few.x_test, 0.2)).tolist()
    assert len(found.fresh_pgd) == 12
    assert found.correct(found.fresh_pgd).tolist() == (found.fresh_pgd == found.labels[found.some]).tolist()


def test_targeted_images_are_brought_towards_the_next_class(
    measured: dict[str, list], few: Dataset, original: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network is the one that trains on from the first, on images of targeted FGSM through it."""
    cell = SMALL.retrained_targeted(BOTH, 0.9)[0]
    found, seen = measured["retrained_targeted"][2], []
    x, y, targets = few.x_test, few.y_test, next_class(few.y_test)
    attack = FGSM(eps=0.9, targeted=True)

    def noted(*given: object, **options: object) -> tuple:
        seen.append((options["seed"], *retraining.retrained(*given, **options)))
        return seen[-1][1:]

    monkeypatch.setattr(measure_targeted, "retrained", noted)
    assert same(measured_by(cell), found)
    ((seed, after, _),) = seen
    assert seed == SMALL.seed
    again, _ = retraining.retrained(
        original,
        lambda model, x, y: attack(model, x, next_class(y)),
        [(few.x_train, few.y_train), (x, y)],
        SMALL.retrain_epochs,
        seed=seed,
    )
    torch.testing.assert_close(after.state_dict(), again.state_dict(), rtol=0, atol=0)
    assert found.clean.tolist() == classified(after, x).tolist()
    assert found.stale_fgsm.tolist() == classified(after, attack(original, x, targets)).tolist()
    assert found.fresh_fgsm.tolist() == under_attack(after, attack, x, y, targets).read.tolist()
    pgd = PGD(eps=0.9, targeted=True, early_stop=True)
    some = found.some
    assert found.fresh_pgd.tolist() == under_attack(after, pgd, x[some], y[some], targets[some]).read.tolist()
    assert found.signs.tolist() == classified(after, random_signs(x, 0.9)).tolist()


def test_square_searches_the_images_that_pgd_attacks(measured: dict[str, list], few: Dataset) -> None:
    _, after = before_and_after(SMALL.retrained(*SMALL.held_out)[0].setting.retraining)
    found, _ = measured["search"]
    some = measured["retrained"][-2].some
    x, y = few.x_test[some], few.y_test[some]
    assert found.labels.tolist() == y.tolist()
    assert found.classes.tolist() == classified(after, square(after, x, y, 0.2, QUERIES)).tolist()


@pytest.mark.parametrize(("images", "counts"), [(BOTH, [120, 40]), (ALONE, [120])])
def test_test_images_are_trained_on_only_where_the_paper_does(
    few: Dataset, monkeypatch: pytest.MonkeyPatch, images: str, counts: list[int]
) -> None:
    seen = []

    def noted(model: nn.Module, attack: FGSM, pairs: list, epochs: int, **options: object) -> tuple:
        seen.append((attack, [len(x) for x, _ in pairs], epochs, options["seed"]))
        return model, None

    monkeypatch.setattr(networks, "retrained", noted)
    before_and_after(SMALL.retrained(images, 0.1)[1].setting.retraining)
    assert seen == [(FGSM(eps=0.1), counts, 1, 4)]


def test_probes_are_of_the_retrained_network(measured: dict[str, list], few: Dataset) -> None:
    _, after = before_and_after(SMALL.retrained(*SMALL.held_out)[0].setting.retraining)
    (found,) = measured["flags"]
    some = data.sample(few.y_test, 12)
    one_step = under_attack(after, FGSM(eps=0.2), few.x_test[some], few.y_test[some])
    assert found.one_step.tolist() == one_step.correct.tolist() and found.labels.tolist() == one_step.y.tolist()


# Boundary, detector, substitute


def test_the_planes_run_through_the_first_of_the_images(measured: dict[str, list], few: Dataset, original) -> None:
    (found,) = measured["boundary"]
    some = data.sample(few.y_test, 10)
    middle = len(found.before.plane.across) // 2
    assert found.before.plane.read[middle, middle] == classified(original, few.x_test[some[:1]])[0]
    assert found.before.plane.across[[0, -1]].tolist() == [-0.5, 0.5]
    for around in (found.before, found.after):
        assert len(around.along_gradient) == len(around.along_random) == 10
    misread = classified(original, few.x_test[some]) != few.y_test[some].cpu().numpy()
    assert ((found.before.along_gradient == 0) == misread).all()


def test_the_detector_judges_the_same_images_attacked_in_six_ways(
    measured: dict[str, list], few: Dataset, original
) -> None:
    found, some = measured["detector"][0], data.sample(few.y_test, 12)
    x, y = few.x_test[some], few.y_test[some]
    assert found.fgsm.classes.tolist() == under_attack(original, FGSM(eps=0.2), x, y).read.tolist()
    assert found.signs.classes.tolist() == classified(original, random_signs(x, 0.2)).tolist()
    black = (x == 0).flatten(1).float().mean(1)
    assert found.clean.suspicion_by_black.tolist() == (-black).tolist()
    assert (found.pgd.suspicion_by_black > found.clean.suspicion_by_black).all()  # a random start lifts black pixels
    judged = [found.clean, found.fgsm, found.weak_fgsm, found.pgd, found.adaptive, found.adaptive_random_start]
    assert len({one.suspicion.tobytes() for one in judged}) == 6


def test_the_substitutes_are_judged_on_images_that_were_never_asked_about(
    measured: dict[str, list], few: Dataset, original: nn.Module
) -> None:
    found, _ = measured["substitute"]
    half = data.sample(few.y_test, 20)
    rest = np.setdiff1d(np.arange(40), half)
    x, y = few.x_test[rest], few.y_test[rest]
    assert found.labels.tolist() == y.tolist()
    assert found.original.clean.tolist() == classified(original, x).tolist()
    assert found.original.signs.tolist() == classified(original, random_signs(x, 0.2)).tolist()
    assert found.original.through_original.tolist() == under_attack(original, FGSM(eps=0.2), x, y).read.tolist()
    _, after = before_and_after(SMALL.retrained(*SMALL.held_out)[0].setting.retraining)
    assert found.retrained.clean.tolist() == classified(after, x).tolist()
    few_questions = copy_of(original, few.x_test[half][data.sample(few.y_test[half], 5)], 2 * 20 // 5, SMALL.seed)
    through = FGSM(eps=0.2)(few_questions, x, y)
    assert found.questions == (5, 20)
    assert found.substitute[0].tolist() == classified(few_questions, x).tolist()
    assert found.original.through_substitute[0].tolist() == classified(original, through).tolist()


def test_no_more_questions_are_asked_than_half_of_the_test_images_answer(measured: dict[str, list]) -> None:
    assert SMALL.substitutes()[0].setting.questions == experiment.QUESTIONS == (5, 20, 100)
    for found in measured["substitute"]:
        assert found.questions == (5, 20)
        assert len(found.substitute) == len(found.original.through_substitute) == 2
