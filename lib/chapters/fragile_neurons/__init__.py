"""Fragile kernels: what dropping those of the first convolution costs, filtering them, and what an attack moves."""
