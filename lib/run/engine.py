"""Papermill's engine, which says where a notebook is."""

import re
import time
from pathlib import Path

from papermill.engines import NBClientEngine, papermill_engines
from traitlets.config import Config

from lib import provenance

NAME = "announcing"
"""What papermill knows the engine by."""

HEADING = re.compile(r"^#+ (.+)", re.MULTILINE)
"""A heading of a text cell, wherever it stands there: a label or the end of the section before may come first."""


class _Announcing(NBClientEngine):
    """Papermill's engine, which also says which cell runs, under which heading, and since when."""

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
        # The kernel warns at each start that it listens on this machine, and takes being told to stop for an error.
        # What goes wrong in a cell, or with the kernel as a whole, papermill reports.
        quiet = ["--IPKernelApp.log_level=CRITICAL"]
        # By which file it is talked to: beside the notebook, so that it goes with what a killed run has left.
        config = Config({"ConnectionFileMixin": {"connection_file": str(output.with_suffix(".kernel"))}})
        return super().execute_managed_notebook(nb_man, kernel_name, extra_arguments=quiet, config=config, **options)


papermill_engines.register(NAME, _Announcing)
