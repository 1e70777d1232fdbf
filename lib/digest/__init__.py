"""Digests of code and of values, which tell whether a result would still come out the same."""
