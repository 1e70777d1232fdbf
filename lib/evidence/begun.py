"""Which trainings a cell has begun but not finished: a file beside the cells, with a line for each training."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lib.files import write


@dataclass(frozen=True)
class Begun:
    """The trainings that a cell reaches, noted while a process makes the cell.

    A line has the name of a training's folder, and how many seconds the training had taken when the cell first reached
    it. A later process that continues the training finds it further on: the seconds between were spent for this cell.
    """

    path: Path
    earlier: dict[str, float] = field(default_factory=dict)
    """The seconds that earlier processes spent on each training for this cell."""

    def trainings(self) -> dict[str, float]:
        """The seconds in each training's line; empty where there is no file."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        pairs = (line.partition(" ") for line in lines)
        return {name: float(seconds or 0) for name, _, seconds in pairs}

    def add(self, trainings: Mapping[str, float]) -> None:
        """Add lines for the trainings that have none yet."""
        lines = [f"{name} {seconds:.3f}" for name, seconds in (trainings | self.trainings()).items()]
        write(self.path, "\n".join(lines))

    def came_to(self, training: Path, seconds: float) -> None:
        """Note a training that had taken so many seconds when this process reached it."""
        if training.name not in self.earlier:
            self.add({training.name: seconds})
            self.earlier[training.name] = max(seconds - self.trainings()[training.name], 0.0)  # 0 if it was begun anew
