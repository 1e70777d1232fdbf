"""What the notebooks of this book share: data, networks, attacks, training and the ledger of claims."""

import os

import torch

# Convolutions on newer NVIDIA GPUs round their inputs to ten bits unless told not to, too coarse for a small eps. The
# variables are read when CUDA's libraries start, so they are set before anything of lib is imported.
os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")

# cuDNN and cuBLAS may else add up in another order each time: results are kept by the digest of the weights that they
# belong to, and a training that is repeated has to end at those.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
torch.backends.cudnn.deterministic = True
