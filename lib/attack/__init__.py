"""Attacks on a classifier's input, in pixel units: `attack(model, x, y) -> x_adv`.

Each attack is a frozen dataclass with the parameter names of torchattacks. x holds images (N, C, H, W) within
`clip`, y the true labels (N,), or the targets where the attack is `targeted`. The model returns logits.

Every call runs the model in eval mode and leaves each module's mode as it was. It leaves no gradient on any parameter,
treats each image by itself (the result does not depend on how images are batched), and returns x, equal to the bit, at
eps = 0.
"""

from lib.attack.base import LOSSES, Attack, Loss, cross_entropy, softmax_sum, squared_error
from lib.attack.gradient import BIM, FGSM, PGD, GradientStep
from lib.attack.lbfgs import LBFGS
from lib.attack.noise import random_signs, uniform
from lib.attack.search import LocalSearch, square

__all__ = [
    "BIM",
    "FGSM",
    "LBFGS",
    "LOSSES",
    "PGD",
    "Attack",
    "GradientStep",
    "LocalSearch",
    "Loss",
    "cross_entropy",
    "random_signs",
    "softmax_sum",
    "square",
    "squared_error",
    "uniform",
]
