"""Processes that are forked: of a server that has imported what they need, and with what they are given."""

from forked import process


def test_a_process_has_torch_from_its_start() -> None:
    """Python leaves out without a word what a server cannot import."""
    one = process(exec, "import sys; sys.exit(7 if 'loaded' in sys.modules else 1)")
    one.start()
    one.join()
    assert one.exitcode == 7
