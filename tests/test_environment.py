"""What importing lib sets so that a process is fast and exact, unless the user has set something else."""

import os
import subprocess
import sys

import nbformat
import pytest

from lib import book, compute

OURS = ("GOMP_", "OMP_", "MALLOC_", "GLIBC_TUNABLES", "NVIDIA_")


def fresh(code: str, **variables: str) -> str:
    """What a new process prints, whose environment has of such variables only those that are given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(
        command, cwd=compute.ROOT, env=inherited | variables, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()


AT_TORCH = """
import builtins, os, sys
real = builtins.__import__
def noting(name, *rest):
    if name == "torch":
        print(os.environ.get({variable!r}))
        sys.exit()
    return real(name, *rest)
builtins.__import__ = noting
{first}
"""


def at_torch(variable: str, first: str = "import lib", **variables: str) -> str:
    """What is set at the moment at which torch is first imported, whose libraries read it then."""
    return fresh(AT_TORCH.format(variable=variable, first=first), **variables)


@pytest.mark.survives(
    "machines",
    "Another program takes the cores that a training runs on.",
    "Threads that wait give way, unless the user has set otherwise.",
)
@pytest.mark.parametrize(
    ("set_to", "expected"),
    [({}, "2000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "PASSIVE"}, "None")],
)
def test_threads_soon_stop_spinning_unless_the_user_says_otherwise(set_to: dict[str, str], expected: str) -> None:
    assert at_torch("GOMP_SPINCOUNT", **set_to) == expected


@pytest.mark.parametrize("first", ["import benchmarks", "import sys; sys.path.insert(0, 'tests'); import conftest"])
def test_benchmarks_and_tests_compute_as_trainings_do(first: str) -> None:
    assert at_torch("GOMP_SPINCOUNT", first) == "2000"


@pytest.mark.parametrize(("set_to", "expected"), [({}, "0"), ({"NVIDIA_TF32_OVERRIDE": "1"}, "1")])
def test_convolutions_keep_single_precision_unless_the_user_says_otherwise(
    set_to: dict[str, str], expected: str
) -> None:
    assert at_torch("NVIDIA_TF32_OVERRIDE", **set_to) == expected


def test_numpy_s_blas_has_one_thread_and_torch_as_many_as_it_would_have() -> None:
    counted = "{one['num_threads'] for one in threadpoolctl.threadpool_info()"
    of_numpy = "if one['user_api'] == 'blas' and 'numpy' in one['filepath']}"
    code = f"import lib, threadpoolctl, torch; print({counted} {of_numpy}, torch.get_num_threads())"
    assert fresh(code, OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="2") == "{1} 2"


def test_no_notebook_imports_torch_before_lib() -> None:
    for name in book.notebooks():
        cells = nbformat.read(book.source(name), as_version=4).cells
        lines = [line for cell in cells if cell.cell_type == "code" for line in cell.source.splitlines()]
        words = [line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))]
        assert "lib" in words and not {"torch", "torchvision"} & set(words[: words.index("lib")])


KEPT = """
import ctypes, os, lib
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
before = resident()
blocks = [libc.malloc(24 * 2**20) for _ in range(4)]
for block in blocks:
    ctypes.memset(block, 1, 24 * 2**20)
for block in blocks:
    libc.free(block)
print(resident() - before)
"""
"""Prints how many of 96 MiB stay with the process after they were freed."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="settings of glibc's allocator")
def test_the_allocator_keeps_large_blocks_unless_the_user_says_otherwise() -> None:
    assert float(fresh(KEPT)) > 80
    assert float(fresh(KEPT, MALLOC_ARENA_MAX="2")) < 40
