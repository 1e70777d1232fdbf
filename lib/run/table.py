"""The result table of README.md, from the recorded runs."""

from lib import claims

SHOWN = ("verdict", "stands")


def results_table() -> str:
    """One line a recorded claim, in Markdown: what the paper says, what we measured, both answers."""
    lines = ["| claim | paper | measured | do we get it? | does it stand? |", "| --- | --- | --- | --- | --- |"]
    for name in claims.papers():
        results = claims.read_results(claims.RECORDED, name)
        for entry in results["claims"] if results else []:
            measured = entry["measured"]
            value = "–" if measured is None else f"{measured['mean']:.4f}" + _interval(measured)
            claimed = entry["claimed"] if entry["kind"] == "direction" else f"{entry['claimed']:g}"
            answers = " | ".join(str(entry[key] or "–") for key in SHOWN)
            lines.append(f"| {name}: {entry['id']} | {claimed} | {value} | {answers} |")
    return "\n".join(lines)


def _interval(measured: dict) -> str:
    return "" if measured["low"] is None else f" [{measured['low']:.3f}, {measured['high']:.3f}]"
