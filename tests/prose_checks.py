"""What the book's prose is checked for; `python tests/prose_checks.py mitigation` prints what a page still has."""

import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import prose
import yaml
from prose import Page

from lib import book, compute
from lib.run import profiles

RULES = yaml.safe_load((Path(__file__).parent / "prose.yaml").read_text(encoding="utf-8"))
LONGEST_SENTENCE = 35
LONGEST_OPENING = 90
MOST_FINDINGS = 3
WIDEST_LINE = 79
LONGEST_CELL = 15

NUMBER = re.compile(r"(?<![\w.,/-])(?P<number>\d[\d,]*\.\d+|\d+(?=\s?%))(?!\.?\d)(?P<percent>\s?%)?")
NAMED = re.compile(
    r"(?:sections?|chapters?|Eqs?\.|Figs?\.|Tables?|Python|(?:Py)?torch|BY-SA|versions?)\s[\d.,]+"
    r"(?:,?(?: and| or| to|)\s[\d.,]+)*",
    re.IGNORECASE,
)
"""The number of a part of a paper, or of a version."""

OPENING = ("The question", "The paper", "What we found", "Why")
"""How the paragraphs of a chapter's card begin."""


def banned(page: Page) -> Iterator[str]:
    """Words that a reader has to guess at."""
    for passage in page.passages():
        for rule in RULES["words"]:
            if page.name not in rule.get("save", ()):
                for found in re.finditer(rule["not"], passage, re.IGNORECASE):
                    around = passage[max(0, found.start() - 40) : found.end() + 25]
                    yield f"{found[0]!r} (write: {rule['but']}) in: …{around}…"


def claim_names(page: Page) -> Iterator[str]:
    """Claims by their ids: prose says what they say. A heading of a table or a link may name one."""
    for text in page.texts:
        for passage in prose.passages(text):
            for found in re.findall(r"`([a-z_0-9]+\.[a-z_0-9.]+)`", passage):
                if found in _claims() or found.partition(".")[2] in _claims():
                    yield f"`{found}`: say what it claims, in: {prose.plain(passage)[:80]}"


def long_sentences(page: Page) -> Iterator[str]:
    """Sentences of more than one thought."""
    for sentence in page.sentences():
        if (count := prose.words(sentence)) > LONGEST_SENTENCE:
            yield f"{count} words: {sentence}"


def typed_numbers(page: Page) -> Iterator[str]:
    """Decimals and percentages that no run produced and that are nobody's fact or setting."""
    own = page.name in book.papers()
    facts = _papers_numbers(*([page.name] if own else book.papers()))
    allowed = facts | _settings(page.name) | {one["value"] for one in RULES["constants"]}
    for passage in page.passages():
        for found in NUMBER.finditer(NAMED.sub("", passage)):
            if not _stands_for(found["number"].replace(",", ""), allowed, rounded=facts if own else ()):
                yield f"{found[0]} in: …{passage[max(0, passage.find(found[0]) - 40) :][:80]}…"


def _stands_for(number: str, allowed: Iterable[float], rounded: Iterable[float]) -> bool:
    """Whether a number is one of those allowed, told as a share or in percent; with three digits, or one rounded."""
    digits, places = len(number.replace(".", "").lstrip("0")), len(number.partition(".")[2])
    same = any(abs(float(number) - scale * one) < 1e-9 for one in allowed for scale in (1, 100))
    return same or (digits > 2 and any(round(s * one, places) == float(number) for one in rounded for s in (1, 100)))


def opening(page: Page) -> Iterator[str]:
    """A chapter's first cell: a card of four paragraphs, short, with few numbers; below it what they come from."""
    _, *paragraphs = re.split(r"\n\s*\n", page.texts[0].strip())
    begun = [_label(paragraph) for paragraph in paragraphs]
    yield from (f"no paragraph that begins with **{label}**" for label in OPENING if label not in begun)
    if any(re.match(r"\*\*What we found\.?\*\* (It|Its|They|Their|This|These)\b", one) for one in paragraphs):
        yield "what we found is shown in README too, where nothing says what its first word is about"
    last = max((place for place, label in enumerate(begun) if label), default=len(begun) - 1)
    card = "\n\n".join(paragraphs[: last + 1])
    if (count := prose.words(prose.plain(card))) > LONGEST_OPENING:
        yield f"the card has {count} words, at most {LONGEST_OPENING}"
    if (count := card.count("{glue:")) > MOST_FINDINGS:
        yield f"the card has {count} numbers of the run, at most {MOST_FINDINGS}"


def _label(paragraph: str) -> str:
    found = re.match(r"\*\*(.+?)\.?\*\*", paragraph)
    return found[1].replace("The papers", "The paper") if found and found[1].startswith(OPENING) else ""


def parts(page: Page) -> Iterator[str]:
    """The sections that a reader and a reviewer look for."""
    headings = [line for text in page.texts for line in text.splitlines() if line.startswith("## ")]
    for part in ("Reproduction summary", "Limits", "Exercises"):
        if not any(line == f"## {part}" for line in headings):
            yield f"no section '## {part}'"


def code(page: Page) -> Iterator[str]:
    """Code that does not fit into the column, or of which a cell has too much."""
    shown = [*page.code, *(block for text in page.texts for block in prose.code_blocks(text))]
    for line in (line for block in shown for line in block.splitlines()):
        if len(line) > WIDEST_LINE:
            yield f"{len(line)} characters: {line}"
    for cell in page.code:
        if (count := cell.strip().count("\n") + 1) > LONGEST_CELL:
            yield f"{count} lines: {cell.splitlines()[0]} …"


def unlinked(page: Page) -> Iterator[str]:
    """Terms of the glossary that no page links."""
    linked = {
        term for one in pages().values() if one.name != page.name for text in one.texts for term in linked_terms(text)
    }
    yield from (f"no page links {term}" for term in sorted(terms(page) - linked))


def linked_terms(text: str) -> set[str]:
    """The terms that a text links, in small letters."""
    found = re.findall(r"\{term\}`([^`]+)`", text)
    return {(one.partition("<")[2].rstrip(">") or one).lower() for one in found}


def terms(page: Page) -> set[str]:
    """The terms of the glossary, in small letters."""
    _, _, inside = page.texts[0].partition("```{glossary}")
    return {line.lower() for line in inside.splitlines() if re.match(r"[^\s:`]", line)}


@cache
def _claims() -> frozenset[str]:
    names = set()
    for name in book.papers():
        names |= {claim["id"] for claim in yaml.safe_load(book.claims_file(name).read_text(encoding="utf-8"))["claims"]}
    return frozenset(names)


@cache
def _papers_numbers(*names: str) -> frozenset[float]:
    """All numbers among the facts of papers."""
    texts = [book.claims_file(name).read_text(encoding="utf-8") for name in names]
    return frozenset(float(number) for text in texts for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text))


def _settings(name: str) -> frozenset[float]:
    """The settings of a chapter; where a page is none, those of all chapters."""
    return frozenset().union(*map(_settings_of, [name] if name in book.chapters() else book.chapters()))


@cache
def _settings_of(chapter: str) -> frozenset[float]:
    """The values and ranges of a chapter's parameters, and the constants of its modules."""
    given = [profiles.values(chapter, profile, {}) for profile in profiles.names()]
    found = [value for values in given for value in values.values()]
    found += [value for one in profiles.declared(chapter).values() for value in (one.default, one.low, one.high)]
    found += [value for path in prose.modules(chapter) for value in prose.constants(path)]
    return frozenset(float(number) for value in found for number in re.findall(r"\d+(?:\.\d+)?", str(value)))


PROSE = {"words": banned, "claims": claim_names, "sentences": long_sentences, "numbers": typed_numbers}
CHAPTER = {"opening": opening, "parts": parts, "code": code}
CHECKS = PROSE | CHAPTER | {"terms": unlinked}


@cache
def pages() -> dict[str, Page]:
    """All pages that people read, by name."""
    files = [*sorted(book.PAGES.glob("*.md")), *(compute.ROOT / name for name in ("README.md", "CONTRIBUTING.md"))]
    found = [prose.chapter(name) for name in book.notebooks()] + [prose.page(path) for path in files]
    return {one.name: one for one in [*found, *map(prose.written, book.chapters())]}


def checks_of(name: str) -> Iterable[str]:
    """Which checks a page is held to: of a chapter all; of what its code writes, whose numbers are the run's, words."""
    if name.startswith("lib/"):
        return ("words", "claims")
    if name in book.notebooks():
        return [*PROSE, *CHAPTER] if name in book.chapters() else [*PROSE, "code"]
    return [*PROSE, "terms"] if name == "glossary.md" else PROSE


def known(name: str, check: str) -> bool:
    """Whether a page is known not to keep to a check."""
    return check in (RULES["known"] or {}).get(name, ())


if __name__ == "__main__":
    there = pages()
    for name in [one for word in sys.argv[1:] for one in there if word in one] or there:
        for check in checks_of(name):
            for fault in CHECKS[check](there[name]):
                print(f"{name}: {check}: {fault}")
