"""What the tests of `judge` share: a few digits in place of a data set, and two networks for them."""

from collections.abc import Iterator

import pytest
from judged import nearest_mean
from torch import nn

from lib import data
from lib.data import Dataset


@pytest.fixture(scope="module")
def few_to_judge(digits: Dataset) -> Iterator[Dataset]:
    """Digits of which two networks know one half each, in place of the whole set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", lambda name: digits)
        yield digits


@pytest.fixture(scope="module")
def networks_to_judge(digits: Dataset) -> tuple[nn.Module, nn.Module]:
    """Two networks, trained on one half of the digits each."""
    return nearest_mean(digits, slice(0, 400)), nearest_mean(digits, slice(400, 800))
