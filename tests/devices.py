"""The device on which tests train and attack: the GPU where there is one that CUDA runs, else the CPU."""

import torch

from lib import compute

CPU = torch.device("cpu")
DEVICE = compute.device() if compute.device().type == "cuda" else CPU
