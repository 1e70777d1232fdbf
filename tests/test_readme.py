"""README.md shows what the recorded runs hold, and nothing else."""

import re

from lib import book
from lib.ledger.claims import paper
from lib.ledger.results import RECORDED, read_results
from lib.site import readme


def test_the_result_table_is_that_of_the_recorded_runs() -> None:
    text = readme.README.read_text()
    assert readme.with_results(text) == text


def test_the_figure_is_that_of_the_recorded_run() -> None:
    assert readme.figure() is not None
    assert readme.figure_file().read_bytes() == readme.figure()
    assert readme.figure_file().name in readme.README.read_text()


def test_every_recorded_claim_is_in_the_table() -> None:
    table = readme.results_table()
    for name in book.papers():
        results = read_results(RECORDED, name)
        for entry in results["claims"] if results else []:
            assert f"| {name}: {entry['id']} |" in table


def test_a_recorded_claim_that_was_renamed_since_is_still_a_line() -> None:
    mitigation = paper("mitigation")
    (entry, *_) = read_results(RECORDED, mitigation.name)["claims"]
    assert f"{mitigation.claims[entry['id']].tolerance:g}" in readme._line(mitigation, entry)
    renamed = readme._line(mitigation, entry | {"id": "of another name"})
    assert renamed.startswith("| mitigation: of another name |") and str(entry["claimed"]) in renamed


def test_every_chapter_is_costed() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", readme.README.read_text(), re.MULTILINE)
    assert set(rows) == set(book.chapters()), "the table in README, What it takes"


def test_a_printed_number_has_its_tolerance_and_a_fitted_one_is_marked() -> None:
    lines = {line.split(" | ")[0].removeprefix("| "): line for line in readme.results_table().splitlines()}
    for name in book.papers():
        results = read_results(RECORDED, name)
        for entry in results["claims"] if results else []:
            line, claim = lines[f"{name}: {entry['id']}"], paper(name).claims[entry["id"]]
            assert (claim.value is None) or f"| {claim.value:g} ± {claim.tolerance:g} |" in line
            assert (", fitted |" in line) == entry["fitted"]


def test_every_number_says_what_it_is_taken_over() -> None:
    cells = [line.split(" | ")[2] for line in readme.results_table().splitlines() if re.match(r"\| \w+: ", line)]
    assert all(cell == "–" or re.search(r", [\d,]+ (seed|image)s?$", cell) for cell in cells)
    assert any("seeds" in cell for cell in cells)
