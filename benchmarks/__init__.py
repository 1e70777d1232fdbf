"""How fast the book's own code is beside other libraries' and the plain ways: `python -m benchmarks`."""

import lib  # noqa: F401 - before torch, which would otherwise read settings other than those of a training run
