"""Work out every word of the ledger anew, from ledger.json alone.

    python tests/recompute_words.py runs/quick/book/ledger.json

It shares no code with the book: what the introduction says of the words is written down here a second time.
"""

import json
import sys
from pathlib import Path

ROUNDING = 1e-9
ORDER = ["found", "near", "not found", "not run"]


def statement(paper: str, sound: str) -> str:
    """The table of the introduction."""
    table = {
        ("holds", "holds"): "confirmed",
        ("fails", "holds"): "true, not as shown",
        ("cannot tell", "holds"): "true, not as shown",
        ("empty", "holds"): "empty",
        ("holds", "cannot tell"): "found, unsettled",
        ("fails", "cannot tell"): "cannot tell",
        ("cannot tell", "cannot tell"): "cannot tell",
        ("empty", "cannot tell"): "empty",
        ("fails", "fails"): "refuted",
        ("fails", "empty"): "refuted",
    }
    return table.get((paper, sound), "does not stand" if sound == "fails" else "empty")


def finding(found: dict | None, smallest: float) -> str | None:
    """`holds`, `fails`, `cannot tell` or `empty`."""
    if found is None:
        return None
    measured, control = found["measured"], found["over_control"]
    low, high = measured["low"], measured["high"]
    if measured["networks"] == 0:
        holds = measured["mean"] >= smallest and measured["mean"] > 0
    elif low is None or not (low > smallest or high < smallest):
        return "cannot tell"
    else:
        holds = low > smallest
    if not holds:
        return "fails"
    return "empty" if control and (control["low"] is None or control["low"] <= 0) else "holds"


def alone(row: dict) -> str:
    """A row's word, whatever it is printed with."""
    rule = row["claimed"]
    if row["paper"] is None:
        return "not run"
    if row["kind"] == "statement":
        smallest = rule["smallest"]
        sound_smallest = smallest if rule["sound_smallest"] is None else rule["sound_smallest"]
        paper, sound = finding(row["paper"], smallest), finding(row["sound"], sound_smallest)
        return statement(paper, sound or (paper if row["theorem"] else "cannot tell"))
    measured = row["paper"]["measured"]
    near = abs(measured["mean"] - rule["value"]) <= rule["tolerance"] + ROUNDING
    if row["kind"] == "citation":
        return "found there and here" if near else "not found here"
    if measured["predicted"] is None:
        return "found" if near else "not found"
    half = 0.5 * 10.0 ** -len(rule["printed"].partition(".")[2]) + ROUNDING
    low, high = measured["predicted"]
    possible = low - half <= rule["value"] <= high + half
    return {2: "found", 1: "near", 0: "not found"}[near + possible]


def words(ledger: dict) -> dict[str, str]:
    """The word of each row, by its address."""
    own = {row["address"]: alone(row) for row in ledger["rows"]}
    found = {}
    for row in ledger["rows"]:
        together = [own[f"{row['chapter']}.{id}"] for id in row["joint"]] or [own[row["address"]]]
        found[row["address"]] = max(together, key=ORDER.index) if row["joint"] else together[0]
    return found


def differences(ledger: dict) -> list[str]:
    """Each row whose word comes out another, in words."""
    anew = words(ledger)
    rows = [(row["address"], row["word"]) for row in ledger["rows"]]
    return [f"{address}: {word!r} there, {anew[address]!r} here" for address, word in rows if anew[address] != word]


if __name__ == "__main__":
    whole = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if wrong := differences(whole):
        sys.exit("\n".join(wrong))
    print(f"all {len(whole['rows'])} words come out the same")
