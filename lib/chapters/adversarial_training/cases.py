"""What the chapter compares: networks and the images that they are scored on, attacks, settings."""

from dataclasses import replace

from lib.attack.gradient import FGSM, PGD
from lib.chapters.adversarial_training.calibration import READINGS
from lib.chapters.adversarial_training.networks import Normal
from lib.models.small import ACTIVATIONS

UNDEFENDED = "undefended, on test images"
TUNED_ON_TEST = "fine-tuned on test images, on the same"
TUNED = "fine-tuned on training images, on test images"
GOING_ON = "mixed, from the trained network, on test images"
MIXED_SEEN = "mixed, on training images"
MIXED_HELD_OUT = "mixed, on test images"
CASES = (UNDEFENDED, TUNED_ON_TEST, TUNED, GOING_ON, MIXED_SEEN, MIXED_HELD_OUT)
"""Which network is scored on which images."""

EPS_VALUES = (0.025, 0.05, 0.1, 0.2, 0.4)
"""The eps that the calibration tries."""

PAPER_BATCHES = (227, 364)
"""The batch sizes that the paper names."""

BUDGETS = (5, 20)
"""How many pixels the local search may change."""

TUTORIAL = replace(READINGS["squared_error"], eps=0.1)
"""The attack of the two tutorials whose plan the paper follows (Rosebrock, 2021a and b)."""

TUTORIAL_BATCH = 64
"""The tutorials' batch size, in training, fine-tuning and mixed training."""

TUTORIAL_NETWORKS = ("normal", "tuned", "mixed")

SETTINGS = ("epochs", "batch size", "layers", "activation")
"""The settings that the paper says had the most influence."""

CONTROLS = ("learning rate", "width")
"""Other settings, which the paper does not name."""

STOPPED = "FGSM, stopped by PGD"


def varied(middle: Normal) -> dict[str, dict[str, Normal]]:
    """`middle` with one setting changed at a time, by the setting and by its value; `middle` itself is among them.

    Numbers are halved and doubled, one layer is removed and one added, and every activation is tried.
    """
    layers = [n for n in (middle.convolutions - 1, middle.convolutions, middle.convolutions + 1) if 1 <= n <= 4]
    values = {
        "epochs": ("epochs", _halved_and_doubled(middle.epochs)),
        "batch size": ("batch_size", _halved_and_doubled(middle.batch_size)),
        "layers": ("convolutions", layers),
        "activation": ("activation", list(ACTIVATIONS)),
        "learning rate": ("lr", [middle.lr / 2, middle.lr, middle.lr * 2]),
        "width": ("width", _halved_and_doubled(middle.width)),
    }
    return {
        setting: {f"{one:g}" if isinstance(one, float) else str(one): replace(middle, **{field: one}) for one in found}
        for setting, (field, found) in values.items()
    }


def _halved_and_doubled(number: int) -> list[int]:
    return sorted({max(1, number // 2), number, 2 * number})


def other_attacks(fgsm: FGSM) -> dict[str, FGSM | PGD]:
    """Attacks on a mixed batch other than FGSM, at FGSM's cost, meant to keep training from collapsing.

    The random start with a step of 1.25 eps is that of Wong, Rice and Kolter, 2020.
    """
    shared = {"loss": fgsm.loss, "clip": fgsm.clip}
    return {
        "half the step": FGSM(eps=fgsm.eps / 2, **shared),
        "random start": PGD(eps=fgsm.eps, alpha=1.25 * fgsm.eps, steps=1, **shared),
    }
