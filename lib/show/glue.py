"""Numbers that a page's prose shows: glued here by name, pasted there, never typed."""

from collections.abc import Mapping

from IPython.core.formatters import format_display_data
from IPython.display import display

RECORD = "application/papermill.record/"


def glue_all(prefix: str, values: Mapping[str, object]) -> None:
    """Keep several values, each as `<prefix>-<name>`."""
    for name, value in values.items():
        glue(f"{prefix}-{name}", value)


def glue(name: str, value: object) -> None:
    """Keep a value in the cell's outputs, unseen, for `` {glue:text}`name:.3f` `` in the prose of the book.

    The form is that of MyST-NB's glue; MyST-NB itself need not be on a machine that only executes notebooks.
    """
    bundle, metadata = format_display_data(value)
    metadata["scrapbook"] = {"name": name, "mime_prefix": RECORD}
    display({RECORD + kind: data for kind, data in bundle.items()}, raw=True, metadata=metadata)
