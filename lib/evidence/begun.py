"""Which trainings a cell has begun and not ended: a file beside the cells, with a line for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lib.files import write


@dataclass(frozen=True)
class Begun:
    """The trainings that a cell comes to, as a process notes them while it makes the cell.

    A line has the name of a training's folder, and how many seconds the training had taken when the cell first came to
    it. A later process that goes on with the training finds it further: those seconds were spent for this cell.
    """

    path: Path
    earlier: dict[str, float] = field(default_factory=dict)
    """Seconds of each training that earlier processes spent on it for this cell."""

    def trainings(self) -> dict[str, float]:
        """The seconds of each training's line; none where there is no file."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        pairs = (line.partition(" ") for line in lines)
        return {name: float(seconds or 0) for name, _, seconds in pairs}

    def add(self, trainings: Mapping[str, float]) -> None:
        """Add lines for the trainings that have none yet."""
        lines = [f"{name} {seconds:.3f}" for name, seconds in (trainings | self.trainings()).items()]
        write(self.path, "\n".join(lines))

    def came_to(self, training: Path, seconds: float) -> None:
        """Note a training that had taken so many seconds when this process came to it."""
        if training.name not in self.earlier:
            self.add({training.name: seconds})
            self.earlier[training.name] = max(seconds - self.trainings()[training.name], 0.0)  # begun anew: none
