"""Where a paper says two things that do not go together: facts with their places, no quotations."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd


@dataclass(frozen=True)
class Contradiction:
    """What it is about, what the paper says in one place and in another, and what follows here."""

    about: str
    one: str
    other: str
    here: str


def as_table(register: Iterable[Contradiction]) -> pd.DataFrame:
    """One row each."""
    heads = {"one": "in one place", "other": "in another"}
    return pd.DataFrame([asdict(one) for one in register]).rename(columns=heads)
