"""A verdict kept: its JSON and its page in one folder."""

from pathlib import Path

from lib.judge import beside, page, written
from lib.judge.verdict import Verdict


def keep(verdict: Verdict, folder: str | Path) -> Path:
    """Write `folder/verdict.json` and `folder/page`, in place of those that there are; return the page to open.

    Raises
    ------
    OSError
        Where the folder cannot be written.
    lib.site.render.SiteError
        Where jupyter-book fails or warns; the JSON is there then.
    """
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    written.write(verdict, folder)
    return rendered(verdict, folder)


def rendered(verdict: Verdict, folder: Path) -> Path:
    """The page alone, for a folder that has the JSON: the network beside the book's at each of its radii."""
    return page.build(verdict, {eps: beside.rows(verdict.subject.data, eps) for eps in verdict.at}, folder)
