"""Processes that have torch from their start: a server imports it once, and forks for each of them.

To import it takes seconds of a core, which is longer than most of what these processes do.
"""

import io
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path

from lib.run import environment

TESTS = Path(__file__).parent
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["loaded"])


def process(target: Callable, *arguments: object) -> multiprocessing.Process:
    """A process that calls a function."""
    path = os.pathsep.join(filter(None, [str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH")]))
    with environment.environment_set({"PYTHONPATH": path}):  # Python before 3.12.3 does not tell the server its own
        forkserver.ensure_running()
    return CONTEXT.Process(target=target, args=arguments, daemon=True)


def run_kernel(command: Sequence[str], folder: str, variables: Mapping[str, str]) -> None:
    """Be the kernel that a command line starts."""
    from ipykernel import kernelapp

    os.setsid()
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    _, _, *sys.argv = command
    kernelapp.launch_new_instance()


class Kernel:
    """A kernel as `subprocess.Popen` would start it, with torch imported already."""

    stdout = stderr = None

    def __init__(self, command: Sequence[str], *, cwd: str | None, env: Mapping[str, str], **_: object) -> None:
        self.stdin = io.BytesIO()
        self.process = process(run_kernel, command, cwd or os.getcwd(), dict(env))
        self.process.start()
        self.pid = self.process.pid
        while self.poll() is None and os.getpgid(self.pid) != self.pid:  # whoever ends it ends its group
            time.sleep(0.005)

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self) -> int:
        self.process.join()
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.process.kill()

    def terminate(self) -> None:
        self.process.terminate()
