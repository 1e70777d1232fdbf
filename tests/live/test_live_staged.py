"""What is put beside the pages for the live attack, and what is said of the networks."""

import re
from pathlib import Path

import numpy as np
import pytest
from kept_networks import CPU, keep, put, weights_of

from lib import book
from lib.chapters.common_ground.measure import AttacksFound
from lib.chapters.common_ground.measure_weights import WeightsFound
from lib.evidence import cells
from lib.models import StridedCNN, build
from lib.run.run import Run
from lib.site import live


def test_without_networks_the_page_says_what_trains_them(run: Run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path])
    for runs in ({}, {"common_ground": run}):
        staged = live.stage(runs, book.PAGES, tmp_path / "beside")
        for text in (staged["live"], staged["live-front"]):
            assert "`python -m lib.run reproduce common_ground --profile quick`" in text and "script" not in text
    assert not (tmp_path / "beside").exists()


def test_networks_that_are_not_all_there_are_shown_as_far_as_they_are(
    run: Run, trained, images, tmp_path, monkeypatch
) -> None:
    kept = keep(run, trained[:2], {"x": images[0], "y": images[1]}, monkeypatch, tmp_path)
    assert len(live.scripts(kept)) == 3 and "PGD-trained" not in live.networks(kept)
    assert "not measured" in live.networks(kept) and "of 4 clean ones; this run has not measured" in live.networks(kept)


def test_the_page_says_what_each_network_is_worth(run: Run, trained, images, tmp_path, monkeypatch) -> None:
    network = keep(run, trained, {"x": images[0], "y": images[1]}, monkeypatch, tmp_path).networks[0].cell.setting
    for cell in run.experiment.attacked():
        if cell.setting.network == network:
            right = np.arange(8) < 10 * cell.setting.eps
            put(cell, AttacksFound(np.arange(8, dtype=np.uint8), {"FGSM": right}, {}, right, 1.0))
    told = live.networks(run.experiment.kept())
    assert "| undefended | 75.0% | 37.5% | not measured | not measured |" in told
    assert "of 4 clean ones and of 8 under attacks made afresh." in told


def test_a_layer_that_the_script_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="the live attack has no layer BatchNorm2d"):
        live.layers(build(StridedCNN, 0, CPU))


def test_a_cell_of_another_network_is_refused(run: Run, trained, images, tmp_path: Path, monkeypatch) -> None:
    kept = keep(run, trained, {"x": images[0], "y": images[1]}, monkeypatch, tmp_path)
    put(kept.networks[0].cell, WeightsFound("GiantCNN", weights_of(trained[0]), np.array([True])))
    with pytest.raises(ValueError, match="holds a network named 'GiantCNN'"):
        live.scripts(kept)


def test_one_network_alone_is_for_the_live_page_and_not_for_the_front_page(
    run: Run, trained, images, tmp_path, monkeypatch
) -> None:
    keep(run, trained[:1], {"x": images[0], "y": images[1]}, monkeypatch, tmp_path / "evidence")
    staged = live.stage({"common_ground": run}, book.PAGES, tmp_path / "beside")
    assert "live/weights-" in staged["live"] and "without trained networks" in staged["live-front"]


def test_scripts_are_loaded_by_the_two_pages_alone(page: Path, front: Path) -> None:
    loaded = re.findall(r'src="live/([^"]+)[.]js"', page.read_text())
    assert [name for name in loaded if not name.startswith("weights-")] == [
        "images", "network", "attacks", "shown", "drawing", "page"
    ]  # fmt: skip
    assert len(loaded) == 6 + 4 and re.findall(r'src="live/([^"]+)[.]js"', front.read_text()) == ["front"]
    assert "live/" not in page.with_name("common_ground.html").read_text()
    assert "{include} _generated/live-front.md" in (book.PAGES / "intro.md").read_text()
