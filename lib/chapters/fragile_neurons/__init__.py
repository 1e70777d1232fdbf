"""Fragile kernels: what dropping those of the first convolution costs, filtering, and which maps an attack moves."""
