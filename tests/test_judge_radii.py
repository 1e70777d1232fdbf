"""Radii come as the field writes them, and are shown so."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from lib.judge import beside
from lib.judge.radii import shown, wanted
from lib.run.__main__ import _parser


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0.1, [0.1]),
        ("8/255", [8 / 255]),
        ("8/255, 0.1,2/255", [2 / 255, 8 / 255, 0.1]),
        (("8/255", Fraction(2, 255), 1), [2 / 255, 8 / 255, 1.0]),
        (np.array([0.5, 0.25]), [0.25, 0.5]),
        (torch.tensor([0.5]), [0.5]),
        ((np.float32(0.3), 0.3, 0.1), [0.1, 0.3]),
    ],
)
def test_radii_are_taken_as_they_are_written(given, expected) -> None:
    assert wanted(given, "digits") == pytest.approx(expected, rel=1e-6)


def test_what_is_customary_depends_on_the_data() -> None:
    assert (
        wanted(None, "mnist") == wanted(None, "own.npz") == wanted(None, (torch.zeros(1), torch.zeros(1))) == [0.1, 0.3]
    )
    assert wanted(None, "cifar10") == [2 / 255, 8 / 255]


def test_the_command_line_takes_the_same(capsys) -> None:
    def asked(*words: str) -> list[float] | None:
        return _parser().parse_args(["judge", "--model", "mine:build", *words]).eps

    assert asked("--eps", "8/255") == [8 / 255] and asked("--eps", "8/255,0.1") == [8 / 255, 0.1] and asked() is None
    for wrong in ("8/0", "much", "1/2/3", "8/", ""):
        with pytest.raises(SystemExit):
            asked("--eps", wrong)
        assert "write 0.1,0.3 or 8/255" in capsys.readouterr().err


def test_a_radius_is_shown_as_the_field_writes_it() -> None:
    assert [shown(eps) for eps in (8 / 255, 2 / 255, 0.1, 0.2, 0.3, 0.05, 1.0)] == [
        *("8/255", "2/255", "0.1", "0.2", "0.3", "0.05", "1")
    ]
    assert shown(float(np.float32(8 / 255))) == "8/255"


def test_the_book_s_rows_are_found_by_a_radius_in_float32() -> None:
    assert (
        beside.rows("digits", float(np.float32(0.3))).known[0].networks == beside.rows("digits", 0.3).known[0].networks
    )
    assert beside.rows("digits", 0.05) is None
