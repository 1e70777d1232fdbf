"""What the chapter compares: networks and the images that they are scored on, attacks, settings."""

from dataclasses import replace

from lib.attack.gradient import FGSM, PGD
from lib.chapters.adversarial_training.calibration import READINGS

UNDEFENDED = "undefended, on test images"
TUNED_ON_TEST = "fine-tuned on test images, on those"
TUNED = "fine-tuned on training images, held out"
GOING_ON = "mixed, going on, held out"
MIXED_SEEN = "mixed, on training images"
MIXED_HELD_OUT = "mixed, held out"
CASES = (UNDEFENDED, TUNED_ON_TEST, TUNED, GOING_ON, MIXED_SEEN, MIXED_HELD_OUT)
"""Which network is scored on which images."""

EPS_VALUES = (0.025, 0.05, 0.1, 0.2, 0.4)
"""What the calibration tries."""

PAPER_BATCHES = (227, 364)
"""The batch sizes that the paper names."""

BUDGETS = (5, 20)
"""How many pixels the local search may change."""

TUTORIAL = replace(READINGS["squared_error"], eps=0.1)
"""The attack of the two tutorials whose plan the paper follows (Rosebrock, 2021a and b)."""

TUTORIAL_BATCH = 64
"""How many images a batch of theirs has, in training, fine-tuning and mixed training."""

TUTORIAL_NETWORKS = ("normal", "tuned", "mixed")

CHANGES: dict[str, dict] = {
    "as above": {},
    "batches of 128": {"batch_size": 128},
    "batches of 227": {"batch_size": 227},
    "1 convolution": {"convolutions": 1},
    "3 convolutions": {"convolutions": 3},
    "sigmoid": {"activation": "sigmoid"},
}
"""What the paper says matters most, one change at a time; epochs are the figure's axis."""

STOPPED = "FGSM, stopped by PGD"


def other_attacks(fgsm: FGSM) -> dict[str, FGSM | PGD]:
    """What else a mixed batch can be attacked by than FGSM, to keep the training from collapsing, at FGSM's cost.

    The random start with a step of 1.25 eps is that of Wong, Rice and Kolter, 2020.
    """
    shared = {"loss": fgsm.loss, "clip": fgsm.clip}
    return {
        "half the step": FGSM(eps=fgsm.eps / 2, **shared),
        "random start": PGD(eps=fgsm.eps, alpha=1.25 * fgsm.eps, steps=1, **shared),
    }
