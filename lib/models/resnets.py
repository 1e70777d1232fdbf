"""torchvision's ResNets, made to fit small images."""

import torch
from torch import nn

STATISTICS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "digits": ((0.1307,), (0.3081,)),
    "mnist": ((0.1307,), (0.3081,)),
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
}
"""Mean and standard deviation of each channel of the training images, with as many digits as are in common use."""


RESNETS = ("resnet18", "resnet50", "resnet101")
"""The networks of the paper on fragile neurons, by torchvision's names."""


class Standardised(nn.Module):
    """Images (N, C, H, W) minus each channel's mean, divided by its standard deviation."""

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.mean) / self.std


class Bfloat16InTraining(nn.Module):
    """A network that computes in bfloat16 while it trains on a device that gains from it, and otherwise in float32.

    In eval mode, where everything is measured, it computes in float32 on every device. Its weights are always float32.

    Parameters
    ----------
    network
        The network; its output is always returned in float32.
    device_type
        The type of device on which training computes in bfloat16.
    """

    def __init__(self, network: nn.Module, device_type: str = "cuda") -> None:
        super().__init__()
        self.network = network
        self.device_type = device_type

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        enabled = self.training and x.device.type == self.device_type
        with torch.autocast(self.device_type, torch.bfloat16, enabled=enabled):
            return self.network(x).float()


class LiveConv2d(nn.Conv2d):
    """A convolution that leaves out the taps that read nothing but padding, on maps smaller than its kernel.

    On 28 x 28 images the last stage of a ResNet has maps of 1 x 1, which only the middle of a 3 x 3 kernel reads: the
    other eight taps multiply zeros, and on a CPU take most of the time of training. The output and the gradients are
    those of `nn.Conv2d` with zeros for padding, a dilation of 1 and one group, as in torchvision's ResNets.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        (top, bottom), (left, right) = (
            _live_taps(*sizes) for sizes in zip(x.shape[2:], self.kernel_size, self.stride, self.padding, strict=True)
        )
        padding = (self.padding[0] - top, self.padding[1] - left)
        return nn.functional.conv2d(x, self.weight[:, :, top:bottom, left:right], self.bias, self.stride, padding)


def _live_taps(size: int, kernel: int, stride: int, padding: int) -> tuple[int, int]:
    """The first tap of a kernel that reads a pixel at any position, and the one after the last such tap."""
    starts = range(-padding, size + padding - kernel + 1, stride)
    live = [tap for tap in range(kernel) if any(0 <= start + tap < size for start in starts)]
    return live[0], live[-1] + 1


def resnet(name: str, images: str, *, stem: str = "imagenet", size: int = 0, classes: int = 10) -> nn.Sequential:
    """A ResNet of torchvision's, untrained, behind a layer that standardises the images.

    Parameters
    ----------
    name
        A name in `RESNETS`.
    images
        The data set, a key of `STATISTICS`. The first convolution reads as many channels as its images have.
    stem
        `imagenet`: 7 x 7, stride 2, then max-pooling, torchvision's own. `small`: 3 x 3, stride 1, no pooling, as is
        common for images this small.
    size
        The side to which images are enlarged first; 0 leaves them.
    classes
        How many logits (N, classes) come out.

    Raises
    ------
    ValueError
        On an unknown name, data set or stem.
    """
    from torchvision.models import get_model

    known = {"network": (name, RESNETS), "data set": (images, STATISTICS), "stem": (stem, ("imagenet", "small"))}
    for what, (given, there) in known.items():
        if given not in there:
            raise ValueError(f"no {what} named {given!r}; there are: {', '.join(there)}")
    network = get_model(name, weights=None, num_classes=classes)
    channels = len(STATISTICS[images][0])
    if channels != 3 or stem == "small":
        shape = {"imagenet": {"kernel_size": 7, "stride": 2, "padding": 3}, "small": {"kernel_size": 3, "padding": 1}}
        network.conv1 = nn.Conv2d(channels, 64, bias=False, **shape[stem])
        nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")  # as torchvision does
    if stem == "small":
        network.maxpool = nn.Identity()
    for module in network.modules():
        if type(module) is nn.Conv2d:
            module.__class__ = LiveConv2d  # the same weights and settings, with another forward
    resized = [nn.Upsample(size=(size, size), mode="bilinear")] if size else []
    return nn.Sequential(*resized, Standardised(*STATISTICS[images]), Bfloat16InTraining(network))
