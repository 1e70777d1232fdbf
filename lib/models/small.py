"""Small networks for digits: the papers' own, and others for comparison."""

from torch import nn

from lib.models.base import start_as_keras


class SimpleCNN(nn.Sequential):
    """A "simple convolution network": two 5 x 5 convolutions (10, 20 maps) with max-pooling, dense 50, dropout.

    Sharna's paper (mitigation, IV) calls its network that, and prints neither layers nor sizes. This is the network of
    PyTorch's early MNIST example and of its FGSM tutorial, whose variable `data_grad` is in the paper's line of code.
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


ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
"""The activations that `StridedCNN` can have, by name."""


KERAS_EPSILON = 1e-3
"""What Keras's batch norm adds to a variance. PyTorch adds 1e-5. With that, a map that is silent on clean images, but
not under an attack that leaves [0, 1], is amplified ten times more."""


class StridedCNN(nn.Sequential):
    """The network of the paper on adversarial training: 3 x 3 convolutions of stride 2, batch norm, dense 128, dropout.

    The paper prints two convolutional layers and a softmax. The rest is as in the Keras tutorials that it follows, with
    batch norm after each activation. The starting weights and the epsilon of batch norm are as in Keras. Its running
    statistics are not: PyTorch's momentum of 0.1 is 0.9 in Keras's terms, where the default is 0.99, so they follow the
    last batches more closely here. 422,090 parameters with the default options.
    Input (N, 1, 28, 28) in [0, 1], output (N, 10) logits.

    Parameters
    ----------
    convolutions
        How many convolutions, from 1 to 4; each further one has twice as many maps as the one before.
    activation
        A name in `ACTIVATIONS`.
    width
        How many maps the first convolution has.
    """

    def __init__(self, convolutions: int = 2, activation: str = "relu", width: int = 32) -> None:
        between = ACTIVATIONS[activation]
        layers: list[nn.Module] = []
        maps, side = 1, 28
        for number in range(convolutions):
            wider = width * 2**number
            layers += [nn.Conv2d(maps, wider, 3, stride=2, padding=1), between(), nn.BatchNorm2d(wider, KERAS_EPSILON)]
            maps, side = wider, -(-side // 2)
        layers += [nn.Flatten(), nn.Linear(maps * side**2, 128), between(), nn.BatchNorm1d(128, KERAS_EPSILON)]
        super().__init__(*layers, nn.Dropout(0.5), nn.Linear(128, 10))
        start_as_keras(self)


class SmallCNN(nn.Sequential):
    """Two 4 x 4 convolutions of stride 2 (16, 32 maps) and a dense layer of 100, without batch norm or pooling.

    It is the small network of Wong and Kolter, 2018: fast on a CPU, and able to learn from strong attacks. 166,406
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

    Starting weights are as in the authors' code: normal with standard deviation 0.1, truncated at two standard
    deviations; biases 0.1. 3,274,634 parameters. Input (N, 1, 28, 28) in [0, 1], output (N, 10) logits.
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
