"""What README.md shows of the recorded runs: the results in short and one figure, both taken from their files."""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat

from lib import book, compute
from lib.files import atomic
from lib.ledger import board, first_edition, results, words
from lib.ledger.board import Row
from lib.ledger.claims import Paper, paper
from lib.show import wording

README = compute.ROOT / "README.md"
BEGIN, END = "<!-- results: written by `make record` -->\n", "<!-- end of results -->"
FIGURE = ("common_ground", "common-ground-ladder")
"""The notebook and the name of the figure."""


def update() -> None:
    """Write the table and the figure anew."""
    text = with_results(README.read_text(encoding="utf-8"))
    with atomic(README) as temporary:
        temporary.write_text(text, encoding="utf-8")
    picture = figure()
    if picture:
        figure_file().write_bytes(picture)


def with_results(text: str) -> str:
    """README's text with the table as the recorded runs have it now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{results_table()}\n{END}{after}"


def results_table() -> str:
    """What became of each paper's claims, and of each about a defence, in Markdown; all others are on the site."""
    rows = board.rows(results.RECORDED)
    lines = ["| paper | claims | what became of them |", "| --- | --- | --- |"]
    lines += [_paper_line(paper(name), [row for row in rows if row.claim.paper == name]) for name in book.papers()]
    lines += ["", "| claim about a defence | the paper's way | soundly | answer |", "| --- | --- | --- | --- |"]
    lines += [_line(row) for row in rows if row.claim.about == "defence" and row.word != words.NOT_RUN]
    return "\n".join(lines)


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


def _paper_line(of: Paper, rows: Sequence[Row]) -> str:
    counts = Counter(row.word for row in board.once(rows))
    order = [*words.ALL, first_edition.NAME]
    return f"| {of.title} | {len(rows)} | {', '.join(f'{counts[word]} {word}' for word in order if counts[word])} |"


def _line(row: Row) -> str:
    name = f"{row.claim.paper}: {row.claim.id}"
    if row.answer is None:
        stands = f", stands: {row.old['stands']}" if row.old["stands"] else ""
        return f"| {name} | {_value(row.old)} | – | {row.word}: {row.old['verdict']}{stands} |"
    beside = "".join(f"; {one}" for one in wording.caveats(row.answer))
    return f"| {name} | {_value(row.answer['paper'])} | {_value(row.answer['sound'])} | {row.word}{beside} |"


def _value(finding: Mapping | None) -> str:
    measured = finding and finding["measured"]
    if not measured:
        return "–"
    interval = "" if measured["low"] is None else f" [{measured['low']:.3f}, {measured['high']:.3f}]"
    return f"{measured['mean']:.3f}{interval}"
