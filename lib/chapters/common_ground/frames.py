"""The chapter's tables whose cells are text, as data frames."""

import pandas as pd

from lib.chapters.common_ground.defences import YARDSTICKS, titled
from lib.chapters.common_ground.judging import WORST
from lib.chapters.common_ground.measure import FilterFound
from lib.chapters.common_ground.rows import Rows


def filtered(found: FilterFound) -> pd.DataFrame:
    """What each reading of the filter does."""
    changes = found.changes.values()
    return pd.DataFrame(
        {
            "reading": list(found.changes),
            "τ": [f"{change.tau:.3f}" for change in changes],
            "largest singular value": [f"{change.before.max():.3f}" for change in changes],
            "values changed": [
                f"{(change.before != change.after).sum()} of {len(change.before)}" for change in changes
            ],
            "fragile kernels amplified by": [f"{change.alpha:.3f}" for change in changes],
        }
    )


def yardsticks(rows: Rows, numbers: range) -> pd.DataFrame:
    """The yardsticks network by network; `numbers` are the seeds."""
    each = [(eps, name) for eps in rows for name in YARDSTICKS]
    frame = pd.DataFrame({"yardstick": [f"{titled(name)}, eps {eps:g}" for eps, name in each]})
    for place, number in enumerate(numbers):
        pairs = [[rows[eps][name].accuracies(way)[place] for way in ("clean", WORST)] for eps, name in each]
        frame[f"seed {number}"] = [" / ".join(f"{share:.2f}" for share in pair) for pair in pairs]
    return frame
