"""A scratch copy of the book whose one chapter trains small networks, and its commands, run in processes of their own.

A process that has torch is kept, and forks for each command, which forks for its workers; kernels are as always.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import numpy as np
import standing_clock

from lib import compute

PATIENCE_S = 300

MEASURE = '''\
"""Small networks on sixty-four made-up images, and a score that needs none."""

import os
import signal
import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lib import compute
from lib.chapters.toy.helpers import scaled
from lib.evidence.cells import Part
from lib.models import SimpleCNN, build
from lib.train import snapshots
from lib.train.batches import Shuffled
from lib.train.loop import fit


@dataclass(frozen=True)
class Setting:
    seed: int

    def __str__(self) -> str:
        return f"seed {self.seed}"


@dataclass(frozen=True, eq=False)
class Trained:
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class Scored:
    score: float


def note(word: str) -> None:
    """A line in the log, which says which process is where."""
    with (compute.ROOT / "log").open("a") as file:
        file.write(f"{word} {os.getpid()}\\n")


def held(name: str) -> None:
    """Say that this begins, wait as long as there is a file of that name, and fail where another says so."""
    note(f"start {name}")
    if (compute.ROOT / f"deaf-{name}").exists():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    while (compute.ROOT / f"hold-{name}").exists():
        time.sleep(0.02)
    if (compute.ROOT / f"broken-{name}").exists():
        raise ValueError(f"{name} is cursed")


EPOCHS = []


class Noted(Shuffled):
    """Images of which each epoch is noted; the second one waits as long as there is a file that says so."""

    def __call__(self, *arguments):
        EPOCHS.append(1)
        while len(EPOCHS) > 1 and (compute.ROOT / "hold-epoch").exists():
            time.sleep(0.02)
        yield from super().__call__(*arguments)
        note("epoch done")


def train(setting: Setting) -> Trained:
    held(f"train-{setting.seed}")
    x, y = torch.rand(64, 1, 28, 28, generator=compute.seeded(0)), torch.arange(64) % 10
    model = build(SimpleCNN, setting.seed, torch.device("cpu"))
    batches = Noted(x, y, batch_size=8)
    fit(model, batches, 2, seed=setting.seed, snapshots=snapshots.SNAPSHOTS)
    note(f"end train-{setting.seed}")
    return Trained(torch.cat([one.detach().flatten() for one in model.parameters()]).numpy())


def score(setting: Setting) -> Scored:
    held(f"score-{setting.seed}")
    note(f"end score-{setting.seed}")
    return Scored(scaled(setting.seed))


TRAIN, SCORE = Part("toy", "train", train), Part("toy", "score", score)
'''
SCALED = '''\
def scaled(seed: int) -> float:
    """A made-up score."""
    return 2.5 * seed + 0.25
'''
HELPERS = f'"""What scores."""\n\n\n{SCALED}'
EXPERIMENT = '''\
"""What the toy chapter needs."""

from dataclasses import dataclass
from typing import ClassVar

from lib.chapters.toy.measure import SCORE, TRAIN, Setting
from lib.evidence.cells import Cell
from lib.evidence.experiment import Experiment as Base


@dataclass(frozen=True)
class Experiment(Base):
    chapter: ClassVar[str] = "toy"
    seed: int
    seeds: int
    dataset: str

    def cells(self) -> list[Cell]:
        settings = [Setting(self.seed + number) for number in range(self.seeds)]
        return [part(one) for part in (TRAIN, SCORE) for one in settings]
'''
PARAMETERS = """\
seed: int = 0  # [0, 99] the first seed
seeds: int = 2  # [1, 9] how many
dataset: str = "digits"  # {digits} which images
"""
CODE = """\
from lib.chapters.toy.experiment import Experiment
from lib.evidence.cells import records
from lib.ledger.ledger import Ledger
experiment = Experiment.of(globals())
ledger = Ledger(experiment)
found = records(experiment.cells())
ledger.metric("score", found[-1].score)
path = ledger.finish()
"""
CLOCK = "clock"
"""A file that says how much of a command's time has passed, where it is there as the command begins."""
SERVER = f"""\
import json, multiprocessing, os, pathlib, signal, subprocess, sys, time, traceback
sys.path.append({str(Path(__file__).parent)!r})
import standing_clock
import torch
from lib.evidence import fill
from lib.run import __main__ as command, commands, interrupts, measuring, worker

CLOCK = {CLOCK!r}
"""
SERVER += """\

torch.optim.Adam([torch.zeros(1)])  # the first one imports for seconds

class Forked:
    "A worker as subprocess.Popen would start it, with torch imported already."
    def __init__(self, command, cwd, env):
        self.process = multiprocessing.get_context("fork").Process(target=self.work, args=(command[-1], env))
        self.process.start()
    def work(self, asked, env):
        os.environ.update(env)
        sys.exit(worker.main(asked))
    def poll(self):
        return self.process.exitcode
    returncode = property(poll)
    def send_signal(self, number):
        os.kill(self.process.pid, number)
    def wait(self, patience=None):
        self.process.join(patience)
        if self.poll() is None:
            raise subprocess.TimeoutExpired("worker", patience)
    def kill(self):
        self.process.kill()

def run(arguments, output, ignoring, forking):
    os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT), 1)
    os.dup2(1, 2)
    signal.signal(signal.SIGINT, signal.SIG_IGN if ignoring else signal.default_int_handler)
    if forking:
        measuring.start = Forked
    now = time
    if os.path.exists(CLOCK):
        now = standing_clock.ClockInAFile(pathlib.Path(CLOCK))
        standing_clock.put(now, fill, measuring, worker)
    heed = interrupts.heed
    def heard():
        heed()
        pathlib.Path(output + ".hears").touch()
    interrupts.heed = heard
    try:
        commands.STARTED = now.time()
        return command.main(arguments)
    except SystemExit as error:
        return error.code
    except BaseException:
        traceback.print_exc()
        return 70

for line in sys.stdin:
    arguments, output, ignoring, forking = json.loads(line)
    if os.fork() == 0:  # waits for the command, and says how it ended
        if (child := os.fork()) == 0:
            status = run(arguments, output, ignoring, forking)
            sys.stdout.flush()
            os._exit(status)
        print(child, flush=True)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with open(output + ".new", "w") as file:
            file.write(str(status))
        os.replace(output + ".new", output + ".status")
        os._exit(0)
"""


@dataclass
class Said:
    """How a command ended."""

    status: int
    output: str


@dataclass
class Command:
    """A command that runs."""

    pid: int
    path: Path

    def wait(self) -> Said:
        status = self.path.with_name(self.path.name + ".status")
        until(status.exists, self.output)
        return Said(int(status.read_text()), self.output())

    def output(self) -> str:
        return self.path.read_text() if self.path.exists() else ""

    def interrupt(self) -> None:
        os.kill(self.pid, signal.SIGINT)

    def hears(self) -> None:
        """Wait until it answers an interrupt as a command does; before that it does so as Python."""
        signs = [self.path.with_name(self.path.name + ending) for ending in (".hears", ".status")]
        until(lambda: any(sign.exists() for sign in signs), self.output)


@dataclass
class Copy:
    """A copy of the book."""

    root: Path
    _server: subprocess.Popen | None = None
    _commands: list[Command] = field(default_factory=list)

    def start(self, *arguments: str, ignoring: bool = False, forking: bool = True) -> Command:
        """A command, in a process of its own, which may ignore interrupts as a shell's background jobs do.

        Its workers are forked from what has imported torch, or started as they are for a user.
        """
        if self._server is None:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            self._server = self.python("-c", SERVER, **pipes)
        output = self.root / f"said-{len(self._commands)}"
        print(json.dumps([arguments, str(output), ignoring, forking]), file=self._server.stdin, flush=True)
        self._commands.append(Command(int(self._server.stdout.readline()), output))
        return self._commands[-1]

    def run(self, *arguments: str, **options: bool) -> Said:
        return self.start(*arguments, **options).wait()

    def python(self, *arguments: str, **options: object) -> subprocess.Popen:
        """Python, on this copy."""
        changed = {"PYTHONPATH": str(self.root), "OMP_NUM_THREADS": "1", "REPRO_DEVICE": "cpu"}
        environment = os.environ | changed
        return subprocess.Popen([sys.executable, *arguments], cwd=self.root, env=environment, **options)

    def close(self) -> None:
        if self._server:
            self._server.communicate()

    def log(self) -> list[tuple[str, str, int]]:
        """What was measured: `start` or `end`, which cell, and the process."""
        path = self.root / "log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(word, cell, int(pid)) for word, cell, pid in map(str.split, lines)]

    def count(self, word: str, since: int = 0) -> Counter:
        """How often each cell was begun or ended."""
        return Counter(cell for said, cell, _ in self.log()[since:] if said == word)

    def hold(self, *names: str) -> None:
        for name in names:
            (self.root / f"hold-{name}").touch()

    def release(self) -> None:
        for path in self.root.glob("hold-*"):
            path.unlink()

    def clock(self, seconds: float) -> None:
        """Have the time of commands that are begun from now on, and of these, stand at so many seconds."""
        standing_clock.move(self.root / CLOCK, seconds)

    def begun(self, name: str, since: int = 0, said: Callable[[], str] = str) -> int:
        """Wait until a cell is begun; the process that is at it."""
        until(lambda: self.count("start", since)[name], said)
        return [pid for word, cell, pid in self.log()[since:] if (word, cell) == ("start", name)][-1]

    @property
    def evidence(self) -> Path:
        return self.root / "runs" / "evidence"

    def kept(self) -> dict[str, bytes]:
        """What was measured, to the bit, by the names of the cells."""
        return {path.stem: measured(path) for path in self.evidence.glob("toy/*.npz")}

    def chapter(self, name: str) -> Path:
        return self.root / "lib" / "chapters" / "toy" / f"{name}.py"


def measured(path: Path) -> bytes:
    """A cell's record, without what says where it comes from."""
    with np.load(path) as file:
        names = sorted(set(file.files) - {"made", "sha256"})
        return b"".join(name.encode() + file[name].tobytes() for name in names)


def until(happened: Callable[[], object], said: Callable[[], str] = str) -> None:
    """Wait for something, and not for ever."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, said()
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked after does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def copy_of_the_book(root: Path) -> Copy:
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(compute.ROOT / "lib", root / "lib", ignore=skipped)
    sources = {
        "lib/chapters/toy/__init__.py": '"""A toy."""\n',
        "lib/chapters/toy/measure.py": MEASURE,
        "lib/chapters/toy/helpers.py": HELPERS,
        "lib/chapters/toy/experiment.py": EXPERIMENT,
        "notebooks/profiles/quick.yaml": "",
        "notebooks/profiles/paper.yaml": "worth: [toy.score, toy]\n",
        "book/_toc.yml": "parts: [{chapters: [{file: toy}]}]\n",
    }
    for name, text in sources.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    cells = [
        nbformat.v4.new_markdown_cell("# A toy"),
        nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(CODE),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), root / "notebooks" / "toy.ipynb")
    return Copy(root)


def cells(*parts: str, seeds: Sequence[int] = (0, 1)) -> dict[str, int]:
    """Each of these cells once, as `Copy.count` has it."""
    return {f"{part}-{seed}": 1 for part in parts for seed in seeds}
