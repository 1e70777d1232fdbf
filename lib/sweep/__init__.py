"""Sweeps: a notebook run over a grid of parameters on Dask, with one table and one page of the results."""
