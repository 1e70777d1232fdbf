"""What README.md shows of the recorded runs: what each paper proposes and what was found, a figure, the costs."""

import re

from lib import book, compute
from lib.files import write
from lib.ledger import claims, results
from lib.run import costs, profiles
from lib.run.run import Run
from lib.site import front
from lib.site.pictures import Picture

README = compute.ROOT / "README.md"
FIGURE = results.RECORDED / f"{front.LADDER}.png"
"""Where the figure is kept."""


def update() -> None:
    """Write the generated parts of README anew, and the figure."""
    write(README, with_generated(README.read_text(encoding="utf-8")))
    if picture := figure():
        write(FIGURE, picture.png)


def with_generated(text: str) -> str:
    """README's text with its generated parts, each between two comments, as the recorded runs are now."""
    for name, part in {"findings": findings, "figure": figure_shown, "costs": costs_table}.items():
        between = re.compile(rf"(<!-- {name}: [^>]*-->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        if not between.search(text):
            raise ValueError(f"README has no place for {name}: two comments, `{name}: …` and `end of {name}`")
        text = between.sub(lambda found, part=part: f"{found[1]}{part()}\n{found[2]}", text)
    return text


def findings() -> str:
    """A line for each paper: its title, its idea, and what was found, as its chapter's opening says."""
    lines = ["| paper | its idea | what we found |", "| --- | --- | --- |"]
    for paper in map(claims.paper, book.papers()):
        found = front.finding(paper.name, _recorded(paper.name))
        lines.append(f"| [{paper.title}](notebooks/{paper.name}.ipynb) | {paper.idea} | {found} |")
    return "\n".join(lines)


def figure() -> Picture | None:
    """The figure of all defences from the recorded run; None where there is none."""
    return front.ladder(_recorded(front.COMMON))


def figure_shown() -> str:
    """The figure in Markdown, with its caption."""
    picture = figure()
    if not picture:
        return front.NOT_RUN
    place = FIGURE.relative_to(compute.ROOT)
    return f"![{picture.alt}]({place})\n\n*{picture.caption}*"


def costs_table() -> str:
    """What each chapter takes: in the quick profile as timed, and for the cells of its recorded run."""
    quick = costs.of_profile(profiles.QUICK)
    lines = ["| chapter | quick, two CPU cores | recorded, one process | data |", "| --- | --- | --- | --- |"]
    for name in book.chapters():
        cost, run = quick.get(name), _recorded(name)
        shown = f"{cost['minutes']:g} minutes, {cost['memory_gb']:g} GB" if cost else "not timed"
        lines.append(f"| `{name}` | {shown} | {_as_recorded(run)} |")
    return "\n".join(lines)


def _as_recorded(run: Run | None) -> str:
    if run is None:
        return "not recorded | –"
    found = run.results()
    facts, hours = found["provenance"], sum(found["seconds"].values()) / 3600
    return f"{hours:.1f} hours, {facts['peak_memory_bytes'] / 1e9:.1f} GB | {front.data_of(run)}"


def _recorded(name: str) -> Run | None:
    return Run.found(name, results.RECORDED)
