"""Papermill's engine, which also says how far a notebook has come."""

import re
import time
from pathlib import Path

from papermill.engines import NBClientEngine, papermill_engines
from traitlets.config import Config

from lib import provenance

NAME = "announcing"
"""The name by which papermill knows the engine."""

HEADING = re.compile(r"^#+ (.+)", re.MULTILINE)
"""A heading in a text cell, wherever it stands: a label or the end of the section before may come first."""


class _Announcing(NBClientEngine):
    """Papermill's engine, which also prints each heading it comes to, with the cell's number and the time spent."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        started, begin, total = time.monotonic(), nb_man.cell_start, len(nb_man.nb.cells)
        output = Path(nb_man.output_path or nb_man.nb.metadata.papermill.output_path)
        name = output.stem

        def announced(cell, cell_index=None, **others):
            if cell.cell_type == "markdown" and (heading := HEADING.search(cell.source)):
                elapsed = provenance.clock(time.monotonic() - started)
                print(f"{name}: cell {cell_index + 1:2d} of {total}  {elapsed}  {heading[1]}", flush=True)
            return begin(cell, cell_index=cell_index, **others)

        nb_man.cell_start = announced
        # The kernel warns at each start that it listens on this machine, and logs an error when it is told to stop.
        # Papermill reports what goes wrong in a cell, or with the kernel as a whole.
        quiet = ["--IPKernelApp.log_level=CRITICAL"]
        # The file for connecting to it lies beside the notebook, and so is removed with what a killed run has left.
        config = Config({"ConnectionFileMixin": {"connection_file": str(output.with_suffix(".kernel"))}})
        return super().execute_managed_notebook(nb_man, kernel_name, extra_arguments=quiet, config=config, **options)


papermill_engines.register(NAME, _Announcing)
