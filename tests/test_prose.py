"""The book's prose keeps to its style (STYLE.md): words, sentences, numbers, openings, parts, and code that fits."""

from pathlib import Path

import prose
import prose_checks as checks
import pytest
from prose import Page

from lib import book

PAGES = checks.pages()


@pytest.mark.parametrize(("name", "check"), [(name, check) for name in PAGES for check in checks.checks_of(name)])
def test_a_page_keeps_to_the_style(name: str, check: str) -> None:
    found = list(checks.CHECKS[check](PAGES[name]))
    if checks.known(name, check):
        assert found, f"{name} keeps to {check} now: take it off the list of what is known, in tests/prose.yaml"
    else:
        assert found == []


def test_what_is_known_to_fail_is_there() -> None:
    known = {(name, check) for name, of in (checks.RULES["known"] or {}).items() for check in of}
    assert known <= {(name, check) for name in PAGES for check in checks.checks_of(name)}


def test_every_term_that_a_page_links_is_in_the_glossary() -> None:
    """The site's build says so too, in minutes."""
    linked = {term for page in PAGES.values() for text in page.texts for term in checks.linked_terms(text)}
    assert linked and linked - checks.terms(PAGES["glossary.md"]) == set()


# ---- The checks themselves ----


@pytest.mark.parametrize(
    "told",
    [
        "The network reads it wrongly, and reads wrongly what else there is.",
        "It is misread at once.",
        "An image that is read as a seven.",
        "Which reads {glue:text}`a:.2f` of them.",
        "What a fresh attack leaves is little.",
        "PGD leaves {glue:text}`a:.2f` of them.",
        "Its number is behind no row.",
        "This row is of one network.",
        "The first edition had a table.",
    ],
)
def test_private_words_are_found(told: str) -> None:
    assert list(checks.banned(Page("mitigation", (told,))))


def test_plain_words_are_not() -> None:
    told = "A reading of the paper. What the paper leaves open. `reads wrongly` is code. It is left as it is."
    assert list(checks.banned(Page("mitigation", (told,)))) == []


def test_only_prose_is_read() -> None:
    text = (
        "# Title\n\nOne thing.\nStill so, as Eq. 2 says.\n\n```python\nx = 0.123\n```\n\n$$\nx = 0.1\n$$ (label)\n\n"
        + (
            "````{exercise} Try it\n:label: try\nDo it.\n```python\ny\n```\n````\n\n```{figure} f.png\nnot this\n```\n"
            "| head | other |\n|---|---|\n| a cell | `code` |\n\n- an item\n  of two lines\n- {cite:p}`key` another"
        )
    )
    read = [prose.plain(one).strip() for one in prose.passages(text)]
    expected = ["Title", "One thing. Still so, as Eq. 2 says.", "Try it", "Do it.", "head", "other", "a cell", "CODE"]
    assert read == [*expected, "an item of two lines", "another"]
    assert prose.sentences(read[1]) == ["One thing.", "Still so, as Eq. 2 says."]


def test_a_long_sentence_is_found_whatever_formulas_and_links_it_has() -> None:
    short = " ".join(["word"] * 34) + " $a + b + c + d$."
    assert list(checks.long_sentences(Page("x", (short,)))) == []
    assert list(checks.long_sentences(Page("x", (short.replace(".", " [more](to.md)."),))))


def test_a_number_of_no_run_is_found() -> None:
    fine = "The paper prints 0.0796, or 8.0% rounded; eps 0.1; section 4.3; guessing is 0.5; a 95% interval."
    assert [one for one in checks.typed_numbers(Page("unlearning", (fine,))) if "8.0" not in one] == []
    for typed in ("It has 0.4321 here.", "So it falls by 37.5%.", "Only 41% of them."):
        assert list(checks.typed_numbers(Page("unlearning", (typed,))))
    assert list(checks.typed_numbers(Page("unlearning", ("It prints 0.967.",)))) == [], "0.9669 rounded"
    assert list(checks.typed_numbers(Page("mitigation", ("It prints 0.9669.",)))), "another paper's number"


def test_a_card_is_short_and_has_its_four_parts() -> None:
    card = (
        "# T\n\n**The question.** So?\n\n**The paper** says so.\n\n**What we found.** {glue:text}`a`.\n\n**Why.** So."
    )
    assert list(checks.opening(Page("x", (card,)))) == []
    foot = "\n\nOf {glue:text}`b` {glue:text}`c` {glue:text}`d` networks. " + "word " * 90
    assert list(checks.opening(Page("x", (card + foot,)))) == [], "what the numbers come from stands below the card"
    pronoun = card.replace("found.** ", "found.** It has ")
    for broken in (card.replace("**Why.**", "Since"), pronoun, card + " {glue:text}`b`" * 3, card + " word" * 90):
        assert list(checks.opening(Page("x", (broken,))))


def test_a_part_that_is_missing_and_code_that_is_too_wide_are_found() -> None:
    whole = "## Reproduction summary\n\n## Limits\n\n## Exercises"
    assert list(checks.parts(Page("x", (whole,)))) == []
    assert list(checks.parts(Page("x", (whole.replace("## Limits", "## Beyond"),)))) == ["no section '## Limits'"]
    assert list(checks.code(Page("x", (), ("a" * 79, "b\n" * 15)))) == []
    for broken in (
        Page("x", (), ("a" * 80,)),
        Page("x", (), ("b\n" * 16,)),
        Page("x", ("```python\n" + "a" * 80 + "\n```",)),
    ):
        assert list(checks.code(broken))


def test_claims_are_told_and_not_named() -> None:
    assert list(checks.claim_names(Page("x", ("The row `removal.helps` is open.",))))
    assert list(checks.claim_names(Page("x", ("The file `answers.py` and `lib.ledger`.",)))) == []


def test_what_the_code_writes_onto_a_page_is_read_without_docstrings() -> None:
    source = '"""A docstring is none."""\nx: int = 1\n"""Nor is this."""\ndef f(a):\n    g(f"It leaves {a} here.")\n'
    assert prose.strings(source) == ["It leaves … here."]
    assert all(PAGES[f"lib/chapters/{name}"].texts for name in book.chapters())


def test_a_chapter_of_one_file_is_read_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prose, "CHAPTERS", tmp_path)
    (tmp_path / "short.py").write_text('EPS = 0.1\n\n\ndef why():\n    return "It leaves much."\n')
    assert prose.written("short").texts == ("It leaves much.",)
    assert [prose.constants(path) for path in prose.modules("short")] == [[0.1]]
