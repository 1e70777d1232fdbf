"""The trained networks of a run as safetensors files, each with a card."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lib import files
from lib.data import LICENCES
from lib.digest.weights import sha256
from lib.evidence.kept import Kept, Trained
from lib.evidence.store import Made
from lib.models import saved
from lib.models.base import outline, parameter_count
from lib.models.named import WeightsError, built
from lib.run.execute import RunError, shown
from lib.run.run import Run

SUFFIX = ".safetensors"


def write(runs: Sequence[Run], to: Path | None = None) -> None:
    """Write the networks of runs as files, and print the files' names.

    Parameters
    ----------
    to
        The folder; by default `weights` in the folder of each run.

    Raises
    ------
    lib.run.execute.RunError
        Where there are no networks, or a cell's weights fit no network of lib; the message says what to do.
    """
    keeping = [(run, kept) for run in runs if (kept := run.experiment.kept())]
    if not keeping:
        raise RunError(f"{', '.join(run.notebook for run in runs)}: no networks are kept of this")
    for run, kept in keeping:
        found, folder = {one: one.cell.read() for one in kept.networks}, to or run.folder / "weights"
        try:
            made = [_write(one, *trained, kept, folder) for one, trained in found.items() if trained]
        except WeightsError as error:
            raise RunError(str(error)) from error
        training = f"this trains them: {run.command('fill')}"
        if not made:
            raise RunError(f"{run.name} has no trained networks yet; {training}")
        for path in made:
            print(shown(path))
        if missing := [one.name for one, trained in found.items() if not trained]:
            print(f"not trained yet: {', '.join(missing)}; {training}")


def _write(one: Trained, record, made: Made, kept: Kept, folder: Path) -> Path:
    path, digest = folder / f"{one.name}{SUFFIX}", sha256(record.weights)
    about = {
        "network": one.title,
        "trained": one.how,
        "data": "; ".join(facts["origin"] for facts in made.data.values()),
        "cell": made.digest,
        "commit": made.commit or "not known",
    }
    card = "\n".join(_card(one, record, made, digest, kept, path))
    saved.save(path, record.architecture, record.weights, about)
    files.write(path.with_suffix(".md"), card)
    return path


def _card(one: Trained, record, made: Made, digest: str, kept: Kept, path: Path) -> list[str]:
    network = built(record.architecture, record.weights, str(one.cell.path))
    rows = [
        ("Network", f"`lib.models.{record.architecture}`: {outline(network)}; {parameter_count(network):,} parameters"),
        ("Input", "images (N, 1, 28, 28) in [0, 1], not normalised"),
        ("Output", "logits (N, 10)"),
        ("How it was trained", one.how),
        ("Data", "; ".join(f"{facts['origin']} (SHA-256 {facts['digest']})" for facts in made.data.values())),
        ("Licence of the data", LICENCES[kept.dataset]),
        ("Clean accuracy", _accuracy(record.correct)),
        *((f"Accuracy under {name}, eps {kept.eps:g}", _accuracy(correct)) for name, correct in one.attacked.items()),
        *([] if one.attacked else [(f"Accuracy under attack, eps {kept.eps:g}", "not measured here")]),
        ("SHA-256 of the weights", f"`{digest}`"),
        ("Cell", f"`{one.cell.path.name}`"),
        ("Measured", f"{made.finished}, on {made.device}, torch {made.versions['torch']}"),
        ("Commit", made.commit or "not known"),
    ]
    table = ["| | |", "|---|---|", *(f"| {name} | {said} |" for name, said in rows)]
    load = ["```python", "from lib.models.saved import load", "", f'network = load("{path.name}")', "```"]
    return [f"# {path.stem}", "", *table, "", *load, ""]


def _accuracy(correct: np.ndarray) -> str:
    return f"{correct.mean():.4f} of {len(correct):,} test images"
