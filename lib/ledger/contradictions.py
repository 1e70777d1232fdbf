"""Places where a paper says two things that do not go together: facts with their places, no quotations."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Contradiction:
    """What it is about, what the paper says in one place and in another, and what follows from that here."""

    about: str
    one: str
    other: str
    here: str


def as_table(register: Sequence[Contradiction]) -> pd.DataFrame:
    """The contradictions as a table, one row each."""
    return pd.DataFrame(register).rename(columns={"one": "in one place", "other": "in another"})
