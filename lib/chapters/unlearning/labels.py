"""What pages call what was measured."""

READINGS = {
    "none": "no removal",
    "afresh": "no removal, starting afresh",
    "random": "random removal",
    "a": "(a) the code to the letter",
    "b": "(b) removal, going on",
    "c": "(c) removal, starting afresh",
    "d": "(d) adversarial images added",
    "e": "(e) added, the worst removed",
    "f": "(f) gradient ascent",
}
"""The readings of the loop, by their keys in `loop.READINGS`."""

UPDATED = {"original": "original"} | {key: READINGS[key] for key in ("none", "b", "c", "d", "e", "f")}
"""The networks of the third row, by their keys in `measure.UPDATED`."""

PRINTED = {
    "fgsm": "FGSM (Fig. 4)",
    "fgsm, clipped": "FGSM, clipped",
    "softmax sum": "softmax sum (Fig. 5)",
    "softmax sum, clipped": "softmax sum, clipped",
}
"""The attacks of the third row, by their keys in `measure.printed_attacks`."""

STATES = {
    "whole": "trained on all images",
    "b": "(b) removed, training goes on",
    "c": "(c) removed, from scratch",
    "f alone": "(f) gradient ascent alone",
    "f": "(f) ascent, then training on the rest",
}
"""The networks that may have forgotten, by their keys in `measure_removal.STATES`."""


def figure(architecture: str) -> str:
    """The figure of the paper that prints a LeNet: `fig4` is Fig. 4's."""
    return f"Fig. {architecture[-1]}"
