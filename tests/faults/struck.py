"""Ends a command of the toy book at moments that nobody chose, and compares what is left with what was promised."""

import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

from scratch import Command, Copy
from toy_book import at_work, emptied, kept, scratch_left

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
ORPHANS_S = 60
"""How long what a killed command has started may take to notice; a training writes its state in that time."""


@dataclass
class Campaign:
    """A command, and how often it is ended before it may run to its end."""

    book: Copy
    arguments: tuple[str, ...]
    trials: int
    in_a_row: int = 5
    before: tuple[tuple[str, ...], ...] = ()
    """Commands that are run first, undisturbed, and not struck."""
    seed: int = 0

    def run(self) -> None:
        """All trials; what the moments were is printed."""
        draw = random.Random(self.seed)
        self._anew()
        self.book.run("fill", "--list")  # what starts the commands imports torch first
        started = time.monotonic()
        said = self.book.run(*self.arguments)
        seconds = time.monotonic() - started
        assert said.status == 0, said.output
        undisturbed = kept(self.book)
        assert undisturbed, "the measure of the others"
        assert not (left := scratch_left(self.book)), f"undisturbed it leaves {left}"
        print(f"{' '.join(self.arguments)}: {seconds:.1f} s undisturbed, {self.trials} kills, seed {self.seed}")
        self._anew()
        for trial in range(1, self.trials + 1):
            self._struck(SIGNALS[trial % 3], draw.uniform(0, seconds), undisturbed)
            if trial % self.in_a_row == 0 or trial == self.trials:
                said = self.book.run(*self.arguments)
                assert said.status == 0, f"the run after kill {trial}: {said.output}"
                assert kept(self.book) == undisturbed, f"the run after kill {trial} ends with other numbers"
                assert not (left := scratch_left(self.book)), f"the run after kill {trial} leaves {left}"
                self._anew()

    def _anew(self) -> None:
        emptied(self.book)
        for arguments in self.before:
            said = self.book.run(*arguments)
            assert said.status == 0, said.output

    def _struck(self, number: signal.Signals, after: float, undisturbed: dict[str, object]) -> None:
        there = kept(self.book)
        command = self.book.start(*self.arguments)
        command.hears()
        time.sleep(after)
        moment = f"{number.name} after {after:.3f} s"
        print(f"  {moment}", flush=True)
        self._end(command, number)
        said = command.wait()
        assert "Traceback" not in said.output, f"{moment}: {said.output}"
        assert said.status in (0, 130, -number), f"{moment}: status {said.status}, {said.output}"
        until_alone(self.book, moment)
        now = kept(self.book)
        assert there.keys() <= now.keys(), f"{moment}: {there.keys() - now.keys()} were finished and are gone"
        assert {one: undisturbed.get(one, "nothing") for one in now} == now, (
            f"{moment}: what is kept is not what was measured"
        )

    @staticmethod
    def _end(command: Command, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # it has come to its end
            os.kill(command.pid, number)


def until_alone(book: Copy, moment: str) -> None:
    """Wait until no process works in the copy."""
    end = time.monotonic() + ORPHANS_S
    while left := at_work(book):
        assert time.monotonic() < end, f"{moment}: {[one.cmdline()[-1][-80:] for one in left]} work for nobody"
        time.sleep(0.05)
