"""Red flags of several defended networks: as a table, and in a sentence."""

from collections.abc import Mapping, Sequence

import pandas as pd

from lib.measure.red_flags import Flag
from lib.show.counting import counted

Flags = Mapping[str, Sequence[Sequence[Flag]]]
"""By the name of some networks, the signs of each of them, raised or not, in the same order for all."""


def table(found: Flags) -> pd.DataFrame:
    """A table of how many networks show each sign, with the numbers of the first network."""
    columns = {"sign": [flag.name for flag in next(iter(found.values()))[0]]}
    for name, of_networks in found.items():
        by_sign = list(zip(*of_networks, strict=True))
        columns[f"{name}: raised by"] = [f"{sum(one.raised for one in row)} of {len(row)}" for row in by_sign]
        columns[f"{name}: the first network"] = [row[0].sentence for row in by_sign]
    return pd.DataFrame(columns)


def told(found: Flags) -> str:
    """A sentence on how many flags are raised, and which."""
    parts = []
    for name, networks in found.items():
        raised = [flag.name for one in networks for flag in one if flag.raised]
        named = f" ({', '.join(sorted(set(raised)))})" if raised else ""
        parts.append(f"on {name}, {counted(len(networks), 'network')}: {len(raised)}{named}")
    return f"In this run: flags raised {'; '.join(parts)}."
