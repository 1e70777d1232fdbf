"""What this run shows: one sentence for each table and figure of the chapter, from what was measured."""

from lib.chapters.fragile_neurons.here import filter, kernels, networks, targeting

__all__ = ["filter", "kernels", "networks", "targeting"]
