"""Layers of LeCun et al., 1998, that PyTorch does not have."""

import torch
from torch import nn


class PartialConv2d(nn.Module):
    """A convolution whose output maps each read only some of the input maps; missing connections have no parameters.

    Parameters
    ----------
    table
        For each map of the output, the maps of the input that it reads.
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
    """The mean of each 2 x 2 square, times a coefficient, plus a bias; each map has its own trained pair of them."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.ones(maps, 1, 1))
        self.bias = nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.avg_pool2d(x, 2) * self.coefficient + self.bias
