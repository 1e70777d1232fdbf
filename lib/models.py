"""The networks, by the papers' names. Each takes images in [0, 1]: what a network normalises, it normalises inside."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


class SimpleCNN(nn.Sequential):
    """A simple convolution network: two 5 x 5 convolutions (10, 20 maps) with max-pooling, dense 50, dropout.

    Sharna's paper (mitigation, IV) names its network so and prints neither layers nor sizes. This is the network of
    PyTorch's early MNIST example and of its FGSM tutorial, whose variable `data_grad` is in the paper's code line.
    Input (N, 1, 28, 28) in [0, 1], output (N, classes) logits.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__(
            nn.Conv2d(1, 10, 5),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(10, 20, 5),
            nn.Dropout2d(),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(320, 50),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(50, classes),
        )


class DenseNetwork(nn.Sequential):
    """One hidden layer of 200: an attacker's guess at a network it cannot see. (N, 1, 28, 28) to (N, 10) logits."""

    def __init__(self) -> None:
        super().__init__(nn.Flatten(), nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 10))


def build(network: type[nn.Module], seed: int, device: torch.device, **options) -> nn.Module:
    """A fresh network whose starting weights depend on the seed alone, laid out for fast convolutions."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = network(**options)
    return model.to(device, memory_format=torch.channels_last)


def parameter_count(model: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """Put every module in eval mode, and give each its own mode back afterwards, also after an error.

    One flag for the whole model would be wrong: a network whose batch norm is frozen is in both modes at once.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, training in modes:
            module.training = training


class LeNet3264(nn.Sequential):
    """The LeNet of Fig. 3 (unlearning): 3 x 3 convolutions of 32 and 64 maps, max-pooling, dense 128, dropout.

    The network of Keras's MNIST example, which the paper calls LeNet. 1,199,882 parameters. The second ReLU comes after
    the pooling here, which is the same function with the same gradient, for a quarter of the work.
    Input (N, 1, 28, 28) in [0, 1], output (N, 10) logits; so are those of the other two.
    """

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Dropout(0.25),
            nn.Flatten(),
            nn.Linear(64 * 12 * 12, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 10),
        )
        _start_as_keras(self)


class LeNet616(nn.Sequential):
    """The LeNet of Fig. 4 (unlearning): 3 x 3 convolutions of 6 and 16 maps, average pooling, dense 120 and 84.

    60,074 parameters.
    """

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 6, 3),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 3),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, 10),
        )
        _start_as_keras(self)


C3_TABLE = [
    *([first, (first + 1) % 6, (first + 2) % 6] for first in range(6)),
    *([first, (first + 1) % 6, (first + 2) % 6, (first + 3) % 6] for first in range(6)),
    [0, 1, 3, 4],
    [1, 2, 4, 5],
    [0, 2, 3, 5],
    [0, 1, 2, 3, 4, 5],
]
"""Which maps of S2 each of the 16 maps of C3 reads (LeCun et al., 1998, Table I)."""


class PartialConv2d(nn.Module):
    """A convolution whose maps read only some of the maps below; what is not connected is no parameter.

    Parameters
    ----------
    table
        For each map of the output the maps of the input that it reads.
    inputs
        How many maps the input has.
    size
        The side of a kernel.
    """

    def __init__(self, table: list[list[int]], inputs: int, size: int) -> None:
        super().__init__()
        pairs = torch.tensor([(output, read) for output, reads in enumerate(table) for read in reads])
        self.register_buffer("output_of", pairs[:, 0], persistent=False)
        self.register_buffer("input_of", pairs[:, 1], persistent=False)
        self.shape = (len(table), inputs, size, size)
        self.kernels = nn.Parameter(nn.init.xavier_uniform_(torch.empty(self.shape))[pairs[:, 0], pairs[:, 1]])
        self.bias = nn.Parameter(torch.zeros(len(table)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.kernels.new_zeros(self.shape).index_put((self.output_of, self.input_of), self.kernels)
        return nn.functional.conv2d(x, weight, self.bias)


class Subsampling(nn.Module):
    """The mean of each 2 x 2 square, times a coefficient, plus a bias, both trained, one pair a map."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.ones(maps, 1, 1))
        self.bias = nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.avg_pool2d(x, 2) * self.coefficient + self.bias


class LeNet5(nn.Sequential):
    """The LeNet-5 of Fig. 2 (unlearning), by the layers of LeCun et al., 1998: 32 x 32 input, partial C3.

    The image is padded to 32 x 32 inside. tanh after each layer and a linear output take the place of the scaled
    tanh and the radial basis functions of 1998, of which the paper says nothing. 60,850 parameters.
    """

    def __init__(self) -> None:
        super().__init__(
            nn.ZeroPad2d(2),
            nn.Conv2d(1, 6, 5),
            nn.Tanh(),
            Subsampling(6),
            nn.Tanh(),
            PartialConv2d(C3_TABLE, 6, 5),
            nn.Tanh(),
            Subsampling(16),
            nn.Tanh(),
            nn.Conv2d(16, 120, 5),
            nn.Tanh(),
            nn.Flatten(),
            nn.Linear(120, 84),
            nn.Tanh(),
            nn.Linear(84, 10),
        )
        _start_as_keras(self)


LENETS: dict[str, type[nn.Module]] = {"fig2": LeNet5, "fig3": LeNet3264, "fig4": LeNet616}
"""The three networks that the paper on unlearning calls LeNet, by the figure that prints them."""


def outline(model: nn.Sequential) -> str:
    """A network's layers in words, but for activations and reshaping."""
    words = []
    for layer in model:
        if isinstance(layer, nn.Conv2d):
            words.append(f"convolution {layer.out_channels} of {layer.kernel_size[0]}×{layer.kernel_size[1]}")
        elif isinstance(layer, PartialConv2d):
            words.append(f"partial convolution {layer.shape[0]} of {layer.shape[2]}×{layer.shape[3]}")
        elif isinstance(layer, nn.Linear):
            words.append(f"dense {layer.out_features}")
        elif isinstance(layer, nn.Dropout):
            words.append(f"dropout {layer.p:g}")
        elif isinstance(layer, nn.MaxPool2d | nn.AvgPool2d | Subsampling):
            words.append(
                {"MaxPool2d": "max-pooling", "AvgPool2d": "average pooling"}.get(type(layer).__name__, "sampling")
            )
    return ", ".join(words)


def _start_as_keras(model: nn.Module) -> None:
    """Starting weights as Keras draws them (Glorot's uniform, biases 0), in which the paper's code is written."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)


STATISTICS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "digits": ((0.1307,), (0.3081,)),
    "mnist": ((0.1307,), (0.3081,)),
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
}
"""Mean and standard deviation of each channel of the training images, to the digits in common use."""

RESNETS = ("resnet18", "resnet50", "resnet101")
"""The networks of the paper on fragile neurons, by torchvision's names."""


class Standardised(nn.Module):
    """Images (N, C, H, W) less each channel's mean, over its standard deviation."""

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.mean) / self.std


class Bfloat16InTraining(nn.Module):
    """A network that computes in bfloat16 while it trains on a device that gains by it, and else in float32.

    What is measured on a trained network (eval mode) is float32 on every device, and so are the weights.

    Parameters
    ----------
    network
        The network; its output is given in float32 always.
    device_type
        Where to do so.
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

    On 28 x 28 images the last stage of a ResNet has maps of 1 x 1, of which a 3 x 3 kernel reads its middle alone: the
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
    """The first tap of a kernel that reads a pixel at some place, and the one after the last."""
    starts = range(-padding, size + padding - kernel + 1, stride)
    live = [tap for tap in range(kernel) if any(0 <= start + tap < size for start in starts)]
    return live[0], live[-1] + 1


def resnet(name: str, images: str, *, stem: str = "imagenet", size: int = 0, classes: int = 10) -> nn.Sequential:
    """torchvision's ResNet as it comes, with fresh weights, behind a layer that standardises the images.

    Parameters
    ----------
    name
        A name in `RESNETS`.
    images
        The data set, a key of `STATISTICS`: one channel makes a first convolution that reads one.
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
        On a name, a data set or a stem that there is not.
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
            module.__class__ = LiveConv2d  # the same weights and settings, another forward
    resized = [nn.Upsample(size=(size, size), mode="bilinear")] if size else []
    return nn.Sequential(*resized, Standardised(*STATISTICS[images]), Bfloat16InTraining(network))


ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
"""What `StridedCNN` can have between its layers, by name."""


KERAS_EPSILON = 1e-3
"""What Keras's batch norm adds to a variance. PyTorch adds 1e-5, and then a map that is silent on clean images, but not
under an attack that leaves [0, 1], is amplified ten times more."""


class StridedCNN(nn.Sequential):
    """The network of the paper on adversarial training: 3 x 3 convolutions of stride 2, batch norm, dense 128, dropout.

    The paper prints two convolutional layers and a softmax. The rest is that of the Keras tutorials which it follows,
    with batch norm after each activation; it and the starting weights are as in Keras. 422,090 parameters as it comes.
    Input (N, 1, 28, 28) in [0, 1], output (N, 10) logits.

    Parameters
    ----------
    convolutions
        How many, from 1 to 4; the first has 32 maps, each further one twice as many as the one before.
    activation
        A name in `ACTIVATIONS`.
    """

    def __init__(self, convolutions: int = 2, activation: str = "relu") -> None:
        between = ACTIVATIONS[activation]
        layers: list[nn.Module] = []
        maps, side = 1, 28
        for number in range(convolutions):
            wider = 32 * 2**number
            layers += [nn.Conv2d(maps, wider, 3, stride=2, padding=1), between(), nn.BatchNorm2d(wider, KERAS_EPSILON)]
            maps, side = wider, -(-side // 2)
        layers += [nn.Flatten(), nn.Linear(maps * side**2, 128), between(), nn.BatchNorm1d(128, KERAS_EPSILON)]
        super().__init__(*layers, nn.Dropout(0.5), nn.Linear(128, 10))
        _start_as_keras(self)


class SmallCNN(nn.Sequential):
    """Two 4 x 4 convolutions of stride 2 (16, 32 maps) and a dense layer of 100, without batch norm or pooling.

    The small network of Wong and Kolter, 2018: fast on a CPU, and able to learn from strong attacks. 166,406
    parameters. Input (N, 1, 28, 28) in [0, 1], output (N, 10) logits.
    """

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 16, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * 7 * 7, 100),
            nn.ReLU(),
            nn.Linear(100, 10),
        )


class MadryCNN(nn.Sequential):
    """The MNIST network of Madry et al., 2018: 5 x 5 convolutions (32, 64 maps), each max-pooled, dense 1024.

    Weights start as in the authors' code: normal, spread 0.1, cut at two spreads; biases 0.1. 3,274,634 parameters.
    Input (N, 1, 28, 28) in [0, 1], output (N, 10) logits.
    """

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 32, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64 * 7 * 7, 1024),
            nn.ReLU(),
            nn.Linear(1024, 10),
        )
        for layer in self:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.1, a=-0.2, b=0.2)
                nn.init.constant_(layer.bias, 0.1)
