"""How fast the book's own code is beside other libraries' and the plain ways: `python -m benchmarks`."""

import lib  # noqa: F401 - before torch, which else reads other settings than those that a training runs with
