"""The LeNets of the paper on unlearning, by their layers."""

import pytest
import torch
from torch import nn

from lib.models import (
    C3_TABLE,
    LENETS,
    RESNETS,
    STATISTICS,
    Bfloat16InTraining,
    LeNet5,
    LiveConv2d,
    MadryCNN,
    PartialConv2d,
    SmallCNN,
    Standardised,
    Subsampling,
    build,
    outline,
    parameter_count,
    resnet,
)

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


def test_the_lenet_of_fig_3_is_that_of_the_figure_whatever_the_order_of_pooling_and_relu() -> None:
    model = build(LENETS["fig3"], 0, CPU).eval()
    first, relu, second, pool, *rest = model
    printed = nn.Sequential(first, relu, second, nn.ReLU(), pool, *rest[1:])
    x, y = torch.rand(4, 1, 28, 28), torch.arange(4)
    for network in (model, printed):
        network.gradient = torch.autograd.grad(nn.functional.cross_entropy(network(x), y), list(model.parameters()))
    assert torch.equal(model(x), printed(x))
    assert all(map(torch.equal, model.gradient, printed.gradient))


def test_the_outline_names_every_layer_with_a_size() -> None:
    words = outline(LENETS["fig4"]())
    assert words.startswith("convolution 6 of 3×3, average pooling, convolution 16 of 3×3") and "dense 84" in words


@pytest.mark.parametrize(("name", "parameters"), [("resnet18", 11_181_642), ("resnet50", 23_528_522)])
def test_a_resnet_has_torchvision_s_weights_with_ten_outputs(name: str, parameters: int) -> None:
    model = build(resnet, 0, CPU, name=name, images="cifar10")
    assert parameter_count(model) == parameters
    assert model(torch.rand(2, 3, 32, 32)).shape == (2, 10)


def test_the_names_of_the_resnets_are_torchvision_s() -> None:
    from torchvision.models import list_models

    assert set(RESNETS) <= set(list_models())


@pytest.mark.parametrize("side", [28, 32])
def test_a_resnet_computes_what_torchvision_s_does(side: int) -> None:
    from torchvision.models import get_model

    model = build(resnet, 0, CPU, name="resnet18", images="cifar10").double().train()
    twin = get_model("resnet18", weights=None, num_classes=10).double()
    twin.load_state_dict(model[-1].network.state_dict())
    mean, std = (torch.tensor(one).view(3, 1, 1) for one in STATISTICS["cifar10"])
    x = torch.rand(3, 3, side, side).double()
    ours, theirs = model(x), twin(((x - mean) / std).double())
    torch.testing.assert_close(ours, theirs.float(), atol=1e-4, rtol=1e-4)
    for outputs in (ours, theirs):
        outputs.square().sum().backward()
    for one, other in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-4, rtol=1e-3)


def test_the_stem_and_the_size_are_options() -> None:
    digits = build(resnet, 0, CPU, name="resnet18", images="mnist")
    assert digits[-1].network.conv1.weight.shape == (64, 1, 7, 7)
    small = build(resnet, 0, CPU, name="resnet18", images="cifar10", stem="small", size=40)
    assert small[-1].network.conv1.weight.shape == (64, 3, 3, 3) and small[0](torch.rand(1, 3, 32, 32)).shape[2] == 40
    assert small[-1].network.conv1(torch.rand(1, 3, 40, 40)).shape[2] == 40
    deviation = digits[-1].network.conv1.weight.std().item()
    assert deviation == pytest.approx((2 / (64 * 49)) ** 0.5, rel=0.05)  # torchvision's start


@pytest.mark.parametrize("wrong", [{"name": "resnet34"}, {"images": "svhn"}, {"stem": "tiny"}])
def test_a_resnet_that_there_is_not_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="there are: "):
        resnet(**{"name": "resnet18", "images": "mnist"} | wrong)


def test_standardising_takes_each_channel_by_itself() -> None:
    layer = Standardised((0.5, 0.25), (0.5, 0.25))
    assert layer(torch.ones(1, 2, 1, 1)).flatten().tolist() == [1, 3]


@pytest.mark.parametrize(("kernel", "padding"), [(3, 1), (7, 3), (1, 0), (3, 0), (5, 2)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_taps_that_read_padding_alone_can_be_left_out(kernel: int, padding: int, stride: int) -> None:
    plain = nn.Conv2d(2, 3, kernel, stride, padding)
    live = LiveConv2d(2, 3, kernel, stride, padding)
    live.load_state_dict(plain.state_dict())
    for size in range(max(1, kernel - 2 * padding), 9):
        x = torch.randn(2, 2, size, max(1, kernel - 2 * padding))
        torch.testing.assert_close(live(x), plain(x))


def test_bfloat16_is_for_training_alone_and_near_float32() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    model, elsewhere = Bfloat16InTraining(network, "cpu"), Bfloat16InTraining(network, "cuda")
    x = torch.rand(50, 1, 8, 8)
    exact = network(x)
    assert torch.equal(model.eval()(x), exact)
    assert torch.equal(elsewhere.train()(x), exact)  # this device gains nothing by it
    rounded = model.train()(x)
    assert rounded.dtype == torch.float32 and not torch.equal(rounded, exact)
    torch.testing.assert_close(rounded, exact, atol=0.02, rtol=0.02)
    rounded.sum().backward()
    assert all(parameter.grad.dtype == torch.float32 for parameter in model.parameters())


@pytest.mark.parametrize(("images", "shape"), [("digits", (4, 1, 28, 28)), ("cifar10", (4, 3, 32, 32))])
def test_a_resnet_computes_channels_last_in_bfloat16_whatever_the_layout_of_its_images(
    images: str, shape: tuple[int, ...]
) -> None:
    """The first convolution turns them: its weights say how."""
    model = build(resnet, 0, CPU, name="resnet18", images=images).train()
    model[-1].device_type = "cpu"
    found = []
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.BatchNorm2d):
            layer.register_forward_hook(lambda layer, given, made: found.append(made))
    model(torch.rand(shape)).sum().backward()
    assert len(found) == 40 and {one.dtype for one in found} == {torch.bfloat16}
    assert all(one.is_contiguous(memory_format=torch.channels_last) for one in found)
    weights = [one.grad for one in model.parameters() if one.ndim == 4]
    assert all(one.is_contiguous(memory_format=torch.channels_last) for one in weights)


@pytest.mark.parametrize(("network", "parameters"), [(SmallCNN, 166_406), (MadryCNN, 3_274_634)])
def test_the_networks_of_the_common_ground_have_their_published_size(network: type, parameters: int) -> None:
    model = build(network, 0, CPU)
    assert parameter_count(model) == parameters and model(torch.rand(2, 1, 28, 28)).shape == (2, 10)


def test_madry_s_network_starts_as_its_authors_start_it() -> None:
    for layer in MadryCNN():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            assert 0.17 < layer.weight.abs().max() <= 0.2 and 0.08 < layer.weight.std() < 0.095
            assert torch.equal(layer.bias, torch.full_like(layer.bias, 0.1))
