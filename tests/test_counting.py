"""Numbers with their nouns and verbs."""

import pytest

from lib.show.counting import agreeing, counted, networks


@pytest.mark.parametrize(
    ("number", "told"), [(0, "no image is"), (1, "1 image is"), (2, "2 images are"), (2000, "2,000 images are")]
)
def test_a_noun_and_a_verb_follow_their_number(number: int, told: str) -> None:
    assert f"{counted(number, 'image')} {agreeing(number or 1)}" == told


def test_a_single_network_is_counted_in_a_word() -> None:
    assert [networks(number) for number in (1, 5)] == ["one network", "5 networks"]


def test_other_plurals_are_given() -> None:
    assert [counted(number, "query", "queries") for number in (1, 5)] == ["1 query", "5 queries"]
    assert [agreeing(number, "gains", "gain") for number in (0, 1, 2)] == ["gain", "gains", "gain"]
