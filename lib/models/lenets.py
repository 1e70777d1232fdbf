"""The three networks that the paper on unlearning calls LeNet."""

from torch import nn

from lib.models.base import start_as_keras
from lib.models.layers import PartialConv2d, Subsampling


class LeNet3264(nn.Sequential):
    """The LeNet of Fig. 3 (unlearning): 3 x 3 convolutions of 32 and 64 maps, max-pooling, dense 128, dropout.

    It is the network of Keras's MNIST example, which the paper calls LeNet. 1,199,882 parameters. Here the second ReLU
    comes after the pooling: the same function with the same gradient, for a quarter of the work.
    Input (N, 1, 28, 28) in [0, 1], output (N, 10) logits, as for the other two.
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
        start_as_keras(self)


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
        start_as_keras(self)


C3_TABLE = [
    *([first, (first + 1) % 6, (first + 2) % 6] for first in range(6)),
    *([first, (first + 1) % 6, (first + 2) % 6, (first + 3) % 6] for first in range(6)),
    [0, 1, 3, 4],
    [1, 2, 4, 5],
    [0, 2, 3, 5],
    [0, 1, 2, 3, 4, 5],
]
"""Which maps of S2 each of the 16 maps of C3 reads (LeCun et al., 1998, Table I)."""


class LeNet5(nn.Sequential):
    """The LeNet-5 of Fig. 2 (unlearning), with the layers of LeCun et al., 1998: 32 x 32 input, partial C3.

    The image is padded to 32 x 32 inside. A tanh after each hidden layer and a linear output take the place of the
    scaled tanh and the radial basis functions of 1998, which the paper does not mention. 60,850 parameters.
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
        start_as_keras(self)


LENETS: dict[str, type[nn.Module]] = {"fig2": LeNet5, "fig3": LeNet3264, "fig4": LeNet616}
"""The three networks that the paper on unlearning calls LeNet, by the figure that prints them."""
