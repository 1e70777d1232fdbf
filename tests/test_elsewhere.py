"""Where the data is on another device than the CPU: the notebooks, on one that only looks like it (tests/elsewhere.py).

Results are compared with the CPU's nowhere here: the arithmetic is the same. What is tested is that no step takes
tensors of both devices, or hands NumPy what is not on the CPU.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from elsewhere import DEVICE, Elsewhere

from lib import attack as attacks
from lib import book, compute
from lib.data import Dataset
from lib.models import SimpleCNN, build
from lib.train.batches import Shuffled
from lib.train.loop import fit

SMALL = {
    "mitigation": [
        *("seeds=1", "epochs=1", "retrain_epochs=1", "detector_epochs=1"),
        *("grid=2", "n_images=10", "n_boundary=10"),
    ],
    "unlearning": [
        "seeds=2",
        "epochs=1",
        "rounds=1",
        "round_epochs=1",
        "grid=3",
        "n_untrained=10",
        "n_forensic=20",
        "n_images=10",
        "queries=10",
    ],
    "adversarial_training": [
        "seeds=1",
        "epochs=2",
        "finetune_epochs=1",
        "tutorial_epochs=1",
        "tutorial_seeds=1",
        "side_epochs=1",
        "sweep_seeds=1",
        "n_images=10",
        "queries=10",
        "n_lbfgs=8",
    ],
    "fragile_neurons": [
        *("ages=1 2 3", "max_age=1", "n_images=20", "n_pgd=10", "grid=3"),
        *("n_sample=20", "settings_images=100", "csg_images=200", "csg_m=10", "csg_width=2", "csg_epochs=1"),
    ],
    "common_ground": [
        *("epochs=1", "further_epochs=1", "pgd_steps=1", "n_judge=10"),
        *("steps=2", "queries=10", "n_lbfgs=1", "grid=2"),
    ],
}
"""Parameters of each chapter, near the least that it takes."""


def test_every_chapter_has_small_parameters() -> None:
    assert set(SMALL) == set(book.chapters()), "SMALL, above, has parameters for each chapter"


@pytest.mark.survives(
    "machines",
    "The data are on another device than the CPU.",
    "Every notebook runs, with its exercises.",
)
@pytest.mark.parametrize("name", book.chapters())
def test_a_notebook_keeps_to_its_device(name: str, tmp_path: Path) -> None:
    script = compute.ROOT / "tests" / "elsewhere.py"
    ran = subprocess.run(
        [sys.executable, script, name, tmp_path, "seeds=1", *SMALL[name]],
        env=os.environ | {"PYTHONPATH": str(compute.ROOT), "TQDM_DISABLE": "1"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr[-5000:]
    assert json.loads((tmp_path / f"{name}.json").read_text())["provenance"]["device"].startswith(str(DEVICE))


@pytest.mark.filterwarnings("ignore:.*which is a no-op")  # not where Elsewhere is on
def test_a_training_elsewhere_goes_on_from_its_snapshot(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPRO_DEVICE", str(DEVICE))
    with Elsewhere():
        x, y = digits.x_train[:100].cpu().to(DEVICE), digits.y_train[:100].cpu().to(DEVICE)
        once, twice = (build(SimpleCNN, 0, compute.device()) for _ in range(2))
        losses = [
            fit(model, Shuffled(x, y), epochs, snapshots=tmp_path / kept).losses
            for model, epochs, kept in (
                (once, 2, "once"),
                (twice, 1, "twice"),
                (build(SimpleCNN, 0, DEVICE), 2, "twice"),
            )
        ]
    assert losses[0] == losses[2] and losses[1] == losses[0][:1]


@pytest.mark.parametrize(
    "mixing",
    [
        lambda far, near: far + near,
        lambda far, near: torch.cat([far, near]),
        lambda far, near: near[far > 0],
        lambda far, near: far.numpy(),
        lambda far, near: torch.rand(3, generator=compute.seeded(0), device=DEVICE),
        lambda far, near: attacks.FGSM()(build(SimpleCNN, 0, DEVICE), torch.rand(1, 1, 28, 28), near[:1].long()),
    ],
    ids=["sum", "cat", "index", "NumPy", "generator", "attack"],
)
def test_what_a_gpu_would_refuse_is_refused(mixing: Callable) -> None:
    with Elsewhere(), pytest.raises((RuntimeError, TypeError)):
        mixing(torch.ones(3).to(DEVICE), torch.ones(3))


def test_what_a_gpu_would_take_is_taken() -> None:
    with Elsewhere():
        far = torch.arange(4.0).to(DEVICE)
        assert far.device == DEVICE and (far + torch.tensor(1.0)).tolist() == [1, 2, 3, 4]
        assert far[torch.tensor([1])].item() == far[[1]].item() == torch.tensor([1.0], device=DEVICE).item() == 1
        assert (far * 2).cpu().numpy().tolist() == [0, 2, 4, 6]


def test_a_module_is_moved_and_converted_as_on_a_gpu() -> None:
    with Elsewhere():
        moved = torch.nn.Linear(2, 3).to(DEVICE)
        assert moved(torch.ones(1, 2, device=DEVICE)).device == DEVICE
        assert moved.double()(torch.ones(1, 2, device=DEVICE).double()).dtype == torch.float64
    near = torch.nn.Linear(2, 3)
    weight = near.weight
    assert near.double().weight is weight  # in place, as ever
