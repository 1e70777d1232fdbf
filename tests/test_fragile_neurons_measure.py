"""One cell as it is measured, and which cells the chapter asks for."""

import json
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fragile_records import experiment, grid_of, record

from lib import book, data, provenance
from lib.chapters.fragile_neurons import csg, frames, measure, networks, quantities
from lib.chapters.fragile_neurons.experiment import CELL, TRAINING_IMAGES, Experiment
from lib.chapters.fragile_neurons.grid import Grid
from lib.chapters.fragile_neurons.kernels import LEVELS, first_convolution
from lib.chapters.fragile_neurons.networks import RECIPES, NetworkSetting, RecipeRecord, TrainingRecipe
from lib.chapters.fragile_neurons.record import ALONE, CellRecord, Rounded
from lib.chapters.fragile_neurons.subject import PRINTED_EPS, UNITS, Probe, Subject
from lib.chapters.fragile_neurons.svd_filter import MEDIAN, PRINTED, READINGS, SOURCE
from lib.data import Dataset
from lib.evidence import cells
from lib.evidence.records import from_arrays, to_arrays
from lib.measure.score import score
from lib.models import STATISTICS, build, resnet
from lib.parameters import contract
from lib.train.loop import fit

PROBE = Probe(n_images=10, n_pgd=4, pgd_steps=2, grid=3, splits=20)
SETTING = measure.CellSetting(NetworkSetting("resnet18", "digits", 1, 0), PROBE)


def few(images: Dataset) -> Dataset:
    parts = {"x_train": 100, "y_train": 100, "x_test": 30, "y_test": 30}
    return replace(images, **{name: getattr(images, name)[:size] for name, size in parts.items()})


@pytest.fixture(scope="module", autouse=True)
def few_digits(all_digits: Dataset) -> Iterator[Dataset]:
    """100 digits to train on and 30 to test on, for all that loads a data set."""
    part = few(all_digits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", lambda name, device=None: part)
        yield part


@pytest.fixture(scope="module")
def measured(few_digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> CellRecord:
    """ResNet-18 after one epoch of 100 digits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(fit.__kwdefaults__, "snapshots", tmp_path_factory.mktemp("snapshots"))
        return measure.cell(SETTING)


def test_a_cell_holds_what_the_chapter_shows(measured: CellRecord) -> None:
    dropout, targeting, robustness = measured.dropout, measured.targeting, measured.robustness
    assert measured.training.device == provenance.describe_device() and len(measured.training.losses) == 1
    assert measured.clean.shape == (30,) and dropout.accuracies.shape == (2, 64) and dropout.intact.shape == (10,)
    np.testing.assert_allclose(dropout.rightly.mean() / 64, dropout.accuracies.mean())
    assert set(measured.filters.readings) == set(READINGS)
    filtered = PRINTED, SOURCE, MEDIAN
    assert set(robustness.row) == {"original", *filtered, *(ALONE + name for name in filtered)}
    np.testing.assert_array_equal(robustness.fgsm("original", 0.0), dropout.intact)
    np.testing.assert_array_equal(targeting.hits["original"][targeting.eps.index(0.34)], targeting.printed)
    shape = len(targeting.eps), 10
    assert targeting.moved.values.shape == targeting.hits["relative"].shape == shape
    assert targeting.clipped.shape == targeting.unclipped.shape == (len(LEVELS), len(targeting.eps))
    row = quantities.controls([measured], "FGSM")
    assert row.largest >= row.smallest and 0 <= row.as_high <= 1


@pytest.mark.parametrize(("chosen", "n", "few"), [("sample", 200, 30), ("first", 200, 30), ("sample", 5000, 5000)])
def test_a_cell_is_measured_on_a_sample_by_class_or_on_the_first(
    all_digits: Dataset, chosen: str, n: int, few: int
) -> None:
    probe, y = Probe(n_images=n, n_pgd=few, chosen=chosen), all_digits.y_test.sort().values
    images = probe.images(y)
    some = images[probe.few(y[images])]
    shares = [np.bincount(y[one], minlength=10) / len(one) for one in (torch.arange(len(y)), images, some)]
    assert (
        len(images) == min(n, len(y))
        and len(some) == min(few, len(images))
        and set(some.tolist()) <= set(images.tolist())
    )
    if chosen == "sample":
        assert all(np.abs(one - shares[0]).max() <= 1 / few for one in shares[1:])
    else:
        assert images.tolist() == list(range(n)) and some.tolist() == list(range(few))


def test_what_a_cell_holds_is_of_the_images_chosen(measured: CellRecord, few_digits: Dataset) -> None:
    model, _ = networks.trained(SETTING.network)
    chosen = data.sample(few_digits.y_test, PROBE.n_images)
    assert chosen.tolist() != list(range(PROBE.n_images))
    right = score(model, few_digits.x_test[chosen], few_digits.y_test[chosen]).correct
    among = data.sample(few_digits.y_test[chosen], PROBE.n_pgd)
    assert measured.robustness.pgd_images.tolist() == among.tolist() != [*range(PROBE.n_pgd)]
    np.testing.assert_array_equal(measured.dropout.intact, right)


def test_shares_are_those_of_the_images_that_they_are_of(measured: CellRecord) -> None:
    targeting, at = measured.targeting, measured.targeting.eps.index(PRINTED_EPS["digits"])
    np.testing.assert_allclose(targeting.clipped[0], targeting.hits["original"].mean(1))
    assert quantities.controls([measured], "FGSM").s == targeting.printed.mean() == targeting.clipped[0, at]
    assert quantities.controls([measured], "FGSM over random signs").s == targeting.printed_relative.mean()
    np.testing.assert_allclose(targeting.controls.random[0, 0], targeting.chance[at])
    assert targeting.unclipped[0, -1] == pytest.approx(targeting.unclipped[0, -2], abs=0.11)


def test_a_filter_that_changes_nothing_shares_the_original_s_row(measured: CellRecord) -> None:
    readings, row = measured.filters.readings, measured.robustness.row
    assert readings[PRINTED].changed == 0 and readings[SOURCE].changed > 0
    assert row[PRINTED] == row[ALONE + PRINTED] == row["original"] != row[SOURCE]
    assert len(measured.robustness.correct) == len(set(row.values())) == max(row.values()) + 1
    nothing, something = (quantities.filter_gains([measured], who, "digits") for who in (PRINTED, SOURCE))
    assert [gain.mean for gain in nothing.values()] == [0] * 4 and any(gain.mean for gain in something.values())


def test_a_record_comes_back_from_its_arrays(measured: CellRecord) -> None:
    again = from_arrays(CellRecord, to_arrays(measured))
    one, other = (to_arrays(each) for each in (measured, again))
    assert one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
    assert all(one[name].dtype == other[name].dtype for name in one)
    assert to_arrays(record()).keys() == one.keys()  # made-up records are of the same kind


def test_rounded_numbers_are_those_that_round_gives() -> None:
    numbers = np.random.default_rng(0).normal(size=1000)
    for decimals in (6, 7):
        assert np.array_equal(Rounded.of(numbers, decimals).values, numbers.round(decimals))
    with pytest.raises(ValueError, match="too large"):
        Rounded.of(np.array([300.0]), 7)


def test_the_printed_eps_is_read_in_both_units(all_digits: Dataset) -> None:
    model = build(resnet, 0, all_digits.x_test.device, name="resnet18", images="digits")
    x, y = all_digits.x_test[:4], all_digits.y_test[:4]
    subject = Subject(model, np.arange(64) < 20, x, y, SETTING.network, PROBE)
    far = [float((subject.attacked[unit] - x).abs().max()) for unit in UNITS]
    np.testing.assert_allclose(far, [0.34, 0.34 * STATISTICS["digits"][1][0]], rtol=1e-5)
    assert subject.attacked is subject.attacked and subject.signs is subject.variants["original"].signs


def test_the_record_says_which_weights_it_is_of(measured: CellRecord, tmp_path: Path) -> None:
    model, history = networks.trained(SETTING.network)
    assert networks.Training.of(model, history).weights == measured.training.weights
    with torch.no_grad():
        first_convolution(model).weight[0, 0, 0, 0] += 1e-3
    assert networks.Training.of(model, history).weights != measured.training.weights


def test_a_short_training_is_on_the_first_images_and_read_on_all() -> None:
    found = networks.short_training(NetworkSetting("resnet18", "digits", 1, 0, TrainingRecipe(batch_size=16), 40))
    assert found.correct.shape == (30,) and len(found.training.losses) == 1
    again = from_arrays(RecipeRecord, to_arrays(found))
    assert np.array_equal(again.correct, found.correct) and asdict(again.training) == asdict(found.training)


# What is asked for


def test_the_experiment_has_the_notebook_s_parameters() -> None:
    assert [one.name for one in fields(Experiment)] == list(contract(book.source("fragile_neurons")))


def test_every_cell_is_another() -> None:
    asked = experiment(dataset="mnist+cifar10", networks="resnet18+resnet50+resnet101", seeds=2, settings="all")
    found = asked.cells()
    assert len({cell.digest for cell in found}) == len(found) == 2 * 2 * 18 + 6 + 6 + 6 + 2
    assert len({cell.name for cell in found}) == len(found)
    changed = [experiment(), experiment(n_images=30), experiment(grid=4), experiment(recipe="batches of 32")]
    assert len({one.grid_cells()[0].digest for one in changed}) == len(changed)


def test_a_recipe_is_called_by_what_differs_from_the_common_one() -> None:
    assert [str(recipe) for recipe in RECIPES.values()][:3] == ["common recipe", "batch_size 32", "lr 0.0003"]
    assert len({str(recipe) for recipe in RECIPES.values()}) == len(RECIPES)


def test_what_is_not_to_be_trained_or_too_old_is_not_needed() -> None:
    young, none = experiment(max_age=2), experiment(train=False)
    rest = len(young.recipes()) + len(young.gradients()) + len(young.gradients_by_size())
    assert len(young.needed()) == 2 * 2 + rest + 1 and len(none.needed()) == rest and len(none.cells()) == 6 + rest + 1
    assert {cell.setting.network.age for cell in young.needed() if cell.part is CELL} == {1, 2}


def test_the_sample_can_be_of_more_networks_of_the_smallest_kind() -> None:
    asked = experiment(networks="resnet18+resnet50", resnet18_seeds=3)
    counts = {(cell.part.name, cell.setting.network.network): 0 for cell in asked.grid_cells()}
    for cell in asked.grid_cells():
        counts[cell.part.name, cell.setting.network.network] += 1
    few = {("cell", "resnet18"): 3, ("cell", "resnet50"): 3, ("sample", "resnet50"): 3}
    assert counts == few | {("sample", "resnet18"): 9}


@pytest.mark.parametrize(
    ("given", "why"), [(129, "settings_images=129 leaves a last batch of a single image"), (128, "")]
)
def test_a_last_batch_of_one_image_is_refused(given: int, why: str) -> None:
    assert experiment(settings_images=given).refused().startswith(why) and bool(why) == (given == 129)
    assert not experiment(dataset="digits", settings_images=4_001).refused()  # there are 4,000


def test_more_images_for_the_spectral_gradient_than_there_are_are_refused() -> None:
    why = experiment(dataset="digits", csg_images=4_001).refused()
    assert why == "csg_images=4001 is more than the 4,000 training images of digits"
    assert not experiment(dataset="digits", csg_images=4_000).refused()


def test_the_data_sets_are_as_large_as_is_said(all_digits: Dataset) -> None:
    assert TRAINING_IMAGES["digits"] == len(all_digits.x_train)


# The grid that is shown


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path])
    return tmp_path


def keep(asked: Experiment, *ages: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep made-up cells of these ages."""
    for cell in asked.grid_cells():
        if cell.part is CELL and cell.setting.network.age in ages:
            part = replace(cell.part, measure=made_up)
            made = replace(cell, part=part)
            monkeypatch.setitem(made.__dict__, "digest", cell.digest)
            made.make()


def made_up(setting: measure.CellSetting) -> CellRecord:
    data.load(setting.network.dataset)
    return record(clean=setting.network.age / 10)


def test_kept_cells_are_shown_also_where_they_are_not_needed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = experiment(train=False)
    keep(asked, 1, 3, monkeypatch=monkeypatch)
    monkeypatch.setattr(measure, "trained", lambda *_: pytest.fail("trained"))
    grid = Grid.of(asked)
    assert list(grid) == [("digits", "resnet18", 1), ("digits", "resnet18", 3)]
    assert [grid[key][0].clean.mean() for key in grid] == pytest.approx([0.1, 0.3])
    monkeypatch.setattr(Experiment, "samples_of", lambda *_: [])
    assert list(Grid.of(experiment(train=True, max_age=1))) == list(grid)  # age 1 is needed and kept


def test_a_damaged_cell_that_is_not_needed_is_left_out_and_not_trained(folder: Path, monkeypatch) -> None:
    asked = experiment(train=False)
    keep(asked, 1, 2, monkeypatch=monkeypatch)
    monkeypatch.setattr(measure, "trained", lambda *_: pytest.fail("trained"))
    next(path for path in folder.glob("*/*.npz") if "epoch-2" in path.name).write_bytes(b"nothing")
    assert list(Grid.of(asked)) == [("digits", "resnet18", 1)]


def test_a_data_set_without_any_cell_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LookupError, match="no cell of digits"):
        Grid.of(experiment(train=False))
    keep(experiment(train=False), 1, monkeypatch=monkeypatch)
    grid = Grid.of(experiment(train=False, seeds=2))  # of the second seed there is none: the first stands alone
    assert list(grid.cells["digits", "resnet18", 1]) == [0] and not grid.samples


def test_where_cells_were_made_is_told_from_the_cells(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = experiment(train=False)
    keep(asked, 1, monkeypatch=monkeypatch)
    table = frames.networks.made(Grid.of(asked))
    assert table["training begun on"].tolist() == ["a device"] and table["training, minutes"].tolist() == ["1.0"]
    assert table["measured on"].tolist() == [provenance.describe_device()]
    assert "PyTorch" in table and len(table["finished"][0]) == len("2026-01-01")


def a_grid(*keys: tuple[str, str, int]) -> Grid:
    return grid_of({key: record(key[0]) for key in keys}, dataset="mnist+cifar10", ages="10 50 100")


def test_the_nearest_cell_stands_in() -> None:
    grid = a_grid(("mnist", "resnet18", 10), ("mnist", "resnet101", 50), ("cifar10", "resnet18", 10))
    assert grid.stand_in("mnist", "resnet101", 100) == ("mnist", "resnet101", 50)
    assert grid.stand_in("mnist", "resnet18", 100) == ("mnist", "resnet18", 10)
    assert grid.stand_in("cifar10", "resnet50", 50) == ("cifar10", "resnet18", 10)
    assert grid.stand_in("digits", "resnet50", 50) is None
    assert len(grid.experiment.paper_grid()) == 18 and grid.main == ("cifar10", "resnet18", 10)


def test_where_ages_are_compared_a_network_that_has_them_all_stands_in_for_a_nearer_one() -> None:
    ages = [("mnist", "resnet18", age) for age in (10, 50, 100)]
    whole = {"whole": (10, 50, 100)}
    grid = a_grid(("mnist", "resnet50", 10), *ages)
    assert grid.stand_in("mnist", "resnet50", 10, **whole) == ("mnist", "resnet18", 10)
    grid = a_grid(("mnist", "resnet50", 10), *ages[:2])
    assert grid.stand_in("mnist", "resnet50", 10, **whole) == ("mnist", "resnet50", 10)
    assert grid.stand_in("digits", "resnet50", 10, **whole) is None


# The spectral gradient


@pytest.mark.parametrize("embedding", csg.EMBEDDINGS)
def test_draws_are_those_of_one_embedding(few_digits: Dataset, embedding: str) -> None:
    found = csg.measured(csg.CsgSetting("digits", embedding, 60, 4, 3, 1, 2))
    x, y = few_digits.x_train[:60].cpu().numpy(), few_digits.y_train[:60].cpu().numpy()
    points = csg.embedded(x, embedding, 1)
    for way, by_volume in ((csg.VOLUME, True), (csg.ALIKE, False)):
        expected = [csg.gradient(csg.similarity(points, y, 4, 3, seed, by_volume=by_volume)) for seed in (1, 2)]
        assert csg.gradients(found, way) == expected
    again = from_arrays(csg.CsgRecord, to_arrays(found))
    assert np.array_equal(again.by_volume, found.by_volume) and again.n_images == 60


def test_where_there_are_fewer_images_the_record_says_how_many() -> None:
    assert csg.measured(csg.CsgSetting("digits", "pixels", 1000, 4, 3, 0, 1)).n_images == 100


def test_the_notebook_s_code_loads_no_data_and_trains_nothing() -> None:
    found = json.loads(book.source("fragile_neurons").read_text())["cells"]
    code = ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]
    assert not [one for one in code if "data.load" in one or "trained(" in one]
