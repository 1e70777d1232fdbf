"""Render a staged book with jupyter-book, and put the site in place of the one before, whole or not at all."""

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from lib.files import whole
from lib.run import orphan

JUPYTER_BOOK = """import runpy, sys
watch, parent = sys.argv.pop(1), sys.argv.pop(1)
runpy.run_path(watch)["ends_with"](int(parent))
from jupyter_book.cli.main import main
main()"""
"""Runs jupyter-book, which cannot be run with -m."""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FONT_PRELOAD = re.compile(r'\s*<link rel="preload" as="font"[^>]*>')
"""A hint of the theme's that a browser refuses, with an error, where a page is opened from disk."""
REDIRECT = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Refresh" content="0; url=\\1" />
    <title>To the first page</title>
  </head>
  <body><a href="\\1">To the first page</a></body>
</html>
"""
"""A page that only redirects to another one, with the title and the link that jupyter-book's own lacks."""
MENDS = {
    FONT_PRELOAD: "",
    re.compile(r'^<meta http-equiv="Refresh" content="0; url=([^"]+)" />\s*$'): REDIRECT,
    re.compile(r"(<title>)(.+) &#8212; \2(?=</title>)"): r"\1\2",
    re.compile(r' id="(?:exercise|solution)-content"'): "",
    re.compile('<div class="bd-sidebar-primary'): '<div role="region" aria-label="Book" class="bd-sidebar-primary',
    re.compile('role="doc-biblioentry"'): 'role="listitem"',
    re.compile(r"<th(?: [^>]*)?>\s*</th>"): "<td></td>",
}
"""What is replaced in pages. Besides the two above, it helps those who hear a page: a sidebar to jump to, references
that are items of their list, no empty table headings, no title said twice, no id that several elements have.
"""

OPENING = re.compile(r"<article.*?<p>(.*?)</p>", re.DOTALL)
"""The first paragraph of a page."""
TAG = re.compile(r"<[^>]*>")

BESIDE = "_beside"
"""The folder of a staged book whose files are put beside the pages as they are."""


class SiteError(RuntimeError):
    """The site could not be rendered; the message holds what the renderer said."""


def render(staged: Callable[[Path], None], output: Path) -> Path:
    """Render what `staged` puts into the folder that it is given: pages, _config.yml, _toc.yml.

    A warning counts as a failure. `output` is replaced as a whole, and stays as it was where rendering fails.

    Returns
    -------
    Path
        The first page, `output/index.html`.

    Raises
    ------
    SiteError
        Where jupyter-book fails or warns, or `output` holds something other than a site.
    """
    output = output.resolve()
    if _holds_other(output):
        raise SiteError(f"{output} holds something else than a site, and would be replaced whole: name another folder")
    with whole(output) as new:
        staged(new.parent / "book")
        _rendered(new.parent / "book", new.parent).rename(new)
    return output / "index.html"


def _holds_other(folder: Path) -> bool:
    """Whether there is anything other than an empty folder, or one that jupyter-book has filled."""
    try:
        found = os.listdir(folder)  # in one call: another process may put its site there
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        return True
    return bool(found) and "objects.inv" not in found


def _rendered(source: Path, work: Path) -> Path:
    """The folder of pages that jupyter-book makes from a staged book."""
    arguments = ["build", str(source), "--path-output", str(work), "-W", "--keep-going", "-n", "--all"]
    done = subprocess.run(
        [sys.executable, "-c", JUPYTER_BOOK, orphan.__file__, str(os.getpid()), *arguments],
        cwd=work,
        env=os.environ | {"PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    pages = work / "_build" / "html"
    if done.returncode and os.strerror(errno.ENOSPC) in done.stdout:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # `whole`, above, adds the folder's name
    if done.returncode or not (pages / "index.html").exists():
        raise SiteError(_complaints(done.stdout.replace(f"{source}{os.sep}", "")))
    if (source / BESIDE).exists():
        shutil.copytree(source / BESIDE, pages, dirs_exist_ok=True)
    for page in pages.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        for what, instead in MENDS.items():
            text = what.sub(instead, text)
        page.write_text(_described(text), encoding="utf-8")
    return pages


def _described(page: str) -> str:
    """A page with its first paragraph as its description, which is shown in search results and beside links."""
    found = OPENING.search(page)
    if not found:
        return page
    words = " ".join(TAG.sub("", found[1]).split()).replace('"', "&quot;")
    return page.replace("<title>", f'<meta name="description" content="{words}" />\n    <title>', 1)


def _complaints(log: str) -> str:
    lines = COLOUR.sub("", log).splitlines()
    found = [line for line in lines if re.search(r"WARNING|ERROR|CRITICAL|Error\b", line)]
    return "the site could not be rendered:\n" + "\n".join(found or lines[-30:])
