"""The LeNets of the paper on unlearning, by their layers."""

import pytest
import torch
from torch import nn

from lib.models import C3_TABLE, LENETS, LeNet5, PartialConv2d, Subsampling, build, outline, parameter_count

CPU = torch.device("cpu")


@pytest.mark.parametrize(("figure", "parameters"), [("fig2", 60_850), ("fig3", 1_199_882), ("fig4", 60_074)])
def test_a_lenet_has_the_parameters_of_its_figure(figure: str, parameters: int) -> None:
    model = build(LENETS[figure], 0, CPU)
    assert parameter_count(model) == parameters
    assert model(torch.rand(3, 1, 28, 28)).shape == (3, 10)


def test_the_layers_of_lenet_5_have_the_parameters_of_1998() -> None:
    counts = [parameter_count(layer) for layer in LeNet5()]
    assert [count for count in counts if count] == [156, 12, 1516, 32, 48_120, 10_164, 850]


def test_c3_is_connected_as_in_lecun_s_table() -> None:
    assert [len(reads) for reads in C3_TABLE] == [3] * 6 + [4] * 9 + [6]
    # Each map of S2 feeds ten of C3's: three sets of three, four of four, two of the broken fours, and the last.
    assert [sum(read in reads for reads in C3_TABLE) for read in range(6)] == [10] * 6
    assert len({tuple(sorted(reads)) for reads in C3_TABLE}) == 16


def test_a_partial_convolution_reads_what_it_is_connected_to_and_nothing_else() -> None:
    layer = PartialConv2d([[0], [1, 2]], inputs=3, size=2)
    x = torch.rand(1, 3, 4, 4)
    changed = x.clone()
    changed[:, 1] += 1
    before, after = layer(x), layer(changed)
    assert torch.equal(before[:, 0], after[:, 0]) and not torch.equal(before[:, 1], after[:, 1])
    expected = nn.functional.conv2d(x[:, 1:], layer.kernels[None, 1:], layer.bias[1:])
    torch.testing.assert_close(before[:, 1:], expected)


def test_sampling_is_the_mean_times_a_coefficient_plus_a_bias() -> None:
    layer = Subsampling(1)
    with torch.no_grad():
        layer.coefficient.fill_(2)
        layer.bias.fill_(1)
    assert layer(torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])).item() == 7


@pytest.mark.parametrize("figure", LENETS)
def test_a_lenet_starts_as_keras_would_start_it(figure: str) -> None:
    model = build(LENETS[figure], 0, CPU)
    for layer in model:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            size = layer.weight[0, 0].numel() if layer.weight.dim() == 4 else 1
            bound = (6 / (size * (layer.weight.shape[0] + layer.weight.shape[1]))) ** 0.5
            assert 0.9 * bound < layer.weight.abs().max() <= bound and not layer.bias.any()


def test_the_outline_names_every_layer_with_a_size() -> None:
    words = outline(LENETS["fig4"]())
    assert words.startswith("convolution 6 of 3×3, average pooling, convolution 16 of 3×3") and "dense 84" in words
