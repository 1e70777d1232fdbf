"""What the notebooks of this book share: data, networks, attacks, training and the ledger of claims."""

import os

# Convolutions on newer NVIDIA GPUs round their inputs to ten bits unless told not to, too coarse for a small eps. The
# variable is read when CUDA's libraries start, so it is set before anything of lib is imported.
os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
