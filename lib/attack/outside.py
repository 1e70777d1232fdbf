"""Networks and images in the form that torchattacks' attacks take."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lib import compute
from lib.attack.inputs import check_classes, check_labels, check_logits, check_pixels
from lib.models.base import evaluating


class Wrapped(nn.Module):
    """A network that returns float32, whatever type it computes in, and is given copies, which it may change.

    It is called under the default dtype at the time of wrapping, whatever the default is at the time of the call.

    Parameters
    ----------
    model
        The network, from images (N, C, H, W) to logits (N, classes).
    x
        Images of the type, and on the device, that the network computes in.
    """

    def __init__(self, model: nn.Module, x: Tensor) -> None:
        super().__init__()
        self.model, self.dtype, self.default = model, x.dtype, torch.get_default_dtype()
        self.anchor = nn.Parameter(torch.zeros((), device=x.device), requires_grad=False)
        """Torchattacks finds the network's device by its first parameter; not every network has one."""

    def forward(self, x: Tensor) -> Tensor:
        with _default_dtype(self.default):
            return check_logits(self.model(x.to(self.dtype, copy=True)), len(x)).float()

    @torch.no_grad()
    def correct(self, x: Tensor, y: Tensor) -> Tensor:
        """Which images (N,) are classified as y."""
        return self(x).argmax(1) == y

    @torch.no_grad()
    def classes(self, x: Tensor) -> int:
        """How many classes the network has; x needs at least one image."""
        return self(x[:1]).shape[1]


@contextmanager
def outside(model: nn.Module, x: Tensor, y: Tensor) -> Iterator[tuple[Wrapped, Tensor, Tensor]]:
    """Give the wrapped network, in eval mode and without gradients on its parameters, and the images and labels.

    Within the block, draws from torch's generators leave their state as it was, and tensors that torchattacks creates
    are float32, as the images are.

    Raises
    ------
    ValueError
        Where images, labels or the network's output are not what attacks take.
    """
    y = check_labels(x, y)
    check_pixels(x, (0.0, 1.0))
    devices = [compute.device()] if compute.device().type == "cuda" else []
    wrapped = Wrapped(model, x)
    with torch.inference_mode(False), evaluating(model), _frozen(model), torch.random.fork_rng(devices=devices):
        if len(x):
            check_classes(y, wrapped.classes(x))
        with _default_dtype(torch.float32):
            yield wrapped.eval(), x.detach().float().clone(), y.clone()


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Set the type of tensors that are created within the block without one."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def _frozen(model: nn.Module) -> Iterator[None]:
    """Let no parameter take a gradient within the block."""
    taking = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in taking:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in taking:
            parameter.requires_grad_(True)
