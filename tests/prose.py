"""The book's prose, as a reader meets it: pages, passages and sentences, without code, formulas and markup."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from lib import book, compute

TELLING = ("exercise", "solution", "dropdown", "admonition", "note", "warning", "tip", "important", "glossary", "grid")
"""Directives whose content is prose; of all others nothing is read."""

FENCE = re.compile(r"^\s*(?P<marks>`{3,}|:{3,})\s*(?P<info>.*)$")
OPTION = re.compile(r"^\s*(:[\w-]+:.*|-{3}|\+{3})$")
GENERATED = re.compile(r"<!--[^>]*-->.*?<!-- end of [^>]*-->", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
ABBREVIATED = re.compile(r"\b(Eqs?|Figs?|Secs?|No|vs|al|cf|pp|e\.g|i\.e)\.(?=\s)")
SENTENCE = re.compile(r"(?<=[.!?])[)\"'”]*\s+(?=[(\"“]?[^\W_])")
CHAPTERS = compute.ROOT / "lib" / "chapters"
PARTS_THAT_WRITE = ("here", "summary", "contradictions", "frames", "answers", "figures")
"""The modules of a chapter whose strings stand on its page."""


@dataclass(frozen=True)
class Page:
    """One page: the chapter, file or part of lib that it is, and its texts in Markdown."""

    name: str
    texts: tuple[str, ...]
    code: tuple[str, ...] = ()
    """Of a notebook: its code cells, without that of the parameters."""

    def passages(self) -> Iterator[str]:
        """All passages without markup, each a paragraph, an item of a list or a cell of a table."""
        for text in self.texts:
            for passage in passages(text):
                yield plain(passage)

    def sentences(self) -> Iterator[str]:
        """All sentences without markup."""
        for passage in self.passages():
            yield from sentences(passage)


def chapter(name: str) -> Page:
    """A notebook: its Markdown, and the captions and descriptions of its figures."""
    cells = nbformat.read(book.source(name), as_version=4).cells
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    for cell in cells:
        shown = cell.metadata.get("mystnb", {})
        texts += [shown.get("figure", {}).get("caption", ""), shown.get("image", {}).get("alt", "")]
    code = [
        cell.source for cell in cells if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", [])
    ]
    return Page(name, tuple(filter(None, texts)), tuple(code))


def page(path: Path) -> Page:
    """A page in Markdown, without what is generated between two comments."""
    text = COMMENT.sub("", GENERATED.sub("", path.read_text(encoding="utf-8")))
    return Page(path.name, (text,))


def written(name: str) -> Page:
    """What the code of a chapter writes onto its page: the strings of its modules, without docstrings."""
    files = modules(name)
    if len(files) > 1:
        files = [path for path in files if set(path.with_suffix("").parts) & set(PARTS_THAT_WRITE)]
    texts = [text for path in files for text in strings(path.read_text(encoding="utf-8"))]
    return Page(f"lib/chapters/{name}", tuple(texts))


def modules(name: str) -> list[Path]:
    """The modules of a chapter, which is a file or a package."""
    alone = CHAPTERS / f"{name}.py"
    return [alone] if alone.exists() else sorted((CHAPTERS / name).rglob("*.py"))


def strings(source: str) -> list[str]:
    """The strings of a module with two words or more, what is put into them shown as …; no docstrings."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None
    }
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    inner -= {id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)}
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # below a field or a constant
    found = []
    for node in ast.walk(tree):
        if id(node) in docstrings | inner | bare:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.append("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
    return [text for text in found if " " in text.strip()]


def constants(path: Path) -> list[float]:
    """The numbers among the constants of a module: what is set at its top."""
    top = ast.parse(path.read_text(encoding="utf-8")).body
    values = [node.value for node in top if isinstance(node, ast.Assign | ast.AnnAssign) and node.value]
    found = [part.value for value in values for part in ast.walk(value) if isinstance(part, ast.Constant)]
    return [one for one in found if isinstance(one, float)]


def passages(markdown: str) -> list[str]:
    """The passages of a Markdown text, still with their inline markup."""
    found: list[list[str]] = [[]]
    for line in _prose_lines(markdown):
        stripped = line.strip()
        if stripped.startswith("|"):
            cells = [cell.strip() for cell in stripped.strip("|").split("|")]
            found += [[cell] for cell in cells if re.search(r"\w", cell)] + [[]]
        elif not stripped or stripped.startswith("#"):
            found += [[stripped.lstrip("# ")], []]
        elif re.match(r"([-*+:]|\d+\.)\s", stripped):
            found.append([re.sub(r"^([-*+:]|\d+\.)\s+", "", stripped)])
        else:
            found[-1].append(stripped)
    return [text for lines in found if (text := " ".join(lines).strip())]


def _prose_lines(markdown: str) -> Iterator[str]:
    """The lines of a Markdown text that are prose; fences nest, and the innermost says what a line is."""
    fences: list[tuple[str, bool]] = []
    formula = False
    for line in markdown.splitlines():
        fence = FENCE.match(line)
        if fence and fences and fence["marks"] == fences[-1][0] and not fence["info"]:
            fences.pop()
            yield ""
        elif fence:
            name = re.match(r"\{([\w-]+)\}\s*(.*)", fence["info"])
            telling = name is not None and name[1].startswith(TELLING)
            fences.append((fence["marks"], telling))
            yield name[2] if telling and all(one for _, one in fences) else ""
            yield ""
        elif line.strip().startswith("$$"):
            formula = not formula if line.count("$$") == 1 else formula
        elif not formula and all(telling for _, telling in fences) and not (fences and OPTION.match(line)):
            yield line


def code_blocks(markdown: str) -> list[str]:
    """The code that a Markdown text shows in fences of a language."""
    return re.findall(r"^```(?:python|bash)\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)


def plain(text: str) -> str:
    """A passage without markup: a formula, a piece of code or a number of the run is one word, a citation none."""
    text = re.sub(r"\$[^$]+\$", "FORMULA", text)
    text = re.sub(r"\{glue:[\w:]+\}`[^`]*`", "RUN", text)
    text = re.sub(r"\s*\{cite(?::p)?\}`[^`]*`", "", text)
    text = re.sub(r"\{(?:[\w:-]+)\}`([^`<]*?)\s*(?:<[^>]*>)?`", r"\1", text)
    text = re.sub(r"(`+).+?\1", "CODE", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"<[^>]+>|\*+", "", text)


def sentences(passage: str) -> list[str]:
    """The sentences of a passage without markup."""
    whole = ABBREVIATED.sub(lambda found: found[0].replace(".", "\u2024"), passage)
    return [one.replace("\u2024", ".") for one in SENTENCE.split(whole)]


def words(text: str) -> int:
    """How many words a passage without markup has."""
    return sum(any(letter.isalnum() for letter in word) for word in text.split())
