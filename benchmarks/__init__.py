"""How fast the book's own code is beside other libraries' and the plain ways: `python -m benchmarks`."""
