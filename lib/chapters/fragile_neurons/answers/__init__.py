"""What this chapter answers to the claims of the paper, each from records alone.

Where the paper names a data set, `dataset` is its own, `mnist` or `cifar10`; other digits stand in for MNIST.
"""

from lib.chapters.fragile_neurons.answers.defence import (
    filter_helps_young_more,
    filter_lowers_targeting,
    filter_raises_robustness,
)
from lib.chapters.fragile_neurons.answers.kernels import (
    depth_grows_fragile_count,
    dropping_hurts,
    fragile_share,
    kernel_curve,
)
from lib.chapters.fragile_neurons.answers.levels import (
    cifar10_needs_smaller_eps,
    clean_accuracy,
    csg,
    epochs_raise_accuracy,
    fgsm_accuracy,
)
from lib.chapters.fragile_neurons.answers.targeting import (
    fragile_moved_more,
    magnitude_grows_with_eps,
    targeted_share,
    targeting_grows_with_eps,
    training_evens_targeting,
)
from lib.chapters.fragile_neurons.answers.tracking import robustness_tracks_targeting

__all__ = [
    "cifar10_needs_smaller_eps",
    "clean_accuracy",
    "csg",
    "depth_grows_fragile_count",
    "dropping_hurts",
    "epochs_raise_accuracy",
    "fgsm_accuracy",
    "filter_helps_young_more",
    "filter_lowers_targeting",
    "filter_raises_robustness",
    "fragile_moved_more",
    "fragile_share",
    "kernel_curve",
    "magnitude_grows_with_eps",
    "robustness_tracks_targeting",
    "targeted_share",
    "targeting_grows_with_eps",
    "training_evens_targeting",
]
