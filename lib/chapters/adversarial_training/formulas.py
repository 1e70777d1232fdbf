"""What the paper prints or names to be computed, and whether that is enough."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Formula:
    """Something to compute that the paper prints or names, and whether that is enough to run it."""

    name: str
    printed: str
    runs: str
    missing: str


FORMULAS = (
    Formula("Eq. 1, FGSM", "x' = x + eps sign(grad J(x, y))", "yes", "eps, its unit, J; no clipping is printed"),
    Formula(
        "Eq. 2, BIM",
        "N steps of alpha, clipped to the ball and to [0, 255]",
        "yes",
        "eps of the ball, which the text has lost; alpha; N",
    ),
    Formula("L-BFGS", "named; r is the perturbation", "no", "the problem itself: it is taken from the source"),
    Formula("III.3, fine-tuning", "in words", "no", "images, rate, epochs, batch size: the tutorials have them"),
    Formula("III.3, mixed batches", "in words", "no", "share of attacked images, where it starts: the same"),
    Formula("Table II", "four settings", "no", "optimiser, rate, width, activation; one batch size"),
)
"""The paper prints no code."""
