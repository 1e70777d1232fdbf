"""A notebook as a page of the site: cleaned, with today's prose, and a note on where its numbers come from."""

import html
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping

import nbformat
from nbformat import NotebookNode

from lib import book
from lib.digest.code import code_digest
from lib.ledger import claims, results
from lib.run import costs, profiles
from lib.run.run import Run
from lib.show import counting, wording
from lib.site import facts, given, markup, words
from lib.site.facts import Runs

WIDGETS = "application/vnd.jupyter.widget-view+json"


def prepare(notebook: NotebookNode, name: str, runs: Runs) -> None:
    """Make an executed notebook a page, in place: without progress bars, with its run's values and notes on the run."""
    clean(notebook)
    take_prose(notebook, name)
    link_figures(notebook)
    told_of = [*book.chapters(), name] if name == book.SCOREBOARD else [name]
    stale = stale_note(runs[one] for one in told_of if one in runs)
    if stale:
        _below_title(notebook, stale)
    if name in runs and name in book.chapters():
        notes = filter(None, [size_note(runs[name]), check_note(runs[name])])
        notebook.cells[0].source += "".join(f"\n\n{note}" for note in notes)
    if name in runs:
        given.show_once(notebook, runs[name].results()["parameters"])
        notebook.cells.append(nbformat.v4.new_markdown_cell(provenance_note(runs[name])))


def shown(run: Run) -> NotebookNode:
    """A run's notebook as its page shows it: with today's prose."""
    notebook = nbformat.read(run.target, as_version=4)
    take_prose(notebook, run.notebook)
    return notebook


def take_prose(notebook: NotebookNode, name: str) -> None:
    """Put a run's outputs below today's cells, in place, where the code still computes the same.

    Prose, captions, tags and comments are not part of a result: a sentence that the numbers contradict can be corrected
    without a new run. The cell that papermill injected stays where it was, below the parameters.
    """
    if not book.source(name).exists():
        return
    today = nbformat.read(book.source(name), as_version=4).cells
    ran = [cell for cell in notebook.cells if cell.cell_type == "code"]
    injected = [cell for cell in ran if "injected-parameters" in cell.metadata.get("tags", [])]
    own = [cell for cell in ran if cell not in injected]
    code = [cell for cell in today if cell.cell_type == "code"]
    if [code_digest(cell.source) for cell in own] != [code_digest(cell.source) for cell in code]:
        return
    for cell, then in zip(code, own, strict=True):
        cell.outputs, cell.execution_count = then.outputs, then.execution_count
    after = next((i + 1 for i, cell in enumerate(today) if "parameters" in cell.metadata.get("tags", [])), 0)
    notebook.cells = [*today[:after], *injected, *today[after:]]


def link_figures(notebook: NotebookNode) -> None:
    """Make each figure a link to itself at full size, in place, as `markup.figure` does: it is small on a phone."""
    for cell in notebook.cells:
        if image := cell.metadata.get("mystnb", {}).get("image"):
            image["scale"] = "100"


def clean(notebook: NotebookNode) -> None:
    """Remove, in place, progress bars, what went to stderr, and papermill's metadata, which names folders."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if not _is_noise(output)]
        for output in cell.outputs:
            if output.output_type == "stream":
                output.text = re.sub(r"[^\n]*\r(?!\n)", "", output.text)  # as a terminal shows it


def _is_noise(output: NotebookNode) -> bool:
    return output.get("name") == "stderr" or WIDGETS in output.get("data", {})


def _below_title(notebook: NotebookNode, text: str) -> None:
    first = notebook.cells[0]
    title, newline, rest = first.source.partition("\n")
    first.source = f"{title}\n\n{text}\n{newline}{rest}" if title.startswith("# ") else f"{text}\n\n{first.source}"


def stale_note(runs: Iterable[Run]) -> str:
    """A warning that lists the runs whose results may not come out the same today; empty where there are none."""
    notes = [f"- {{doc}}`{run.notebook}`: {said}" for run in runs if (said := words.stale(run))]
    opening = ["```{warning}", "Out of date: these results may not come out the same today.", ""]
    return "\n".join([*opening, *notes, "```"]) if notes else ""


def size_note(run: Run) -> str:
    """How many of a page's answers come from a run smaller than the paper's, and how many claims have no answer.

    Empty where there are none of either.
    """
    found = results.answers(run.results()).values()
    measured = [entry for entry in found if entry["paper"]]
    count, open_ = sum(bool(entry["smaller"]) for entry in measured), len(found) - len(measured)
    told = []
    if count:
        told.append(
            f"{count} of the {len(measured)} answers below come{'s' * (count == 1)} from a run smaller than the paper's"
            ". Such an answer does not decide what holds at the paper's size; its card says how the run is smaller."
        )
    if open_:
        told.append(f"This run does not answer {counting.counted(open_, 'claim')}.")
    return " ".join(["**Scale.**", *told]) if told else ""


def check_note(run: Run) -> str:
    """How a reader can check the page: at a smaller size on a laptop, and if it is recorded, from its evidence."""
    command, cost = f"make reproduce PAPER={run.notebook}", costs.of_profile(profiles.QUICK).get(run.notebook)
    long = f", in about {max(2, math.ceil(cost['minutes']))} minutes on two CPU cores" if cost else ""
    told = f"**Check it.** `{command}` measures it on 5,000 digits{long}, and gives a page like this one."
    if run.profile == profiles.PAPER:
        pairs = [f"{name}={value}" for name, value in run.given.items()]
        params = f' PARAMS="{" ".join(pairs)}"' if pairs else ""
        again = f"make reproduce PROFILE=paper PAPER={run.notebook}{params}"
        if " " in "".join(pairs):  # make would take one value for several
            again = run.command("reproduce")
        told += f" `{again}` makes this very page from what was measured for it, in a minute or less."
    return f"{told} {{doc}}`run_it_yourself` says how to get the book."


def provenance_note(run: Run) -> str:
    """A folded note for the foot of a page: what was run, where, on what, and what it cost."""
    found = run.results()
    origin = found["provenance"]
    seconds = ", ".join(f"{html.escape(name)} {value:,.0f} s" for name, value in found["seconds"].items())
    rows = [
        ["Profile", words.profile_of(run)],
        ["Data", markup.plain(origin["data"])],
        *measured_rows(origin),
        ["Run", f"{markup.moment(origin['started'])} to {markup.moment(origin['finished'])}"],
        ["Computing", f"{sum(found['seconds'].values()):,.0f} s: {seconds}"],
        ["Peak memory", f"{origin['peak_memory_bytes'] / 2**30:.1f} GiB"],
        ["Versions", ", ".join(f"{name} {version}" for name, version in origin["versions"].items())],
        ["Commit", words.commit(origin["commit"])],
        ["Parameters", ", ".join(f"`{name}={value}`" for name, value in found["parameters"].items())],
    ]
    table = markup.table("Provenance", ["Entry", "Value"], rows)
    folded = ['<span id="evidence"></span>', "", "::::{dropdown} Where these numbers come from", "", table, ""]
    folded += ["{doc}`recorded_results` says what each entry means.", "::::"]
    return "\n".join(folded)


def measured_rows(origin: Mapping) -> list[list[str]]:
    """What measured the cells that a page was made from, and when."""
    evidence = origin["evidence"]
    rows = [["Evidence", f"{len(evidence['cells']):,} cells, each a measurement of its own"]]
    rows += [["Measured on", markup.plain("; ".join(evidence["devices"]))]] if evidence["devices"] else []
    moments = [markup.moment(one) for one in dict.fromkeys(evidence["measured"] or [])]
    rows += [["Measured", " to ".join(moments)]] if moments else []
    rows += [["Networks", wording.networks(evidence["networks"])]] if evidence["networks"] else []
    kinds = Counter()
    for note, count in evidence["notes"].items():
        kinds[note.partition(":")[0]] += count  # why a cell was carried over is kept in the cell
    notes = "; ".join(f"{counting.counted(count, 'cell')}: {kind}" for kind, count in kinds.items())
    return rows + ([["Notes", markup.plain(notes)]] if notes else [])


def missing_page(name: str) -> str:
    """The page of a chapter that has not been run."""
    if name in book.papers():
        paper = claims.paper(name)
        title, setting = markup.plain(paper.title), markup.plain(paper.setting)
        return (
            f"# {title}\n\n{_not_run(name)}\n\n*Setting.* {setting}.\n\n## Its claims\n\n{facts.claims_table(paper)}\n"
        )
    papers = map(claims.paper, book.papers() if name == book.SCOREBOARD else [])
    tables = [f"## {markup.plain(paper.title)}\n\n{facts.claims_table(paper, anchors=True)}\n" for paper in papers]
    return "\n".join([f"# {name.replace('_', ' ').capitalize()}", "", _not_run(name), "", *tables])


def _not_run(name: str) -> str:
    if not book.source(name).exists():
        text = "This book does not have the chapter's notebook yet, so nothing here is measured."
    else:
        command = "make" if name == book.SCOREBOARD else f"make reproduce PAPER={name}"
        text = f"This copy of the book was made without a run of this chapter. To run it: `{command}`."
    return markup.not_run(text)
