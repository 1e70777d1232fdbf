"""Each Python that the book takes reads its sources, those of the notebooks included, without a warning."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from lib import compute

READS = """\
import json, pathlib, sys
count = 0
for path in [*map(pathlib.Path, json.load(sys.stdin))]:
    text = path.read_text(encoding="utf-8")
    cells = [text]
    if path.suffix == ".ipynb":
        cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    for cell in cells:
        compile(cell, str(path), "exec")
    count += 1
print(sys.version.split()[0], count)
"""


PYENV = Path.home() / ".pyenv" / "versions"


def runs(python: str | Path) -> bool:
    """Whether there is such a Python; what pyenv puts in its place may run none."""
    return bool(shutil.which(python)) and not subprocess.run([python, "-c", ""], capture_output=True).returncode


@pytest.mark.survives("machines", "Python 3.11, 3.12 or 3.13.", "Every source and notebook is read without a warning.")
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_source_is_read(version: str) -> None:
    python = next(filter(runs, [f"python{version}", *sorted(PYENV.glob(f"{version}.*/bin/python"))]), None)
    if not python:
        pytest.skip(f"there is no Python {version} here")
    sources = [path for folder in ("lib", "tests", "benchmarks") for path in (compute.ROOT / folder).rglob("*.py")]
    sources += (compute.ROOT / "notebooks").glob("*.ipynb")
    asked = json.dumps(list(map(str, sources)))
    ran = subprocess.run([python, "-W", "error", "-c", READS], input=asked, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(version) and int(ran.stdout.split()[1]) == len(sources) > 300
