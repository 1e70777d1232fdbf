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

    The network of Keras's MNIST example, which the paper calls LeNet. 1,199,882 parameters.
    Input (N, 1, 28, 28) in [0, 1], output (N, 10) logits; so are those of the other two.
    """

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
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
