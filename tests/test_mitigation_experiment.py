"""The parameters of the chapter on mitigation, and the cells that they ask for."""

from dataclasses import fields, replace

from mitigation_records import SMALL

from lib import book
from lib.chapters.mitigation.experiment import Experiment
from lib.parameters import contract


def test_the_experiment_s_fields_are_the_notebook_s_parameters() -> None:
    assert [one.name for one in fields(Experiment)] == list(contract(book.source("mitigation")))


def test_no_cell_is_there_twice() -> None:
    cells = SMALL.cells()
    assert len({cell.digest for cell in cells}) == len(cells) == 2 + 1 + 1 + 2 * 8 + 2 * 4 + 2 + 1 + 1 + 2 + 2


def test_networks_are_attacked_over_the_grid_and_at_the_eps_of_claims_and_of_retraining() -> None:
    setting = SMALL.networks()[0].setting
    assert setting.eps == (0.0, 0.15, 0.2, 0.3) and setting.eps_targeted == (0.0, 0.45, 0.9)
    assert setting.eps_targeted_pgd == (0.45, 0.9)
    narrow = replace(SMALL, eps_untargeted=0.1, eps_targeted=0.2).networks()[0].setting
    assert narrow.eps == (0.0, 0.05, 0.1, 0.2, 0.3) and narrow.eps_targeted == (0.0, 0.1, 0.2, 0.45, 0.9)


def test_the_plane_around_an_image_reaches_as_far_as_fgsm() -> None:
    radii = [replace(SMALL, eps_train=eps).boundary()[0].setting.radius for eps in (0.1, 0.9)]
    assert radii == [0.5, 0.9]


def test_a_parameter_touches_only_the_cells_that_depend_on_it() -> None:
    def parts(**changed: object) -> set[str]:
        known = {cell.digest for cell in SMALL.cells()}
        return {cell.part.name for cell in replace(SMALL, **changed).cells() if cell.digest not in known}

    assert parts(detector_epochs=5) == {"detector"}
    assert parts(n_boundary=7) == {"boundary"}
    assert parts(grid=5) == {"network"}
    assert parts(retrain_epochs=3) == {"retrained", "retrained_targeted", "search", "flags", "boundary", "substitute"}
    assert parts(seeds=3) == {"network", "retrained", "retrained_targeted", "search", "detector", "substitute"}
    assert parts(seeds=1) == set()
