"""The runs of the quick profile that the tests share: which, and where they are kept."""

from lib import compute
from lib.run.run import Run

FOLDER = compute.RUNS / "tests"
FEWER = {
    "mitigation": {"seeds": 1},
    "unlearning": {"seeds": 1},
    "adversarial_training": {"seeds": 1, "tutorial_seeds": 1, "sweep_seeds": 1},
    "fragile_neurons": {"n_images": 50, "n_pgd": 15, "n_sample": 60},
    "common_ground": {"n_lbfgs": 2},
}
"""Where a reader of the quick profile sees several networks, or more images, and the tests make do with the first."""

TOO_FEW = {"adversarial_training.settings.matter_most", "adversarial_training.settings.no_overfitting"}
"""What these cannot answer: it asks how far networks differ."""


def run(name: str) -> Run:
    """The run of a chapter's notebook.

    `make` executes it from the same evidence, and from that of further networks.
    """
    return Run.of(name, "quick", FEWER.get(name, {})).at(FOLDER)
