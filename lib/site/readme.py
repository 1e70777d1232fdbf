"""What README.md shows of the recorded runs: the result table and one figure, both taken from their files."""

import base64
from pathlib import Path

import nbformat

from lib import book, compute
from lib.files import atomic
from lib.ledger import results
from lib.ledger.claims import Paper, paper
from lib.show import tables

README = compute.ROOT / "README.md"
BEGIN, END = "<!-- results: written by `make record` -->\n", "<!-- end of results -->"
FIGURE = ("common_ground", "common-ground-ladder")
"""The notebook and the name of the figure."""


def update() -> None:
    """Write the table and the figure anew."""
    text = with_results(README.read_text())
    with atomic(README) as temporary:
        temporary.write_text(text)
    picture = figure()
    if picture:
        figure_file().write_bytes(picture)


def with_results(text: str) -> str:
    """README's text with the table as the recorded runs have it now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{results_table()}\n{END}{after}"


def results_table() -> str:
    """One line a recorded claim, in Markdown: what the paper says, what we measured, both answers."""
    lines = ["| claim | paper | measured | do we get it? | does it stand? |", "| --- | --- | --- | --- | --- |"]
    for name in book.papers():
        found = results.read_results(results.RECORDED, name)
        lines += [_line(paper(name), entry) for entry in (found["claims"] if found else [])]
    missing = [name for name in book.papers() if results.read_results(results.RECORDED, name) is None]
    note = f"\n\nNot recorded yet: {', '.join(missing)}." if missing else ""
    return "\n".join(lines) + note


def figure_file() -> Path:
    """Where the figure is kept."""
    return results.RECORDED / f"{FIGURE[1]}.png"


def figure() -> bytes | None:
    """The figure as the recorded notebook has it, as PNG; None where it is not recorded."""
    path = results.RECORDED / f"{FIGURE[0]}.ipynb"
    if not path.exists():
        return None
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.metadata.get("mystnb", {}).get("figure", {}).get("name") == FIGURE[1]:
            (picture,) = [output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {})]
            return base64.b64decode(picture)
    return None


def _line(of: Paper, entry: dict) -> str:
    measured, claimed = entry["measured"], entry["claimed"]
    value = "–" if measured is None else f"{measured['mean']:.4f}{_interval(measured)}, {tables.over(measured)}"
    claim = of.claims.get(entry["id"])  # which may have been renamed since
    if claim and entry["kind"] == "number":
        claimed = f"{claimed:g} ± {claim.tolerance:g}"
    verdict = entry["verdict"] + (", fitted" if entry["fitted"] else "")
    return f"| {of.name}: {entry['id']} | {claimed} | {value} | {verdict} | {entry['stands'] or '–'} |"


def _interval(measured: dict) -> str:
    return "" if measured["low"] is None else f" [{measured['low']:.4f}, {measured['high']:.4f}]"
