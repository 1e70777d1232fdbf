"""The parameters of a page: one cell, folded, with the values of the run that the page shows."""

import json
import re
from collections.abc import Mapping

from nbformat import NotebookNode

LINE = re.compile(r"(?P<name>\w+): (?P<type>\w+) = (?:\"[^\"]*\"|\S+)")
"""A declaration of a parameter, as `lib.parameters` reads it, up to its comment."""

PROMPT = {"code_prompt_show": "Parameters of this run", "code_prompt_hide": "Parameters of this run"}


def show_once(notebook: NotebookNode, values: Mapping[str, object]) -> None:
    """Put a run's values into the cell that declares the parameters, in place, and remove papermill's own cell."""
    notebook.cells = [cell for cell in notebook.cells if "injected-parameters" not in _tags(cell)]
    for cell in notebook.cells:
        if "parameters" in _tags(cell):
            cell.source = LINE.sub(lambda line: _with_value(line, values), cell.source)
            cell.metadata["tags"] = [*_tags(cell), "hide-input"]
            cell.metadata["mystnb"] = PROMPT | cell.metadata.get("mystnb", {})


def _tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def _with_value(line: re.Match, values: Mapping[str, object]) -> str:
    if line["name"] not in values:
        return line[0]
    value = values[line["name"]]
    written = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
    return f"{line['name']}: {line['type']} = {written}"
