"""The chapter's kernel scan beside the plain way: drop a kernel, evaluate, put it back, take the next."""

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.aims import aims
from benchmarks.timing import Contender, Row
from lib.chapters.fragile_neurons.kernels import BATCH, correct_without, first_convolution
from lib.data import Dataset
from lib.models import build, resnet
from lib.train.batches import Shuffled
from lib.train.loop import fit


@torch.no_grad()
def one_by_one(model: nn.Sequential, x: Tensor, y: Tensor) -> NDArray[np.bool_]:
    model.eval()
    weight = first_convolution(model).weight
    rows = []
    for kernel in range(len(weight)):
        kept = weight[kernel].clone()
        weight[kernel] = 0
        batches = zip(x.split(BATCH), y.split(BATCH), strict=True)
        rows.append(torch.cat([model(images).argmax(1) == labels for images, labels in batches]))
        weight[kernel] = kept
    return torch.stack(rows).cpu().numpy()


def rows(digits: Dataset, *, images: int, train_images: int) -> dict[str, Row]:
    """The only row, on a ResNet-18 that is trained on a few digits."""
    model = build(resnet, 0, digits.x_train.device, name="resnet18", images="digits")
    fit(model, Shuffled(digits.x_train[:train_images], digits.y_train[:train_images]), 2, label="ResNet-18")
    x, y = digits.x_test[:images], digits.y_test[:images]
    scan = Row(
        title="The kernel scan",
        images=len(x),
        contenders=[
            Contender("lib", lambda: partial(correct_without, model, x, y), ours=True),
            Contender("one by one", lambda: partial(one_by_one, model, x, y)),
        ],
        score=lambda correct: float(correct.mean()),
        score_name="mean accuracy without a kernel",
        tolerance=0.001,
        **aims("scan", x.device),
    )
    return {"scan": scan}
