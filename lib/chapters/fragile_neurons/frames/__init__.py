"""The chapter's tables, as data frames: one function a table."""

from lib.chapters.fragile_neurons.frames.filter import (
    batch_norm,
    gains,
    lowered,
    noise_levels,
    noise_title,
    readings,
    readings_title,
)
from lib.chapters.fragile_neurons.frames.gradients import gradients, gradients_by_size, gradients_title
from lib.chapters.fragile_neurons.frames.kernels import dropped, over_halves, skewness, stable_kernels
from lib.chapters.fragile_neurons.frames.networks import (
    accuracies,
    made,
    origins,
    printed_eps,
    recipes,
    recipes_title,
)
from lib.chapters.fragile_neurons.frames.targeting import (
    algorithm_1,
    contradictions,
    controls_by_level,
    moved,
    readings_of_89,
    with_controls,
)

__all__ = [
    "accuracies",
    "algorithm_1",
    "batch_norm",
    "contradictions",
    "controls_by_level",
    "dropped",
    "gains",
    "gradients",
    "gradients_by_size",
    "gradients_title",
    "lowered",
    "made",
    "moved",
    "noise_levels",
    "noise_title",
    "origins",
    "over_halves",
    "printed_eps",
    "readings",
    "readings_of_89",
    "readings_title",
    "recipes",
    "recipes_title",
    "skewness",
    "stable_kernels",
    "with_controls",
]
