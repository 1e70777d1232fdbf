"""The trained networks of a run as files: safetensors, with a card each."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lib.data import LICENCES
from lib.digest.weights import sha256
from lib.evidence.kept import Kept, Trained
from lib.evidence.store import Made
from lib.files import atomic
from lib.models import saved
from lib.models.base import outline, parameter_count
from lib.models.named import WeightsError, built
from lib.run.execute import RunError, shown
from lib.run.run import Run

SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Exported:
    """The files that were written, and the networks that are not trained yet, by their names."""

    files: list[Path]
    missing: list[str]


def write(runs: Sequence[Run], to: Path | None = None, say: Callable[[str], None] = print) -> None:
    """Write the networks of runs, and say which files there are.

    Parameters
    ----------
    to
        The folder; by default `weights` in the folder of each run.

    Raises
    ------
    lib.run.execute.RunError
        Where there are none, or a cell holds no network of lib; the message says what to do.
    """
    keeping = [run for run in runs if run.experiment.kept()]
    if not keeping:
        raise RunError(f"{', '.join(run.notebook for run in runs)}: no networks are kept of this")
    for run in keeping:
        try:
            found = export(run, to or run.folder / "weights")
        except WeightsError as error:
            raise RunError(str(error)) from error
        if not found.files:
            raise RunError(f"{run.name} has no trained networks yet; this trains them: {command(run)}")
        for path in found.files:
            say(shown(path))
        if found.missing:
            say(f"not trained yet: {', '.join(found.missing)}; this trains them: {command(run)}")


def export(run: Run, folder: Path) -> Exported:
    """Write the trained networks that a run keeps into a folder, each with a card of the same name.

    Raises
    ------
    lib.models.saved.WeightsError
        Where a cell holds no network of lib.
    """
    kept = run.experiment.kept()
    files, missing = [], []
    for one in kept.networks if kept else ():
        if found := one.cell.read():
            files.append(_write(one, *found, kept, folder))
        else:
            missing.append(one.name)
    return Exported(files, missing)


def command(run: Run) -> str:
    """What trains the networks of a run."""
    given = [word for name, value in run.given.items() for word in ("-p", f"{name}={value}")]
    return shlex.join(["python", "-m", "lib.run", "fill", run.notebook, "--profile", run.profile, *given])


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
    with atomic(path.with_suffix(".md")) as temporary:
        temporary.write_text(card, encoding="utf-8")
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
