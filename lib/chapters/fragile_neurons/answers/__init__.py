"""The chapter's answers to the paper's claims, each from records alone.

Where a claim is about one data set, `dataset` is the paper's, `mnist` or `cifar10`; other digits stand in for MNIST.
"""

from lib.chapters.fragile_neurons.answers import defence, kernels, levels, targeting, tracking

__all__ = ["defence", "kernels", "levels", "targeting", "tracking"]
