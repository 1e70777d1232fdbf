"""The figures of executed notebooks, as files for pages that are not notebooks."""

import base64
from dataclasses import dataclass

from nbformat import NotebookNode

from lib.markdown import plain


@dataclass(frozen=True)
class Picture:
    """A figure: the PNG, what can be seen in it (`alt`), and its caption without roles."""

    png: bytes
    alt: str
    caption: str


def picture(notebook: NotebookNode, name: str | None = None, *, tag: str | None = None) -> Picture | None:
    """The first figure of an executed notebook, or of those with this name and this tag; None where there is none."""
    for cell in notebook.cells:
        shown = cell.metadata.get("mystnb", {})
        figure = shown.get("figure", {})
        bundles = [output.get("data", {}) for output in cell.get("outputs", ())]
        images = [data["image/png"] for data in bundles if "image/png" in data]
        tagged = tag in (None, *cell.metadata.get("tags", ()))
        if figure and images and tagged and name in (None, figure.get("name")):
            alt, caption = shown.get("image", {}).get("alt", ""), plain(figure["caption"])
            return Picture(base64.b64decode(images[0]), alt, caption)
    return None
