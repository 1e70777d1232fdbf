"""The chapter's tables, as data frames: one function for each table."""

from lib.chapters.fragile_neurons.frames import filter, gradients, kernels, networks, targeting

__all__ = ["filter", "gradients", "kernels", "networks", "targeting"]
