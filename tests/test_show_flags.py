"""Red flags of several networks: counted, named, and with the numbers of the first."""

from lib.measure.red_flags import Flag
from lib.show import flags


def signs(*raised: bool) -> list[Flag]:
    """Two signs of one network."""
    return [Flag(name, up, f"{name}: {up}") for name, up in zip(("one step", "search"), raised, strict=True)]


SIGNS = {"mixed": [signs(True, False), signs(True, True)], "(b)": [signs(False, False)]}


def test_red_flags_are_counted_over_networks() -> None:
    frame = flags.table(SIGNS)
    assert list(frame["sign"]) == ["one step", "search"]
    assert list(frame["mixed: raised by"]) == ["2 of 2", "1 of 2"] and list(frame["(b): raised by"]) == ["0 of 1"] * 2
    assert list(frame["mixed: the first network"]) == ["one step: True", "search: False"]


def test_those_that_are_raised_are_named_once() -> None:
    assert flags.told(SIGNS) == (
        "In this run: flags raised on mixed, 2 networks: 3 (one step, search); on (b), 1 network: 0."
    )
