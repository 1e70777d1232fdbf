"""The page on speed: tables and a chart of the timings that `python -m benchmarks` keeps."""

import json
import shutil
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from lib import compute
from lib.files import copied
from lib.ledger.results import RECORDED
from lib.site import markup

CHART = "benchmarks.png"
PARTS_CHART = "benchmarks_parts.png"
NO_GPU = "not measured on a GPU"
KINDS = {"cpu": "CPU", "cuda": "GPU", "mps": "Apple's GPU"}


def stage(target: Path, generated: Path, recorded: Path = RECORDED) -> dict[str, str]:
    """Put the code and charts of the page on speed into a staged book; return what the page includes, by name."""
    code = compute.ROOT / "benchmarks"
    copied(code, target / code.name, "__pycache__")
    source = recorded / "benchmarks.json"
    results = json.loads(source.read_text(encoding="utf-8")) if source.exists() else {}
    if results:
        for picture in [CHART] + [PARTS_CHART] * bool(parted(results)):
            shutil.copyfile(recorded / picture, generated / picture)
    return {f"benchmarks_{name}": text for name, text in fragments(results, generated.name).items()}


def fragments(results: Mapping[str, Mapping[str, Mapping]], folder: str) -> dict[str, str]:
    """What the page on speed includes, by name, from timings by kind of device and row as `benchmarks` keeps them."""
    names = ("summary", "chart", "ratios", "parts", "times", "conditions")
    if not results:
        return dict.fromkeys(names, "Nothing is recorded yet: `make bench` measures it.")
    rows = [(KINDS.get(kind, kind), row) for kind, by_name in results.items() for row in by_name.values()]
    ratios = [(device, row, ours) for device, row in rows for ours in row["ratios"] or [None]]
    head = ["Work", "Ours", "Times as fast", "Aim", "Reached?", "Fastest peer", "On"]
    timed = [_timed_cells(device, row, name) for device, row in rows for name in row["contenders"]]
    timed_head = ["Work", "By", "Relative to ours", "Seconds", "Images per second", "Result", "On"]
    return {
        "summary": _summary(ratios),
        "chart": _chart(ratios, folder),
        "ratios": markup.table("Ratios and aims", head, [_ratio_cells(*one) for one in ratios] + _unmeasured(results)),
        "parts": _parts(results, folder),
        "times": markup.table("Times", timed_head, timed),
        "conditions": _conditions(rows),
    }


def parted(results: Mapping[str, Mapping[str, Mapping]]) -> list[tuple[str, Mapping]]:
    """The rows that say what a step is made of, each with its kind of device."""
    return [(kind, row) for kind, by_name in results.items() for row in by_name.values() if row.get("parts")]


def step_seconds(row: Mapping) -> float | None:
    """The median seconds of one step of a run of ours; None where it failed."""
    ours = [entry["seconds"] for entry in row["contenders"].values() if entry["ours"] and not entry["error"]]
    return statistics.median(ours[0]) / row["steps"] if ours else None


def reached(row: Mapping, ours: str | None) -> str:
    """Whether a row's aim is reached by the ratio, rounded to two decimals, and if not, by how much it is missed."""
    if ours is None:
        failed = [name for name, entry in row["contenders"].items() if entry["error"]]
        return markup.plain(f"no ratio: {', '.join(failed)} failed")
    if not row["counts"]:
        return f"does not count: {row['score_name']} differs by more than {row['tolerance']:g}"
    ratio = row["ratios"][ours]
    if round(ratio["median"], 2) >= row["aim"]:
        return "yes"
    within = " (within the rounds' quartiles)" if ratio["high"] >= row["aim"] else ""
    return f"missed by {row['aim'] - round(ratio['median'], 2):.2f}{within}"


def _ratio_cells(device: str, row: Mapping, ours: str | None) -> list[str]:
    if ours is None:
        return [markup.plain(row["title"]), "–", "–", f"{row['aim']:g}", reached(row, ours), "–", device]
    ratio = row["ratios"][ours]
    spread = f"{ratio['median']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]"
    names = [markup.plain(row["title"]), markup.plain(ours)]
    return [*names, spread, f"{row['aim']:g}", reached(row, ours), markup.plain(ratio["against"]), device]


def _unmeasured(results: Mapping[str, Mapping[str, Mapping]]) -> list[list[str]]:
    """A line for each row that was measured on another device but not on a GPU."""
    measured, lines = results.get("cuda", {}), {}
    for kind, by_name in results.items():
        for name in by_name if kind != "cuda" else ():
            aim = by_name[name].get("aims", {}).get("cuda")
            cells = [markup.plain(by_name[name]["title"]), "–", "–", "–" if aim is None else f"{aim:g}", NO_GPU, "–"]
            lines[name] = [*cells, KINDS["cuda"]]
    return [line for name, line in lines.items() if name not in measured]


def _parts(results: Mapping[str, Mapping[str, Mapping]], folder: str) -> str:
    """The chart and the table of what a step is made of."""
    found = parted(results)
    missing = "" if any(kind == "cuda" for kind, _ in found) else f"What a step is made of is {NO_GPU}."
    if not found:
        return f"{missing} `make bench` measures it on the device at hand."
    head = ["Step of", "On", *next(iter(found))[1]["parts"], "Together", "Ours, whole"]
    lines, spoken = [], []
    for kind, row in found:
        whole, ours = sum(row["parts"].values()), step_seconds(row)
        shares = [f"{seconds / whole:.0%}" for seconds in row["parts"].values()]
        named = ", ".join(f"{part} {share}" for part, share in zip(row["parts"], shares, strict=True))
        spoken.append(f"{row['title']}, {KINDS.get(kind, kind)}: {named}")
        times = [f"{whole * 1000:.3g} ms", "–" if ours is None else f"{ours * 1000:.3g} ms"]
        lines.append([markup.plain(row["title"]), KINDS.get(kind, kind), *shares, *times])
    said = "; ".join(spoken)
    caption = "What a step of training is made of, part by part; the diamond is a whole step of ours."
    alt = f"Bars of the parts of a step. {said}."
    figure = markup.figure(f"{folder}/{PARTS_CHART}", alt, caption, "benchmarks-parts")
    return "\n\n".join(filter(None, [figure, markup.table("Parts of a step", head, lines), missing]))


def _timed_cells(device: str, row: Mapping, name: str) -> list[str]:
    entry, cells = row["contenders"][name], [markup.plain(row["title"]), markup.plain(name)]
    if entry["error"]:
        return [*cells, "–", "–", "–", markup.plain(f"failed: {entry['error']}"), device]
    seconds = sorted(entry["seconds"])
    middle = statistics.median(seconds)
    spread = f"{middle:.3g} [{seconds[0]:.3g}, {seconds[-1]:.3g}]"
    ours = [one["seconds"] for one in row["contenders"].values() if one["ours"] and not one["error"]]
    relative = f"{middle / statistics.median(ours[0]):.2f}" if ours else "–"
    result = f"{row['score_name']} {entry['score']:.3f}"
    return [*cells, relative, spread, f"{row['images'] / middle:,.0f}", result, device]


def _summary(ratios: Sequence[tuple[str, Mapping, str | None]]) -> str:
    sentences, measured_on = [], dict.fromkeys(device for device, _, _ in ratios)
    for device in measured_on:
        found: dict[str, list[str]] = {}
        for _, row, ours in (one for one in ratios if one[0] == device):
            way = "" if ours is None or ours == next(iter(row["ratios"])) else ours.partition(", ")[2]
            found.setdefault(way, []).append(reached(row, ours))
        counts = {way: f"{words.count('yes')} of {len(words)}" for way, words in found.items()}
        others = "".join(f"; {way}, {count} do" for way, count in counts.items() if way)
        sentences.append(f"On the {device}, {counts['']} rows reach their aim where all do the same work{others}.")
    missing = [KINDS[kind] for kind in ("cpu", "cuda") if KINDS[kind] not in measured_on]
    return " ".join([*sentences, *(f"Not measured on a {name}." for name in missing)])


def _chart(ratios: Sequence[tuple[str, Mapping, str | None]], folder: str) -> str:
    said = []
    for device, row, ours in ratios:
        value = f"{row['ratios'][ours]['median']:.2f}" if ours else "failed"
        said.append(f"{device}, {row['title']}, {ours or 'no ratio'}: {value}, aim {row['aim']:g}")
    alt = f"Bars of the fastest peer's time over ours. {'; '.join(said)}."
    caption = "How many times as fast as the fastest peer: the median, whose value stands at the right. "
    caption += "The line on a bar spans the quartiles of the rounds; a diamond is the aim."
    return markup.figure(f"{folder}/{CHART}", alt, caption, "benchmarks-ratios")


def _conditions(rows: Sequence[tuple[str, Mapping]]) -> str:
    runs: dict[tuple[str, str], list[Mapping]] = {}
    for device, row in rows:
        runs.setdefault((device, row["conditions"]["started"]), []).append(row)
    lines = []
    for (device, started), together in runs.items():
        facts = together[0]["conditions"]
        loads = f"{facts['load_at_start']:g}, {max(row['conditions']['load_at_end'] for row in together):g}"
        words = "; other work" if any(busy(row["conditions"]) for row in together) else ""
        versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
        machine = f"{markup.plain(facts['device'])}, {facts['threads']} threads"
        titles = markup.plain(", ".join(row["title"] for row in together))
        lines.append([device, machine, markup.moment(started), loads + words, versions, titles])
    head = ["On", "Device", "Run", "Load before, highest after a row", "Versions", "Rows"]
    table = markup.table("Conditions", head, lines)
    if not any(busy(row["conditions"]) for _, row in rows):
        return table
    note = "The machine had other work while some rows were timed, as the table says. Take their ratios with care."
    return f"```{{warning}}\n{note}\n```\n\n{table}"


def busy(facts: Mapping) -> bool:
    """Whether load averages say that a machine had work other than the benchmark's threads."""
    spare = facts["cores"] / 4
    return facts["load_at_start"] > spare or facts["load_at_end"] > facts["threads"] + spare
