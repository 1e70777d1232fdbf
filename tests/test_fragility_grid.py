"""One cell as it is measured, and the grid that keeps it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lib import provenance
from lib.chapters import fragile_neurons as fragility
from lib.chapters.fragile_neurons import measuring
from lib.data import Dataset
from lib.models import STATISTICS, build, resnet

KEY = ("digits", "resnet18", 1)
PROBE = fragility.Probe(n_images=10, n_pgd=4, pgd_steps=2, grid=3, splits=20)


@pytest.fixture(scope="module")
def cell(all_digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Dataset, Path]:
    """One measured cell: ResNet-18 after one epoch of 100 digits."""
    folder = tmp_path_factory.mktemp("cells")
    part = replace(
        all_digits,
        x_train=all_digits.x_train[:100],
        y_train=all_digits.y_train[:100],
        x_test=all_digits.x_test[:30],
        y_test=all_digits.y_test[:30],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fragility.trained, "__defaults__", (folder,))
        grid = fill([KEY], part, folder)
    return grid, part, folder


def fill(
    keys: list[tuple[str, str, int]], part: Dataset, folder: Path, seeds: tuple[int, ...] = (0,), **options
) -> dict:
    return fragility.fill(keys, {"digits": part}, seeds, fragility.Recipe(), PROBE, folder=folder, **options)


def test_a_cell_holds_what_the_chapter_shows(cell: tuple[dict, Dataset, Path]) -> None:
    grid, _, _ = cell
    ((key, (result,)),) = grid.items()
    assert key == KEY and result["made"]["trained_on"] == provenance.describe_device()
    assert len(fragility.unpack(result["clean"])) == 30 and [len(half) for half in result["without"]] == [64, 64]
    share = np.array(result["without"]).mean(0)
    np.testing.assert_allclose(np.array(result["rightly_without"]).mean() / 64, share.mean())
    assert set(result["readings"]) == set(fragility.READINGS)
    assert fragility.rates([result], "robustness", "fgsm", "original")[0][0] == fragility.unpack(result["all"]).mean()
    eps, (curve,) = fragility.accuracy_over_eps([result], "fgsm")
    assert curve.shape == (len(eps), 10) and eps[0] == 0
    free = result["targeting"]["shares"]["unclipped, convolution"]
    assert free[-1] == pytest.approx(free[-2], abs=0.11)
    robustness, readings = result["robustness"], result["readings"]
    assert (
        set(robustness["fgsm"])
        == set(robustness["pgd"])
        == set(robustness["probability"])
        == {
            "original",
            *(
                start + name
                for name in (fragility.PRINTED, fragility.SOURCE, fragility.MEDIAN)
                for start in ("", fragility.ALONE)
            ),
        }
    )
    assert readings[fragility.PRINTED]["changed"] == 0 and readings[fragility.SOURCE]["changed"] > 0
    nothing, something = (fragility.filter_gains([result], who) for who in (fragility.PRINTED, fragility.SOURCE))
    assert [gain.mean for gain in nothing.values()] == [0] * 4 and any(gain.mean for gain in something.values())
    row = fragility.controls([result], "FGSM")
    assert row["largest norm"] >= row["smallest norm"] and 0 <= row["as high"] <= 1


@pytest.mark.parametrize("n", [1, 8, 13])
def test_what_is_packed_is_unpacked(n: int) -> None:
    bits = np.random.default_rng(0).random(n) < 0.5
    np.testing.assert_array_equal(fragility.unpack(fragility.pack(bits)), bits)


def test_the_printed_eps_is_read_in_both_units(all_digits: Dataset) -> None:
    model = build(resnet, 0, all_digits.x_test.device, name="resnet18", images="digits")
    x, y = all_digits.x_test[:4], all_digits.y_test[:4]
    moved = fragility.attacked_as_printed(model, x, y, "digits")
    far = [float((moved[unit] - x).abs().max()) for unit in fragility.UNITS]
    np.testing.assert_allclose(far, [0.34, 0.34 * STATISTICS["digits"][1][0]], rtol=1e-5)


def test_a_filled_cell_is_not_measured_again(cell: tuple[dict, Dataset, Path], monkeypatch) -> None:
    grid, part, folder = cell
    monkeypatch.setattr(measuring, "trained", lambda *_: pytest.fail("trained again"))
    assert fill([KEY], part, folder) == grid
    assert fragility.halves_table(grid[KEY])["share"][0] < 1


def test_an_album_is_enough_to_fill_the_same_cells(cell: tuple[dict, Dataset, Path], tmp_path: Path) -> None:
    grid, part, folder = cell
    assert fill([KEY], part, folder, album=tmp_path / "album") == grid
    assert fill([KEY], part, tmp_path / "album", train=False) == grid


def test_what_is_not_to_be_trained_is_left_out(cell: tuple[dict, Dataset, Path], monkeypatch) -> None:
    grid, part, folder = cell
    monkeypatch.setattr(measuring, "trained", lambda *_: pytest.fail("trained"))
    assert fill([KEY, ("digits", "resnet18", 2)], part, folder, train=False) == grid
    with pytest.raises(LookupError, match="no cell of digits"):
        fill([KEY], part, folder, (0, 1), train=False)  # of the second seed there is none


def test_the_nearest_cell_stands_in() -> None:
    grid = dict.fromkeys([("mnist", "resnet18", 10), ("mnist", "resnet101", 50), ("cifar10", "resnet18", 10)])
    assert fragility.stand_in(grid, "mnist", "resnet101", 100) == ("mnist", "resnet101", 50)
    assert fragility.stand_in(grid, "mnist", "resnet18", 100) == ("mnist", "resnet18", 10)
    assert fragility.stand_in(grid, "cifar10", "resnet50", 50) == ("cifar10", "resnet18", 10)
    assert fragility.stand_in(grid, "digits", "resnet50", 50) is None
    assert len(fragility.all_keys(["mnist", "cifar10"], [10, 50, 100])) == 18


def test_where_ages_are_compared_a_network_that_has_them_all_stands_in_for_a_nearer_one() -> None:
    grid = dict.fromkeys([("mnist", "resnet50", 10), *(("mnist", "resnet18", age) for age in (10, 50, 100))])
    whole = {"whole": (10, 50, 100)}
    assert fragility.stand_in(grid, "mnist", "resnet50", 10, **whole) == ("mnist", "resnet18", 10)
    del grid["mnist", "resnet18", 50]
    assert fragility.stand_in(grid, "mnist", "resnet50", 10, **whole) == ("mnist", "resnet50", 10)
    assert fragility.stand_in(grid, "digits", "resnet50", 10, **whole) is None
