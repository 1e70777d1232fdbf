"""The experiment of the chapter on unlearning: its parameters, and the cells that they ask for."""

from dataclasses import fields

import pytest
import unlearning_records as made

from lib import book
from lib.chapters.unlearning.experiment import KINDS, TRAINING_IMAGES, UNTRAINED_SEEDS, Experiment
from lib.chapters.unlearning.loop import READINGS
from lib.chapters.unlearning.networks import AT_RANDOM, HIGHEST
from lib.models import LENETS
from lib.parameters import contract


def test_the_experiment_s_fields_are_the_notebook_s_parameters():
    declared = contract(book.source("unlearning"))
    assert [(one.name, one.type) for one in fields(Experiment)] == [(p.name, p.type) for p in declared.values()]


@pytest.mark.parametrize("given", [{}, {"shots": 3}, {"seeds": 1, "dataset": "mnist"}])
def test_no_cell_is_there_twice(given):
    cells = made.experiment(**given).cells()
    assert len({cell.digest for cell in cells}) == len(cells) == len({cell.label for cell in cells})


def test_a_cell_depends_on_what_decides_it_alone():
    def digests(part: str, **given) -> list[str]:
        return [cell.digest for cell in made.experiment(**given).cells() if cell.part.name == part]

    assert digests("loop") == digests("loop", grid=4, n_untrained=11, shots=3, leaves=0.1)
    assert digests("loop") == digests("loop", queries=9) and not set(digests("flags")) & set(
        digests("flags", queries=9)
    )
    assert digests("room") == digests("room", eps=0.2, grid=4)
    assert digests("network") == digests("network", rounds=3, remove=9, round_epochs=2)
    assert digests("one_shot") == digests("one_shot", rounds=3, remove=9, n_images=5)
    assert digests("curves") == digests("curves", eps=0.2, rounds=3)
    assert not set(digests("loop")) & set(digests("loop", remove=9))
    assert digests("network", seeds=2) == digests("network")[:2]


def test_more_networks_go_through_the_paper_s_method_and_its_controls_where_that_is_asked():
    def counts(**given) -> dict[str, int]:
        e = made.experiment(**given)
        by_reading = {reading: len(e.loop(reading)) for reading in READINGS}
        return by_reading | {
            "flags": len(e.flags()),
            "networks": len(e.networks()),
            "room": len(e.room()),
            "shot": len(e.one_shot(HIGHEST, 0.1)),
        }

    more, fewer = dict.fromkeys(("none", "random", "b", "networks", "flags"), 3), dict.fromkeys("acdef", 1)
    assert counts(seeds=1, loop_seeds=3) == more | fewer | {"room": 1, "shot": 1}
    assert set(counts(seeds=3, loop_seeds=1).values()) == {3}, "never fewer than with which everything is done"


def test_the_grids_are_as_dense_as_asked():
    e = made.experiment(grid=5, shots=3)
    assert e.eps_grid == [0, 0.0625, 0.25, 0.5625, 1] and e.shares == [0.002, 0.0316, 0.5]
    assert e.forgotten == 0.0316 and KINDS == (HIGHEST, AT_RANDOM)
    seeds = [cell.setting.seed for cell in e.untrained()]
    assert seeds == [e.seed + UNTRAINED_SEEDS] * len(LENETS)


def test_a_loop_that_leaves_nothing_is_refused(all_digits):
    assert made.experiment().refused() == ""
    refused = made.experiment(rounds=4, remove=1000).refused()
    assert refused == "4 rounds that remove 1000 leave nothing of 4,000 training images"
    assert made.experiment(rounds=4, remove=999).refused() == ""
    assert len(all_digits.x_train) == TRAINING_IMAGES["digits"]
    assert set(contract(book.source("unlearning"))["dataset"].choices) == set(TRAINING_IMAGES)
