"""What the notebooks of this book share: data, networks, attacks, training and the ledger of claims.

Importing it sets how fast and how exactly a process computes. A program that imports torch as well imports this first:
some of it is read once, when torch's libraries start.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress

# Ctrl-C ends a command that still imports torch, as `python -m lib.run` does for seconds, at once and without a word:
# it has begun nothing. From then on it listens (`lib.run.interrupts.heed`).
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# Threads that spin for long while they wait make a training many times slower wherever another program wants the same
# cores; those that sleep at once make it a third slower where none does.
if not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():
    os.environ["GOMP_SPINCOUNT"] = "2000"

# Convolutions on newer NVIDIA GPUs round their inputs to ten bits unless told not to, too coarse for a small eps.
os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")

# cuDNN and cuBLAS may else add up in another order each time: results are kept by the digest of the weights that they
# belong to, and a training that is repeated has to end at those.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

# NumPy's BLAS has threads of its own, which spin while they wait, whatever is set above. Its matrices here are small:
# beside another program on two cores, statistics with two threads took fourteen times as long as with one.
import numpy  # noqa: F401 - has to be there to be limited, and before torch, whose own BLAS keeps its threads
from threadpoolctl import threadpool_limits

threadpool_limits(1, "blas")

import torch  # noqa: E402

torch.backends.cudnn.deterministic = True

# glibc hands a large block back to the system once it is free, and the next step asks for the same pages anew; a
# training on the CPU that keeps them is done in four fifths of the time. Its variables are read before Python starts,
# so the same is said by `mallopt` (malloc.h), which other libraries of C lack.
if sys.platform == "linux" and not any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
    M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
    with suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, 2**25)  # the largest that it takes
        mallopt(M_TRIM_THRESHOLD, -1)  # never
        mallopt(M_TOP_PAD, 2**28)
