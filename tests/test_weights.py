"""`python -m lib.run weights`: the networks of a run as files, and what it says where there are none."""

from pathlib import Path

import numpy as np
import pytest
import torch
from kept_networks import CPU, keep, networks, put, weights_of

from lib.chapters.common_ground.kept import KEPT
from lib.chapters.common_ground.measure import AttacksFound
from lib.chapters.common_ground.measure_weights import WeightsFound
from lib.data import load
from lib.digest.weights import sha256
from lib.evidence import cells
from lib.models import saved
from lib.run import __main__ as command
from lib.run.run import Run

NAMES = [f"{name}-digits-seed-0" for name in ("undefended", "retrained", "mixed-batches", "pgd-trained")]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[torch.nn.Module]:
    found = load("digits", CPU)
    return networks(found.x_train[:100], found.y_train[:100], tmp_path_factory.mktemp("snapshots"))


@pytest.fixture
def run(trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    found, run = load("digits", CPU), Run.of("common_ground", "quick", {})
    keep(run, trained, {"x": found.x_test, "y": found.y_test}, monkeypatch, tmp_path / "evidence")
    return run


def test_what_is_exported_gives_the_same_logits(run: Run, trained, tmp_path: Path, capsys) -> None:
    assert command.main(["weights", "--to", str(tmp_path / "out")]) == 0
    files = [tmp_path / "out" / f"{name}.safetensors" for name in NAMES]
    assert capsys.readouterr().out.splitlines() == list(map(str, files))
    x = load("digits", CPU).x_test[:50]
    for path, network in zip(files, trained, strict=True):
        with torch.no_grad():
            assert torch.equal(saved.load(path, CPU)(x), network.to(memory_format=torch.contiguous_format)(x))


def test_a_card_lies_beside_each(run: Run, trained, tmp_path: Path) -> None:
    network, attacked = run.experiment.weights()[2].setting, run.experiment.attacked()
    mixed, other = next(cell for cell in attacked if cell.setting.network == network), attacked[-3]
    assert other.setting.network not in [cell.setting for cell in run.experiment.weights()]
    right = {"clean": np.array([True] * 4), "FGSM": np.array([True, True, True, False])}
    for cell, correct in ((mixed, right), (other, {"FGSM": np.zeros(4, bool)})):
        put(cell, AttacksFound(np.arange(4, dtype=np.uint8), correct, {}, np.zeros(4, bool), 1.0))
    assert command.main(["weights", "common_ground", "--to", str(tmp_path)]) == 0
    card = (tmp_path / f"{NAMES[2]}.md").read_text()
    for said in (
        "`lib.models.SmallCNN`: convolution 16 of 4×4",
        "166,406 parameters",
        "Then for 3 epochs more, with eps 0.3, on batches of which half are FGSM images",
        "a few digits (SHA-256 d1)",
        "CC BY-SA 3.0",
        "| Clean accuracy | 0.7500 of 4 test images |",
        "| Accuracy under FGSM, eps 0.3 | 0.7500 of 4 test images |",
        f"`{sha256(weights_of(trained[2]))}`",
        f'load("{NAMES[2]}.safetensors")',
        "2026-11-28T12:00:00+00:00, on a machine, torch 2.14.1",
    ):
        assert said in card
    assert "| Accuracy under attack, eps 0.3 | not measured here |" in (tmp_path / f"{NAMES[1]}.md").read_text()
    words, _ = saved.read(tmp_path / f"{NAMES[2]}.safetensors")
    assert words["network"] == "mixed batches" and words["cell"] == run.experiment.weights()[2].digest


def test_the_run_s_own_folder_is_where_they_go(run: Run, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(Run, "folder", tmp_path / "quick")
    assert command.main(["weights"]) == 0
    assert (tmp_path / "quick" / "weights" / f"{NAMES[0]}.safetensors").exists()


def test_without_networks_it_says_what_trains_them(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path])
    assert command.main(["weights", "--profile", "paper", "-p", "seed=7", "common_ground"]) == 1
    said = capsys.readouterr().err
    assert said == (
        "error: paper+seed=7 has no trained networks yet; this trains them: "
        "python -m lib.run fill common_ground --profile paper -p seed=7\n"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["mitigation", "scoreboard"])
def test_a_notebook_that_keeps_none_is_named(capsys, name: str) -> None:
    assert command.main(["weights", name]) == 1
    assert capsys.readouterr().err == f"error: {name}: no networks are kept of this\n"


def test_those_that_are_missing_are_named(run: Run, tmp_path: Path, capsys) -> None:
    run.experiment.weights()[1].path.unlink()
    assert command.main(["weights", "--to", str(tmp_path / "out")]) == 0
    *files, last = capsys.readouterr().out.splitlines()
    assert len(files) == 3 and last == (
        f"not trained yet: {NAMES[1]}; this trains them: python -m lib.run fill common_ground --profile quick"
    )


@pytest.mark.survives(
    "disk",
    "Networks are exported from a cell that is damaged.",
    "The cell is named and set aside, and its network is said to be missing.",
)
def test_a_damaged_cell_is_set_aside_and_missing(run: Run, tmp_path: Path, capsys) -> None:
    path = run.experiment.weights()[0].path
    path.write_bytes(path.read_bytes()[:1000])
    assert command.main(["weights", "--to", str(tmp_path / "out")]) == 0
    assert f"not trained yet: {NAMES[0]}" in capsys.readouterr().out


def test_a_cell_of_another_network_is_refused_in_a_line(run: Run, trained, tmp_path: Path, capsys) -> None:
    put(run.experiment.weights()[0], WeightsFound("MadryCNN", weights_of(trained[0]), np.array([True])))
    assert command.main(["weights", "--to", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "does not hold the weights of a MadryCNN" in said and said.count("\n") == 1


def test_the_four_are_those_that_the_page_speaks_of() -> None:
    assert [words.title for words in KEPT.values()] == ["undefended", "retrained", "mixed batches", "PGD-trained"]
