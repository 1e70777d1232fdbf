"""What a run will take, as measured on two CPU cores and kept in notebooks/costs.yaml."""

from collections.abc import Mapping, Sequence

import yaml

from lib import book
from lib.run.run import Run


def of_profile(profile: str) -> dict[str, Mapping[str, float]]:
    """What each notebook takes in a profile: `minutes`, and `memory_gb`."""
    return _costs().get(profile, {})


def announcement(profile: str, runs: Sequence[Run]) -> str:
    """What runs of a profile will take, for the user to read: minutes, memory, disk and download."""
    costs, known = _costs(), of_profile(profile)
    lines = [f"  {run.notebook}: {_cost(known.get(run.notebook))}" for run in runs]
    disk, downloads = (costs[what].get(profile, "?") for what in ("disk_mb", "download_mb"))
    by_hand = any(run.given for run in runs)
    whose = "its own values; with yours it may take more or less" if by_hand else "nothing where it is up to date"
    return "\n".join(
        [
            f"Profile {profile}, at most (measured on 2 CPU cores; {whose}):",
            *lines,
            f"  disk {disk} MB; download {downloads} MB (of all chapters)",
        ]
    )


def _costs() -> dict:
    return yaml.safe_load((book.NOTEBOOKS / "costs.yaml").read_text(encoding="utf-8"))


def _cost(cost: Mapping | None) -> str:
    return f"{cost['minutes']:g} minutes, {cost['memory_gb']:g} GB of memory" if cost else "not measured; see README"
