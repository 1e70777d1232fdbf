"""What the primer shows of this book's own runs: pictures of attacked digits, the ledger's rule, two worked rows."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from lib.ledger import claims, results, words
from lib.run.run import Run
from lib.show import plots, rule
from lib.show.sentences import capital
from lib.site import markup, pages
from lib.site.facts import Runs
from lib.site.pictures import picture

PICTURES = {
    "primer_attacked": ("mitigation", "mitigation-digits"),
    "primer_judged": ("common_ground", "common-ground-digits"),
}
"""The pictures that the primer includes, by name: the notebook, and the figure's name there."""

STATEMENT, NUMBER = ("mitigation", "retraining.recovers"), ("mitigation", "clean.accuracy")
"""The chapter and the claim of each worked row; the statement has the same smallest effect both ways."""

RULE_ALT = (
    "Two panes of horizontal bars, each with a dot. Above, a vertical line is the smallest effect that counts; what is "
    "smaller is shaded. A bar right of the line holds, one in the shade fails, one across the line cannot tell. Below, "
    "a line is the printed number, with a shaded tolerance. A dot in the shade whose bar reaches the line is found, "
    "one whose bar does not is near, and a bar far from both is not found."
)


def stage(runs: Runs, folder: Path) -> dict[str, str]:
    """Put the primer's pictures into a folder of a staged book; return what the primer includes, by name.

    Where no run has measured something, a sentence says so.
    """
    texts = {name: _picture(name, *taken, runs, folder) for name, taken in PICTURES.items()}
    texts["rule"] = _drawn(rule.figure, "rule", RULE_ALT, "The rule, on made-up measurements.", folder)
    for name, (chapter, claim), told in (("worked_row", STATEMENT, _statement), ("worked_number", NUMBER, _number)):
        entry = _entry(runs.get(chapter), claim)
        texts[name] = told(entry, chapter, folder) if entry else missing(chapter)
    return texts


def missing(chapter: str) -> str:
    """What is said in place of what was not measured."""
    return f"*Not run in this copy of the book: `make reproduce PAPER={chapter}` measures it.*"


def _entry(run: Run | None, claim: str) -> Mapping | None:
    """A run's answer to a claim; None without a run, or where the run has not measured it."""
    entry = results.answers(run.results()).get(claim) if run else None
    return entry if entry and entry["paper"] else None


def _picture(name: str, notebook: str, figure: str, runs: Runs, folder: Path) -> str:
    found = picture(pages.shown(runs[notebook]), figure) if notebook in runs else None
    if not found:
        return missing(notebook)
    (folder / f"{name}.png").write_bytes(found.png)
    return markup.figure(f"{folder.name}/{name}.png", found.alt, f"{found.caption} From {{doc}}`{notebook}`.")


def _drawn(draw, name: str, alt: str, caption: str, folder: Path, *arguments: object) -> str:
    with plt.rc_context(plots.STYLE):
        drawn: Figure = draw(*arguments)
        drawn.savefig(folder / f"{name}.svg", metadata={"Date": None}, facecolor="white", bbox_inches="tight")
        plt.close(drawn)
    return markup.figure(f"{folder.name}/{name}.svg", alt, caption)


def _statement(entry: Mapping, chapter: str, folder: Path) -> str:
    """A worked statement, from what is compared to its word."""
    smallest, sides = entry["claimed"]["smallest"], (("paper", "way", "The paper's way"), ("sound", "sound", "Soundly"))
    link = _link(chapter, entry)
    claim = f"A claim of {{doc}}`{chapter}` ({link}): “{markup.plain(_says(chapter, entry))}”"
    lines = [f"{claim} The smallest effect that counts is {smallest:g}.", ""]
    for side, compared, label in sides:
        lines.append(
            f"- **{label}.** {capital(markup.plain(entry['claimed'][compared]))}. {_judged(entry[side], smallest)}"
        )
    lines += [f"- **Together** these two words make the answer: **{entry['word']}**. {markup.plain(entry['why'])}", ""]
    if not entry["sound"]:
        return "\n".join(lines)
    alt = "Two bars with their means, a line at the smallest effect that counts, and their words at the right."
    caption = "The same two measurements, drawn by the rule."
    return "\n".join([*lines, _drawn(rule.worked, "worked_row", alt, caption, folder, entry)])


def _judged(found: Mapping | None, smallest: float) -> str:
    if not found:
        return "This was not measured."
    measured, word = found["measured"], found["word"]
    low, high = measured["low"], measured["high"]
    said = f"Measured: {_value(measured)} ({markup.plain(found['by'])})."
    if low is None:
        return f"{said} There is no interval, so we *cannot tell*."
    lies = "above" if low > smallest else "below" if high < smallest else "on both sides of"
    meant = {
        "empty": ", but it is not shown to go beyond the control: the statement is *empty*.",
        "cannot tell": ", so we *cannot tell*.",
    }.get(word, f": the statement *{word}*.")
    needed = found["networks_needed"]
    more = f" About {needed} networks would decide." if needed else ""
    return f"{said} The interval lies {lies} {smallest:g}{meant}{more}"


def _number(entry: Mapping, chapter: str, folder: Path) -> str:
    """A worked number, from tolerance and prediction interval to its word."""
    claimed, measured = entry["claimed"], entry["paper"]["measured"]
    near = words.is_near(measured["mean"], claimed["value"], claimed["tolerance"])
    told = [
        f"A number of {{doc}}`{chapter}` ({_link(chapter, entry)}): “{markup.plain(_says(chapter, entry))}”",
        f"Our mean is {_value(measured)} ({markup.plain(entry['paper']['by'])}).",
        f"It lies {'within' if near else 'outside'} the tolerance of {claimed['tolerance']:g}.",
    ]
    if measured["predicted"]:
        low, high = measured["predicted"]
        told.append(f"One more network of ours would lie between {low:.4f} and {high:.4f}.")
    else:
        told.append("With one network the tolerance decides alone.")
    return " ".join([*told, f"So the number is **{entry['word']}**."])


def _value(measured: Mapping) -> str:
    if measured["low"] is None:
        return f"{measured['mean']:.4f}"
    return f"{measured['mean']:.4f}, with the 95% interval {measured['low']:.4f} to {measured['high']:.4f}"


def _says(chapter: str, entry: Mapping) -> str:
    return claims.paper(chapter).claims[entry["id"]].says


def _link(chapter: str, entry: Mapping) -> str:
    return f'<a href="scoreboard.html#{chapter}.{entry["id"]}">its row</a>'
