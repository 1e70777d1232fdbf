"""What is read off the results of cells, on results that are made up."""

import numpy as np
import pytest

from lib.chapters import fragile_neurons as fragility


def test_kernels_fragile_at_all_ages_and_by_lot() -> None:
    def result(fragile: set[int]) -> list[dict]:
        accuracies = [0.5 if kernel in fragile else 0.9 for kernel in range(4)]
        return [{"without": [accuracies, accuracies]}]

    grid = {("mnist", "resnet18", 1): result({0, 1}), ("mnist", "resnet18", 2): result({1, 2})}
    np.testing.assert_array_equal(fragility.stable(grid, "mnist", "resnet18", [1, 2]), [False, True, False, False])
    assert fragility.by_chance(grid, "mnist", "resnet18", [1, 2]) == pytest.approx(4 * 0.5 * 0.5)


def test_the_eps_that_costs_accuracy_is_read_off_straight_lines() -> None:
    correct = np.array([[1] * 10, [1] * 9 + [0], [1] * 5 + [0] * 5], dtype=bool)
    assert fragility.cost_eps([0, 0.1, 0.2], correct) == pytest.approx(0.125)
    assert fragility.cost_eps([0, 0.1], correct[:2]) == 0.1
    one, other = ([0, 0.1, 0.2], [correct]), ([0, 0.01, 0.02], [correct])
    measured = fragility.cost_difference(one, other)
    assert measured.mean == pytest.approx(0.1125) and measured.low < measured.mean < measured.high
    assert fragility.cost_difference((one[0], [correct] * 2), (other[0], [correct] * 2)).over == "seeds"


def test_steps_between_stages() -> None:
    low, middle, high = (np.arange(100) < n for n in (50, 60, 90))
    assert fragility.smallest_rise([[low], [middle], [high]]).mean == pytest.approx(0.1)
    assert fragility.rise_or_peak([[low], [high], [middle]], peak=True).mean == pytest.approx(0.3)
    assert fragility.rise_or_peak([[low], [high], [middle]], peak=False).mean == pytest.approx(-0.3)
    assert fragility.smallest_count_rise([[1, 2], [3, 4], [4, 5]]).mean == 1


def test_a_share_without_clipping_is_over_images_of_one_network_and_over_several_networks() -> None:
    def result(one: float) -> dict:
        of = {"shares": {"unclipped, convolution": [0.0, one]}, "printed": fragility.pack(np.ones(200, bool))}
        return {"targeting": of}

    alone = fragility.unclipped_share([result(0.995)], "convolution", 1)
    assert (alone.mean, alone.n, alone.over) == (0.995, 200, "images") and alone.low < 0.995 < alone.high
    both = fragility.unclipped_share([result(0.5), result(1.0)], "convolution", 1)
    assert (both.mean, both.n, both.over) == (0.75, 2, "seeds")


def test_a_gain_is_paired_over_images() -> None:
    results = [
        {"way": {"a": fragility.pack(np.array([1, 1, 0], bool)), "b": fragility.pack(np.array([1, 0, 0], bool))}}
    ]
    assert fragility.gain(results, ["way"], "a", "b").mean == pytest.approx(1 / 3)
