"""`python -m benchmarks [row ...] [--device cuda]`: time the rows on a device, and keep them for the book's page.

Rows that were timed before stay, as do those of another kind of device, so that CPU and GPU stand side by side.
"""

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import torch

from benchmarks import attacks, chart, scan, steps, training
from benchmarks.timing import Row, measure
from lib import compute, provenance
from lib.data import Dataset, load
from lib.files import write
from lib.run import interrupts
from lib.site import benchmarks as page

RECORDED = compute.ROOT / "book" / "recorded"
PEERS = ("torchattacks", "foolbox", "adversarial-robustness-toolbox")


TWO_STEPS = steps.Size(images=256, epochs=1, batch_size=128)
TWO_STEPS_OF_MADRY = steps.Size(images=100, epochs=1, batch_size=50, attack_steps=40)


@dataclass(frozen=True)
class Size:
    """How much work the rows have.

    Parameters
    ----------
    rounds
        How often each contender of a row is timed.
    attacked, batch_size
        How many images are attacked, and how many of them at once.
    train_images
        Images in an epoch of training.
    scanned
        Images that the kernel scan classifies for each kernel.
    epochs, resnet_images
        What networks are trained on before anything is timed: epochs of the digits, and images for the ResNet-18.
    resnet50, madry
        How much one run has of each of the two costly kinds of training.
    """

    rounds: int = 7
    attacked: int = 500
    batch_size: int = 250
    train_images: int = 4000
    scanned: int = 120
    epochs: int = 10
    resnet_images: int = 2000
    resnet50: steps.Size = TWO_STEPS
    madry: steps.Size = TWO_STEPS_OF_MADRY


CPU = Size()
GPU = Size(
    rounds=15,
    attacked=5000,
    batch_size=5000,
    scanned=1000,
    resnet_images=4000,
    resnet50=steps.Size(images=3968, epochs=4, batch_size=128),
    madry=steps.Size(images=4000, epochs=1, batch_size=50, attack_steps=40),
)

GROUPS: dict[tuple[str, ...], Callable[[Dataset, Size], dict[str, Row]]] = {
    ("fgsm", "bim-10", "pgd-40"): lambda digits, size: attacks.rows(
        digits, images=size.attacked, batch_size=size.batch_size, epochs=size.epochs
    ),
    ("standard", "mixed"): lambda digits, size: training.rows(digits, images=size.train_images, epochs=size.epochs),
    ("resnet-50", "madry"): lambda digits, size: steps.rows(digits, resnet50=size.resnet50, madry=size.madry),
    ("scan",): lambda digits, size: scan.rows(digits, images=size.scanned, train_images=size.resnet_images),
}
"""Rows that share what they are measured on, and the function that makes them."""

ROWS = [name for names in GROUPS for name in names]


def run(chosen: Sequence[str], size: Size, digits: Dataset) -> Iterator[tuple[str, dict]]:
    """Time rows one by one; yield each with its name and the conditions it was timed under."""
    started = datetime.now(UTC).isoformat(timespec="seconds"), round(os.getloadavg()[0], 2)
    for names, make in GROUPS.items():
        rows = make(digits, size) if set(names) & set(chosen) else {}
        for name in [name for name in names if name in chosen]:
            result = measure(rows[name], size.rounds, digits.x_train.device)
            yield name, result | {"conditions": conditions(*started)}


def conditions(started: str, load_at_start: float) -> dict:
    """The machine and what else it was doing: load averages over a minute, before the first row and after this one."""
    found = {peer: _version(peer) for peer in PEERS}
    return {
        "device": provenance.describe_device(),
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "versions": provenance.versions() | {peer: version for peer, version in found.items() if version},
        "started": started,
        "load_at_start": load_at_start,
        "load_at_end": round(os.getloadavg()[0], 2),
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def keep(path: Path, kind: str, name: str, row: dict) -> dict:
    """Put a row among those of its kind of device in the file, in the order of `ROWS`; return what the file holds."""
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    rows = results.get(kind, {}) | {name: row}
    results[kind] = {one: rows[one] for one in ROWS if one in rows}
    write(path, json.dumps(results, indent=1) + "\n")
    return results


def report(name: str, row: dict) -> str:
    """A row in a few lines of text."""
    lines = [f"{name}: {row['title']}" + ("" if row["counts"] else " (DOES NOT COUNT)")]
    for label, ratio in row["ratios"].items():
        near = f"[{ratio['low']:.2f}, {ratio['high']:.2f}]"
        lines.append(f"  {label}: {ratio['median']:.2f} {near} of {ratio['against']}; aim {row['aim']}")
    lines += [f"  {one} failed: {entry['error']}" for one, entry in row["contenders"].items() if entry["error"]]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Time what the command line asks for."""
    interrupts.heed()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n\n")[2])
    parser.add_argument("rows", nargs="*", metavar="row", help=f"which rows: {', '.join(ROWS)}; all by default")
    parser.add_argument("--device", choices=tuple(page.KINDS), help="where; the fastest device at hand by default")
    parser.add_argument("--rounds", type=int, help="how often each contender is timed")
    parser.add_argument("--output", type=Path, default=RECORDED, help="the folder of benchmarks.json and .png")
    parser.add_argument("--draw", action="store_true", help="time nothing, draw the chart again")
    options = parser.parse_args(arguments)
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"no row named {', '.join(sorted(unknown))}; there are: {', '.join(ROWS)}")
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("there is no CUDA device here")
    if options.device:
        os.environ["REPRO_DEVICE"] = options.device
    path = options.output / "benchmarks.json"
    if not options.draw:
        device = compute.device()
        size = CPU if device.type == "cpu" else GPU
        torch.manual_seed(0)
        for name, row in run(options.rows or ROWS, replace(size, rounds=options.rounds or size.rounds), load("digits")):
            chart.draw(keep(path, device.type, name, row), options.output)
            print(report(name, row), flush=True)
    else:
        chart.draw(json.loads(path.read_text(encoding="utf-8")), options.output)
    print(f"{path}\n`make book` renders the page.")


if __name__ == "__main__":
    main()
