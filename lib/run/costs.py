"""What a run will take, as measured on two CPU cores: notebooks/costs.yaml."""

from collections.abc import Mapping

import yaml

from lib import claims
from lib.run import markup


def table() -> str:
    """What each notebook takes in the quick profile, in Markdown."""
    quick = _costs()["quick"].items()
    rows = [[f"{{doc}}`{name}`", f"{cost['minutes']:g}", f"{cost['memory_gb']:g}"] for name, cost in quick]
    return markup.table("What the quick profile takes", ["Chapter", "Minutes on two cores", "GB of memory"], rows)


def announcement(notebooks: list[str], profile: str, given: Mapping[str, object]) -> str:
    """What the user is in for: minutes, memory, disk and download of these notebooks in a profile.

    Parameters
    ----------
    given
        What is set by hand, on which nothing was measured.
    """
    costs = _costs()
    known = {name: costs.get(profile, {}).get(name) for name in notebooks}
    lines = [f"  {name}: {_cost(cost)}" for name, cost in known.items()]
    disk, downloads = (costs[what].get(profile, "?") for what in ("disk_mb", "download_mb"))
    whose = "its own values; with yours it may take more or less" if given else "nothing where it is up to date"
    return "\n".join(
        [
            f"Profile {profile}, at most (measured on 2 CPU cores; {whose}):",
            *lines,
            f"  disk {disk} MB; download {downloads} MB (of all chapters)",
        ]
    )


def _costs() -> dict:
    return yaml.safe_load((claims.NOTEBOOKS / "costs.yaml").read_text())


def _cost(cost: dict | None) -> str:
    return f"{cost['minutes']:g} minutes, {cost['memory_gb']:g} GB of memory" if cost else "not measured; see README"
