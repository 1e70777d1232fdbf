"""What this chapter answers to the claims of the paper, each from records alone.

Where the paper names a data set, `dataset` is its own, `mnist` or `cifar10`; other digits stand in for MNIST.
"""

from lib.chapters.fragile_neurons.answers import defence, kernels, levels, targeting, tracking

__all__ = ["defence", "kernels", "levels", "targeting", "tracking"]
