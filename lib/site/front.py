"""The front page: a card for each paper, with what was found and a picture, and the figure of all defences."""

from dataclasses import replace
from pathlib import Path

from lib import book
from lib.ledger import claims
from lib.ledger.claims import Paper
from lib.run.run import Run
from lib.site import markup, opening, pages
from lib.site.facts import Runs
from lib.site.pictures import Picture, picture

COMMON, LADDER = "common_ground", "common-ground-ladder"
"""The notebook that has all defences, and the name of the figure there that shows them."""
CARD = "card"
"""The tag of the figure that is on a chapter's card where that is not the first: wide, so that a phone shows it too."""

SETS = {"mnist": "MNIST", "cifar10": "CIFAR-10"}
NOT_RUN = "Not run in this copy of the book."


def stage(runs: Runs, folder: Path) -> dict[str, str]:
    """Put the pictures of the front page into a folder of a staged book; return what the page includes, by name."""
    cards = [_card(claims.paper(name), runs.get(name), folder) for name in book.papers()]
    text = "\n".join(["::::{grid} 1 1 2 2", ":gutter: 3", "", *cards, "::::", ""])
    return {"cards": text, "defences": _defences(runs.get(COMMON), folder)}


def finding(name: str, run: Run | None) -> str:
    """What a chapter found, in the words of its opening, or a sentence in their place where there are none."""
    if run is None:
        return NOT_RUN
    return opening.of_run(name, run).found or "What was found is on its page."


def data_of(run: Run) -> str:
    """The data sets of a run, by name: "MNIST, CIFAR-10"."""
    names = (part.partition(",")[0] for part in run.results()["provenance"]["data"].split("; "))
    return ", ".join(SETS.get(name, name) for name in names)


def ladder(run: Run | None) -> Picture | None:
    """The figure of all defences, with what it was measured on in its caption; None without a run that has it."""
    found = picture(pages.shown(run), LADDER) if run else None
    if not found:
        return None
    networks, images = (run.results()["parameters"][name] for name in ("seeds", "n_judge"))
    kinds = f"{networks} networks" if networks > 1 else "One network"
    return replace(found, caption=f"{found.caption} {kinds} of each kind, {images:,} test images of {data_of(run)}.")


def _card(paper: Paper, run: Run | None, folder: Path) -> str:
    question = opening.of_run(paper.name, run).question
    notebook = run and pages.shown(run)
    shown = notebook and (picture(notebook, tag=CARD) or picture(notebook))
    title, idea = markup.plain(paper.title), markup.plain(paper.idea)
    lines = [f":::{{grid-item-card}} {question or title}", f":link: {paper.name}", ":link-type: doc"]
    if shown:
        place = folder / f"card-{paper.name}.png"
        place.write_bytes(shown.png)
        lines += [f":img-top: {folder.name}/{place.name}", f":img-alt: {shown.alt}"]
    lines += ["", f"*{title}.* {idea}" if question else idea, "", finding(paper.name, run)]
    lines += ["", f"<small>Measured on {data_of(run)}.</small>"] if run else []
    return "\n".join([*lines, ":::"])


def _defences(run: Run | None, folder: Path) -> str:
    shown = ladder(run)
    if not shown:
        return NOT_RUN
    (folder / "defences.png").write_bytes(shown.png)
    return markup.figure(f"{folder.name}/defences.png", shown.alt, shown.caption)
