"""Signs that a defended network hides its gradient, by what it was probed with and by its scores."""

from collections.abc import Sequence

from lib.chapters.adversarial_training.scores import Scores
from lib.measure.red_flags import Flag, Probes, flags


def flagged(probed: Sequence[Probes], scored: Sequence[Scores]) -> list[list[Flag]]:
    """The flags of each network, raised or not: Square is among its scores, on the images that it was probed on.

    Raises
    ------
    ValueError
        Where the two are not of the same images.
    """
    pairs = list(zip(probed, scored, strict=True))
    if any(one.labels.tolist() != scores.y[scores.sampled].tolist() for one, scores in pairs):
        raise ValueError("a network was probed on other images than Square attacked")
    return [flags(one, scores.correct("Square")) for one, scores in pairs]
