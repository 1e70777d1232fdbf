"""No number is given where it would be a lie, and what is said instead says what to do."""

import copy
import itertools

import numpy as np
import pytest
import torch
from devices import DEVICE
from judged import BAD, Around, Locked, Remembering, nearest_mean
from torch import nn

from lib import compute, data
from lib.judge import Refused, guarded, judge
from lib.judge.checks import admitted
from lib.judge.images import sample

FAST = {"eps": (0.21,), "steps": 1, "queries": 2, "n_lbfgs": 1}


@pytest.fixture
def good(digits) -> nn.Sequential:
    return nearest_mean(digits)


@pytest.fixture
def images(digits) -> tuple[torch.Tensor, torch.Tensor]:
    return digits.x_test[:40].cpu(), digits.y_test[:40].cpu()


@pytest.mark.survives(
    "inputs",
    "Networks to be judged return probabilities, tuples or nothing, are random, raise midway, or suit other images.",
    "No number is given; a sentence says why, and what to do.",
)
@pytest.mark.parametrize("name", BAD)
def test_a_network_that_no_number_should_be_given_for_is_refused(name, good, images) -> None:
    spoil, said = BAD[name]
    with pytest.raises(Refused, match=rf"(?s){said}"):
        judge(spoil(good), data=images, **FAST)


def test_as_many_logits_as_the_book_s_data_have_classes_are_wanted(good, digits, monkeypatch) -> None:
    monkeypatch.setattr(data, "load", lambda name: digits)
    with pytest.raises(Refused, match="gives 11 logits an image; digits has 10 classes"):
        judge(Around(good, after=lambda out: nn.functional.pad(out, (0, 1))), **FAST)


def test_of_too_few_images_it_is_said_that_they_are_too_few(good, images) -> None:
    with pytest.raises(Refused, match=r"clean images: too few images to tell that from one answer.*Ask for more"):
        judge(good, data=images, **FAST | {"n_images": 3})


def test_a_loss_that_saturates_is_no_missing_gradient(good, images) -> None:
    steep = admitted(Around(good, after=lambda out: 1e4 * out), sample(images, 40))
    assert not steep.blind and not steep.severed
    assert admitted(Around(good, before=lambda x: (3 * x).round() / 3), sample(images, 40)).blind


def test_a_masked_class_is_no_fault(good, images) -> None:
    masked = Around(good, after=lambda out: nn.functional.pad(out, (0, 2), value=-1e9))
    assert admitted(masked, sample(images, 40)).classes == 12


class Masked(Around):
    """It keeps an attention mask, which is -inf where nothing is to be looked at."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network, before=lambda x: x * (1 + self.mask.softmax(0)[1]))
        self.register_buffer("mask", torch.tensor([0.0, -torch.inf]))


def test_a_buffer_may_be_infinite_by_design(good, images) -> None:
    masked = Masked(good).to(DEVICE)
    assert torch.equal(admitted(masked, sample(images, 40))(images[0].to(DEVICE)), good(images[0].to(DEVICE)))


@pytest.mark.parametrize("value", [float("nan"), -torch.inf])
def test_a_buffer_that_makes_logits_no_numbers_is_refused_by_these(good, images, value) -> None:
    masked = Around(good, after=lambda out: out + masked.mask)
    masked.register_buffer("mask", torch.full((10,), value, device=DEVICE))
    with pytest.raises(Refused, match="logits that are not numbers"):
        admitted(masked, sample(images, 40))


def test_log_probabilities_are_logits(good, images) -> None:
    before = admitted(good, sample(images, 40))
    found = admitted(Around(good, after=lambda out: out.log_softmax(1)), sample(images, 40))
    assert found.classes == before.classes == 10 and not found.severed
    with torch.no_grad():
        x = images[0].to(DEVICE)
        assert torch.allclose(found(x), before(x).log_softmax(1))


def test_what_waits_for_a_gpu_while_it_is_captured_is_told_of_the_cpu(good, images, monkeypatch) -> None:
    def waiting(x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("operation not permitted when stream is capturing")

    x = images[0].to(DEVICE)
    monkeypatch.setattr(guarded, "_is_captured", lambda x: True)
    with pytest.raises(Refused, match=r"not permitted when stream is capturing.*--device cpu"):
        guarded.Guarded(Around(good, before=waiting), 10)(x)
    assert torch.equal(guarded.Guarded(good, 10)(x), good(x))


def test_a_good_network_is_left_as_it_was(good, images) -> None:
    good = Remembering(good)
    before = {name: one.clone() for name, one in good.state_dict().items()}
    x, _ = images
    kept = x.clone()
    with torch.inference_mode():
        found = judge(good, data=images, **FAST | {"eps": 0.21})
    assert found.n == 40 and not good.training and torch.equal(x, kept)
    assert all(torch.equal(one, before[name]) for name, one in good.state_dict().items())


def test_a_network_that_cannot_be_copied_is_judged(good, images) -> None:
    with pytest.raises(TypeError, match="lock"):
        copy.deepcopy(Locked(good))
    asked = FAST | {"eps": 0.1}
    found, expected = (judge(one, data=images, **asked).at[0.1] for one in (Locked(good), good))
    assert all(np.array_equal(found.outcomes[name], hits) for name, hits in expected.outcomes.items())
    assert np.array_equal(found.distances, expected.distances)


def test_the_page_s_mean_over_draws_is_judged(good, images) -> None:
    page = (compute.ROOT / "book" / "run_it_yourself.md").read_text()
    code = next(one for one in page.split("```python\n") if one.startswith("class Averaged")).split("```")[0]
    exec(code, names := {"torch": torch})
    averaged = names["Averaged"](good, (1, 28, 28)).to(DEVICE).eval()
    assert admitted(averaged, sample(images, 40)).classes == 10


class Small(nn.Module):
    """A network that takes seven images at once, no more."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if len(x) > 7:
            raise torch.OutOfMemoryError("out of memory")
        return self.network(x)


def test_a_batch_is_bounded_where_memory_is(good, images) -> None:
    asked = FAST | {"eps": 0.1, "data": images}
    with pytest.raises(Refused, match=r"raises OutOfMemoryError on 24 images.*--batch 32 \(batch=32 in Python\)"):
        judge(Small(good), **asked)
    found, expected = judge(Small(good), batch=7, **asked), judge(good, **asked)
    assert all(np.array_equal(found.at[0.1].outcomes[name], hits) for name, hits in expected.at[0.1].outcomes.items())


def test_the_way_back_keeps_the_activations_of_one_part_alone(good, digits) -> None:
    """What autograd keeps for it, over all images: these and their logits, and nothing from within the network."""

    def kept(batch: int | None) -> int:
        sizes, x = [], digits.x_test[:40].clone().requires_grad_()
        with torch.autograd.graph.saved_tensors_hooks(lambda one: (sizes.append(one.numel()), one)[1], lambda one: one):
            outputs = guarded.Guarded(deep, 10, batch=batch)(x)
        gradients.append(torch.autograd.grad(outputs.square().sum(), x)[0])
        return sum(sizes)

    deep, gradients = Around(good, before=lambda x: x.exp().sin().cos()), []
    assert kept(7) == 40 * (784 + 10) < kept(None) / 4 and torch.allclose(*gradients, rtol=1e-4)


@pytest.mark.survives(
    "inputs",
    "Judging is asked for with an eps, steps or images that mean nothing.",
    "It is refused in a sentence.",
)
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"eps": ()}, "eps is nothing"),
        ({"eps": (0.0,)}, "eps is 0.*above 0"),
        ({"eps": (8,)}, "eps is 8.*write 8/255"),
        ({"eps": "8"}, "eps is 8.*write 8/255"),
        ({"eps": (float("nan"),)}, "eps is nan"),
        ({"eps": object}, "eps is <class 'object'>; it is a number"),
        ({"eps": "8/0"}, "eps is '8/0'; it is a number"),
        ({"eps": "much"}, "eps is 'much'; it is a number"),
        ({"n_images": 0}, "0 images"),
        ({"n_images": 1}, "1 image is asked for.*no interval"),
        ({"n_images": np.bool_(True)}, "images are asked for"),
        ({"steps": -1}, "-1 steps"),
        ({"queries": 2.5}, "2.5 queries"),
        ({"n_lbfgs": True}, "True images for L-BFGS"),
        ({"batch": 0}, "0 images at once"),
    ],
)
def test_settings_that_mean_nothing_are_refused(asked, said, good, images) -> None:
    with pytest.raises(Refused, match=said):
        judge(good, data=images, **FAST | asked)


def test_the_other_network_is_held_to_the_same_and_is_another(good, images, digits) -> None:
    with pytest.raises(Refused, match="has the same weights"):
        judge(good, data=images, other=copy.deepcopy(good), **FAST)
    with pytest.raises(Refused, match=r"the other network, for the transfer: the network returns None"):
        judge(good, data=images, other=Around(nearest_mean(digits, slice(400)), after=lambda out: None), **FAST)


@pytest.mark.survives(
    "inputs",
    "Judging is given images or classes of another type, range, shape or number, or none.",
    "They are refused in a sentence that says what to do.",
)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x, y: ((255 * x).byte(), y), "uint8: divide them by 255"),
        (lambda x, y: (255 * x, y), "divide them by 255"),
        (lambda x, y: (x * 1.0000002, y), r"1\.00000\d+\].*clip them"),
        (lambda x, y: (x - 0.5, y), "normalised.*first layer"),
        (lambda x, y: (x.double(), y), "images are float64"),
        (lambda x, y: (x * float("nan"), y), "not numbers"),
        (lambda x, y: (x[:, 0], y), r"x\[:, None\]"),
        (lambda x, y: (x.permute(0, 2, 3, 1), y), r"channels last: x\.permute\(0, 3, 1, 2\)"),
        (lambda x, y: (x[:0], y[:0]), "none of them 0"),
        (lambda x, y: (x.to_sparse(), y), "to_dense"),
        (lambda x, y: (x.to("meta"), y), "to_dense"),
        (lambda x, y: (x, nn.functional.one_hot(y)), "one-hot.*argmax"),
        (lambda x, y: (x, y[:, None]), r"y\[:, 0\]"),
        (lambda x, y: (x, y[:-1]), "40 images come with classes of shape"),
        (lambda x, y: (x, y.float()), "classes are float32"),
        (lambda x, y: (x, y == 3), "classes are bool"),
        (lambda x, y: (x, y - 100), "run from -100"),
        (lambda x, y: (x, y + 300), "0 to 255"),
        (lambda x, y: (x[:1], y[:1]), "all images are of the class"),
        (lambda x, y: (x, y + 5), "gives 10 logits.*run up to 14"),
        (lambda x, y: (x.numpy(), y.numpy()), "two tensors.*ndarray"),
        (lambda x, y: x, "two tensors"),
        (lambda x, y: "imagenet", "no images named 'imagenet'"),
        (lambda x, y: "missing.npz", "no file missing.npz"),
    ],
)
def test_what_are_no_images_with_a_class_each_is_refused(change, said, good, images) -> None:
    with pytest.raises(Refused, match=said):
        judge(good, data=change(*images), **FAST)


@pytest.mark.survives(
    "inputs",
    "Judging is given a file that holds no images.",
    "It is refused by its name.",
)
@pytest.mark.parametrize(
    ("held", "said"),
    [
        (b"no archive", "cannot be read"),
        ({"images": np.zeros(3)}, "holds images and lacks x and y"),
        ({"x": np.array([None]), "y": np.zeros(1, int)}, "cannot be read"),
        ({"x": np.zeros((2, 1, 4, 4), ">f4"), "y": np.zeros(2, int)}, "what is no image"),
        ({"x": np.array(["a"]), "y": np.zeros(1, int)}, "what is no image"),
        ({"x": np.zeros((2, 4, 4, 3), "f4"), "y": np.arange(2)}, r"channels last: x\.transpose\(0, 3, 1, 2\)"),
    ],
)
def test_a_file_without_images_is_refused(held, said, good, tmp_path) -> None:
    path = tmp_path / "own.npz"
    if isinstance(held, bytes):
        path.write_bytes(held)
    else:
        np.savez(path, **held)
    with pytest.raises(Refused, match=said):
        judge(good, data=path, **FAST)


@pytest.mark.survives(
    "inputs",
    "Judging is given images and classes of every type and layout, 0, 1, 2 and 40 of them.",
    "They are taken as the same images in the plain form, or refused in a sentence.",
)
@pytest.mark.filterwarnings("ignore:.*support is experimental")
def test_images_of_whatever_kind_are_taken_as_they_are_or_refused(images) -> None:
    """Every type, layout and size: the same images as in the plain form, or a sentence."""
    x, y = images
    types = [one for one in vars(torch).values() if isinstance(one, torch.dtype)]
    layouts = [
        lambda x: x,
        lambda x: x.contiguous(memory_format=torch.channels_last),
        lambda x: x.flip(3).flip(3),
        lambda x: x.transpose(2, 3).contiguous().transpose(2, 3),
        lambda x: x.detach().requires_grad_(x.is_floating_point()),
    ]
    taken = 0
    for (of_x, of_y), layout, n in itertools.product(
        [(one, torch.int64) for one in types] + [(torch.float32, one) for one in types], layouts, (0, 1, 2, 40)
    ):
        try:
            given = layout(x[:n].to(of_x)), y[:n].to(of_y)
        except (RuntimeError, TypeError, NotImplementedError):
            continue  # torch has no such tensors
        try:
            found = sample(given, 100)
        except Refused:
            continue
        taken += 1
        assert torch.equal(found.x.cpu(), x[:n]) and torch.equal(found.y.cpu(), y[:n]) and found.y.dtype == torch.int64
        assert found.x.device.type == DEVICE.type and not found.x.requires_grad
    assert taken > 20
