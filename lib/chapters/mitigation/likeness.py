"""How much of an image an attack leaves, judged without the network that was attacked."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor


def nearest_class(x: Tensor, known: Tensor, classes: Tensor) -> Tensor:
    """The class (N,) of the nearest known image in L2; x (N, C, H, W), known (M, C, H, W), classes (M,)."""
    known = known.flatten(1)
    nearest = [torch.cdist(batch.flatten(1), known).argmin(1) for batch in x.split(500)]
    return classes[torch.cat(nearest)]


def correlations(a: Tensor, b: Tensor) -> NDArray[np.float32]:
    """For each image (N,) the correlation between the pixels of a and those of b, in [-1, 1]."""
    a, b = (images.flatten(1) - images.flatten(1).mean(1, keepdim=True) for images in (a, b))
    return F.cosine_similarity(a, b).cpu().numpy()
