"""What the notebooks of this book share: data, networks, attacks, training and the ledger of claims.

Importing it sets how fast and how exactly a process computes. A program that also imports torch has to import this
first: torch's libraries read some of the settings only once, when they start.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress

# Ctrl-C ends a command at once and silently while it still imports torch, as `python -m lib.run` does for seconds: it
# has begun nothing yet. Afterwards the command handles Ctrl-C itself (`lib.run.interrupts.heed`).
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

# Threads that spin for long while they wait make training many times slower if another program wants the same cores.
# Threads that sleep at once make it a third slower if none does.
if not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys():
    os.environ["GOMP_SPINCOUNT"] = "2000"

# Convolutions on newer NVIDIA GPUs round their inputs to ten bits unless told not to: too coarse for a small eps.
os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")

# Otherwise cuDNN and cuBLAS may add up in a different order each time. Results are kept by the digest of the weights
# that they belong to, and repeated training has to end with the same weights.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

# NumPy's BLAS has threads of its own, which spin while they wait, whatever is set above. Its matrices are small here:
# beside another program on two cores, statistics took fourteen times as long with two threads as with one.
import numpy  # noqa: F401 - imported to be limited, and before torch, whose own BLAS keeps its threads
from threadpoolctl import threadpool_limits

threadpool_limits(1, "blas")

import torch  # noqa: E402

torch.backends.cudnn.deterministic = True

# glibc returns a large block to the system once it is free, and the next step asks for the same pages again. Training
# on the CPU takes only four fifths of the time if they are kept. glibc reads its environment variables before Python
# starts, so the same is set by `mallopt` (malloc.h), which other C libraries lack.
if sys.platform == "linux" and not any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
    M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
    with suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, 2**25)  # the largest that it takes
        mallopt(M_TRIM_THRESHOLD, -1)  # never
        mallopt(M_TOP_PAD, 2**28)
