"""Carry the cells of fragile_neurons that the first edition kept as JSON over to book/recorded/evidence.

    REPRO_DATA=data python migrate_cells.py CHECKOUT [--compare FOLDER] [--measured CHECKOUT]

CHECKOUT has the first edition's code. A file is carried over where its name is the digest of its setting, the data and
that code, and refused where it is not. With --compare, the JSON cells of a run of the first edition in FOLDER are held
against what this code has measured of the same settings, value by value. With --measured, the recorded run's other
cells are taken from the runs/evidence of a later checkout, if every file of lib that measured them is the same there as
here to the letter. Files that an earlier call of this script wrote, and that today's code would name otherwise, are
removed.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path

import numpy as np

from lib import compute, data
from lib.chapters.fragile_neurons.experiment import CELL, CHAPTER, Experiment
from lib.chapters.fragile_neurons.kernels import LEVELS
from lib.chapters.fragile_neurons.measure import CellSetting
from lib.chapters.fragile_neurons.networks import NetworkSetting, Training, TrainingRecipe
from lib.chapters.fragile_neurons.record import (
    MOVES,
    SETS,
    BatchNorm,
    CellRecord,
    Controls,
    Dropout,
    Filters,
    ReadingOutcome,
    Robustness,
    Rounded,
    Targeting,
)
from lib.chapters.fragile_neurons.subject import UNITS, Probe, linear_eps
from lib.digest import code, values
from lib.evidence import cells, store
from lib.evidence.cells import Cell
from lib.evidence.store import Made

JSON_CELLS = compute.ROOT / "book" / "recorded" / "cells" / CHAPTER
NOTE = "measured by the first edition's code; carried over"
APART = "; trained and measured by a script that is not part of the book, which called that code"
"""Of the cells whose training says that it was in bfloat16, on a CPU."""

DIGESTS = """
import json, sys
from dataclasses import asdict
from lib import data, provenance
from lib.fragility.measuring import Probe
from lib.fragility.networks import Cell, Recipe
code = provenance.definition_digests([("lib.fragility.measuring", "measure")])
wanted, sets, found = json.load(sys.stdin), {}, []
for one in wanted:
    cell = Cell(**one["cell"] | {"recipe": Recipe(**one["cell"]["recipe"])})
    images = sets.setdefault(cell.images, data.current_digest(cell.images))
    facts = asdict(cell), asdict(Probe(**one["probe"])), images
    found.append(provenance.sha256(repr((facts, code)))[:20])
json.dump(found, sys.stdout)
"""
"""What the first edition's code says of its cells."""


OTHERS = """
import json, sys
from lib.chapters.fragile_neurons.experiment import Experiment
experiment = Experiment(**json.load(sys.stdin))
cells = [*experiment.recipes(), *experiment.gradients(), *experiment.gradients_by_size()]
json.dump([str(cell.path) if cell.is_kept else None for cell in cells], sys.stdout)
"""
"""Where a later checkout keeps the cells that are not of the grid."""


class Refused(ValueError):
    """A file is not carried over; the message says why."""


def said_by(checkout: Path, code: str, given: str) -> list:
    """What the code of a checkout says of something, with the data in REPRO_DATA."""
    folder = Path(os.environ.get("REPRO_DATA", compute.ROOT / "data")).resolve()
    place = {"PYTHONPATH": str(checkout.resolve()), "PYTHONDONTWRITEBYTECODE": "1", "REPRO_DATA": str(folder)}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, input=given, cwd=checkout, env=os.environ | place, text=True, stdout=-1, check=True)
    return json.loads(ran.stdout)


def first_edition_digests(checkout: Path, found: list[dict]) -> list[str]:
    """The digest of each JSON cell, by the code in a checkout."""
    wanted = json.dumps([{"cell": one["cell"], "probe": asdict(probe_of(one))} for one in found])
    return said_by(checkout, DIGESTS, wanted)


def probe_of(found: dict) -> Probe:
    """How a JSON cell was measured; the digest shows whether that is right."""
    robustness, dataset = found["robustness"], found["cell"]["images"]
    grid = next(n for n in range(3, 51) if linear_eps(dataset, n) == robustness["eps"])
    return Probe(found["all"]["n"], robustness["pgd"]["original"][0]["n"], grid=grid)


def setting_of(found: dict) -> CellSetting:
    """The setting of today that a JSON cell was measured under."""
    cell = found["cell"]
    recipe = TrainingRecipe(**cell["recipe"])
    network = NetworkSetting(cell["network"], cell["images"], cell["age"], cell["seed"], recipe)
    return CellSetting(network, probe_of(found))


def record_of(found: dict) -> CellRecord:
    """A JSON cell as a typed record."""
    made, without = found["made"], np.array(found["without"])
    rightly = np.array(found["rightly_without"], np.uint16)
    return CellRecord(
        Training(found["losses"], made["training_seconds"], made["trained_on"], None),
        bits(found["clean"]),
        Dropout(bits(found["all"]), without, rightly, np.array(found["norms"])),
        filters_of(found),
        targeting_of(found["targeting"]),
        robustness_of(found["robustness"]),
        BatchNorm(**found["batch_norm"]),
    )


def filters_of(found: dict) -> Filters:
    readings = {name: ReadingOutcome(**one) for name, one in found["readings"].items()}
    search = {name: np.array(rows) for name, rows in found["search"].items()}
    return Filters(np.array(found["spectrum"]), tuple(found["shape"]), readings, search)


def targeting_of(found: dict) -> Targeting:
    every = [[found["controls"][move][level] for level in LEVELS] for move in MOVES]
    controls = Controls(
        np.array([[[one[name] for name in SETS] for one in row] for row in every]),
        np.array([[one["random"] for one in row] for row in every]),
        np.array([[one["rank_correlation"] for one in row] for row in every]),
    )
    clipped, unclipped = (
        np.array([found["shares"][f"{way}, {level}"] for level in LEVELS]) for way in ("clipped", "unclipped")
    )
    return Targeting(
        found["size"],
        found["eps"],
        clipped,
        unclipped,
        {who: np.array([bits(one) for one in rows]) for who, rows in found["bits"].items()},
        rounded(np.array(found["moved"]), 6),
        np.array(found["chance"]),
        bits(found["printed"]),
        bits(found["printed_relative"]),
        controls,
    )


def robustness_of(found: dict) -> Robustness:
    """Networks that nothing tells apart share a row."""
    kinds = ("fgsm", "pgd", "probability")
    texts = {name: json.dumps([found[kind][name] for kind in kinds]) for name in found["fgsm"]}
    distinct = list(dict.fromkeys(texts.values()))
    first = [next(name for name, text in texts.items() if text == one) for one in distinct]
    correct, pgd_correct = (
        np.array([[bits(one) for one in found[kind][name]] for name in first]) for kind in kinds[:2]
    )
    probability = np.array([[found["probability"][name][unit] for unit in UNITS] for name in first])
    return Robustness(
        {name: distinct.index(text) for name, text in texts.items()},
        found["eps"],
        correct,
        found["pgd_eps"],
        pgd_correct,
        rounded(probability, 7),
        bits(found["fgsm_normalised"]),
    )


def bits(packed: dict) -> np.ndarray:
    """Booleans (n,) from the first edition's text."""
    return np.unpackbits(np.frombuffer(bytes.fromhex(packed["bits"]), np.uint8))[: packed["n"]].astype(bool)


def rounded(numbers: np.ndarray, decimals: int) -> Rounded:
    """Numbers that were rounded before; raises Refused where one of them is another afterwards."""
    found = Rounded.of(numbers, decimals)
    if not np.array_equal(found.values, numbers):
        raise Refused(f"its numbers have more than {decimals} decimals")
    return found


def carried(cell: Cell, found: dict) -> Path:
    """Write a JSON cell under its name of today, and read it back."""
    made, record = found["made"], record_of(found)
    with data.noting() as used:
        data.load(cell.setting.network.dataset)
    definitions = code.definitions(values.definitions((cell.part.measure, cell.setting)))
    path = cells.RECORDED / CHAPTER / f"{cell.name}.npz"
    whole = Made(
        chapter=CHAPTER,
        part=cell.part.name,
        setting=str(cell.setting),
        digest=cell.digest,
        definitions=definitions,
        data=used,
        commit=None,
        device=made["measured_on"],
        threads=0,  # it does not say
        versions={"torch": made["torch"]},
        seconds=made["training_seconds"],
        peak_memory_bytes=0,
        finished=made["finished"],
        note=NOTE + (APART if "bfloat16" in made["trained_on"] else ""),
    )
    store.write(path, record, whole)
    again, _ = store.read(path, CellRecord, cell.digest)
    if different := list(differences(record, again)):
        raise Refused(f"it is not read back as it was written: {', '.join(different)}")
    return path


def taken(checkout: Path, cell: Cell, path: str | None) -> Path:
    """Write a cell that another checkout has measured under its name of today."""
    if path is None:
        raise Refused("it is not measured there")
    there = store.read_made(Path(path))
    files = sorted({name.partition(":")[0] for name in there.definitions})
    if other := [name for name in files if (checkout / name).read_text() != (compute.ROOT / name).read_text()]:
        raise Refused(f"what measures it is not the same there: {', '.join(other)}")
    record, _ = store.read(Path(path), cell.part.record, there.digest)
    definitions = code.definitions(values.definitions((cell.part.measure, cell.setting)))
    target = cells.RECORDED / CHAPTER / f"{cell.name}.npz"
    store.write(target, record, replace(there, digest=cell.digest, setting=str(cell.setting), definitions=definitions))
    return target


def differences(one: object, other: object, name: str = "record") -> Iterator[str]:
    """Where two records are not the same to the bit; networks are compared by their names, whatever row they have."""
    if isinstance(one, Robustness):
        one, other = named(one), named(other)
    if is_dataclass(one):
        one, other = ({field.name: getattr(each, field.name) for field in fields(each)} for each in (one, other))
    if isinstance(one, dict):
        if list(one) != list(other):
            yield f"{name} has {list(one)} and {list(other)}"
        else:
            for key in one:
                yield from differences(one[key], other[key], f"{name}.{key}")
    elif isinstance(one, np.ndarray):
        if one.dtype != other.dtype or not np.array_equal(one, other):
            yield f"{name}: {one.dtype} {one.shape}, {other.dtype} {other.shape}, {np.sum(one != other)} values differ"
    elif one != other:
        yield f"{name}: {one} and {other}"


def named(robustness: Robustness) -> dict:
    """What was measured of each network by its name, and the rest."""
    found = {
        who: {
            "fgsm": robustness.correct[row],
            "pgd": robustness.pgd_correct[row],
            "probability": robustness.probability.values[row],
        }
        for who, row in robustness.row.items()
    }
    return found | {"eps": robustness.eps, "pgd_eps": robustness.pgd_eps, "normalised": robustness.normalised}


def compared(found: dict) -> str:
    """How a JSON cell differs from what this code has measured of the same setting, but for the time it took."""
    cell = CELL(setting_of(found))
    there = cell.read()
    if there is None:
        return f"not measured by this code yet: {cell.label}"
    one, other = record_of(found), there[0]
    pairs = {field.name: (getattr(one, field.name), getattr(other, field.name)) for field in fields(CellRecord)}
    pairs["training"] = one.training.losses, other.training.losses
    different = [line for name, pair in pairs.items() for line in differences(*pair, name)]
    return "; ".join(different) or "equal to the bit"


def remove_former(written: set[Path]) -> None:
    """Remove what an earlier call of this script has written under another name."""
    for path in store.cells_in(cells.RECORDED / CHAPTER):
        if path not in written and store.read_made(path).note.startswith(NOTE):
            path.unlink()
            print(f"removed {path.name}, whose code has changed since")


def take_others(checkout: Path) -> int:
    """Take the recorded run's cells that are not of the grid from a later checkout; return how many failed."""
    parameters = json.loads((JSON_CELLS.parents[1] / f"{CHAPTER}.json").read_text())["parameters"]
    experiment, failed = Experiment(**parameters), 0
    wanted = [*experiment.recipes(), *experiment.gradients(), *experiment.gradients_by_size()]
    for cell, path in zip(wanted, said_by(checkout, OTHERS, json.dumps(parameters)), strict=True):
        try:
            print(f"{cell.label}: taken over; now {taken(checkout, cell, path).name}")
        except (Refused, store.Damaged) as error:
            print(f"{cell.label}: refused, {error}")
            failed += 1
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--compare", type=Path)
    parser.add_argument("--measured", type=Path)
    given = parser.parse_args()
    paths = sorted(JSON_CELLS.glob("*.json"))
    every = [json.loads(path.read_text()) for path in paths]
    written, failed = set(), 0
    for path, found, digest in zip(paths, every, first_edition_digests(given.checkout, every), strict=True):
        try:
            if not path.stem.endswith(f"-{digest}"):
                raise Refused(f"by that code and these data it would be called {digest}")
            target = carried(CELL(setting_of(found)), found)
        except Refused as error:
            print(f"{path.name}: refused, {error}")
            failed += 1
            continue
        written.add(target)
        print(f"{path.name}: digest reproduced; now {target.name}, {target.stat().st_size / 1e6:.2f} MB")
    remove_former(written)
    failed += take_others(given.measured) if given.measured else 0
    for path in sorted(given.compare.glob("*.json")) if given.compare else []:
        outcome = compared(json.loads(path.read_text()))
        failed += outcome != "equal to the bit"
        print(f"{path.name}, against this code: {outcome}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
