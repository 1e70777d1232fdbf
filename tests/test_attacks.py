"""What every attack promises, and what each computes where the answer is known in closed form."""

import copy
import inspect
from dataclasses import replace

import elsewhere
import pytest
import torch
import torch.nn.functional as F
from devices import CPU, DEVICE
from scipy import stats
from torch import Tensor, nn

from lib import attack as attacks
from lib import compute
from lib.attack import BIM, FGSM, LBFGS, PGD, Attack, GradientStep, LocalSearch
from lib.attack.noise import noise

UNTARGETED = [
    FGSM(0.1),
    GradientStep(0.1),
    BIM(0.1, steps=5),
    PGD(0.1, steps=5, restarts=2),
    PGD(0.1, steps=5, restarts=2, early_stop=True),
    LBFGS(0.2, iterations=2, searches=2),
    LocalSearch(0.2, pixels=3, candidates=10),
]
ATTACKS = [*UNTARGETED, *(replace(attack, targeted=True) for attack in UNTARGETED)]
BOUNDED = [attack for attack in ATTACKS if not isinstance(attack, GradientStep)]


def named(attack: Attack) -> str:
    early = "-early" if getattr(attack, "early_stop", False) else ""
    return type(attack).__name__ + early + ("-targeted" if attack.targeted else "")


each_attack = pytest.mark.parametrize("attack", ATTACKS, ids=named)
each_bounded_attack = pytest.mark.parametrize("attack", BOUNDED, ids=named)


@pytest.fixture
def x(digits) -> Tensor:
    return digits.x_test[:60]


@pytest.fixture
def y(digits) -> Tensor:
    return digits.y_test[:60]


@pytest.fixture
def binary_y(y) -> Tensor:
    """Labels for the linear model's two classes."""
    return y % 2


def test_no_attack_escapes_these_tests():
    defined = {
        value
        for _, value in inspect.getmembers(attacks, inspect.isclass)
        if issubclass(value, Attack) and not inspect.isabstract(value)
    }
    assert defined == {type(attack) for attack in ATTACKS}


# What every attack promises.


@each_attack
def test_eps_zero_is_the_identity_to_the_bit(attack, trained, x, y):
    assert torch.equal(replace(attack, eps=0.0)(trained, x, y), x)


@each_attack
def test_something_changes_within_the_clip_range(attack, trained, x, y):
    x_adv = attack(trained, x, y)
    assert not torch.equal(x_adv, x)
    assert x_adv.min() >= 0 and x_adv.max() <= 1


@each_bounded_attack
def test_no_pixel_moves_further_than_eps(attack, trained, x, y):
    x_adv = attack(trained, x, y)
    assert (x_adv <= x + attack.eps).all() and (x_adv >= x - attack.eps).all()


@each_bounded_attack
def test_a_narrower_clip_range_is_held(attack, trained, x, y):
    x_adv = replace(attack, clip=(0.2, 0.7))(trained, x.clamp(0.2, 0.7), y)
    assert x_adv.min() >= 0.2 and x_adv.max() <= 0.7


@each_bounded_attack
def test_without_clip_pixels_leave_the_range_but_not_the_ball(attack, trained, x, y):
    x_adv = replace(attack, clip=None)(trained, x, y)
    assert x_adv.min() < 0 and x_adv.max() > 1
    assert (x_adv - x).abs().max() <= attack.eps + 1e-6


@each_attack
def test_images_are_not_modified_in_place_and_the_result_carries_no_graph(attack, trained, x, y):
    x = x.clone().requires_grad_()
    before = x.detach().clone()
    x_adv = attack(trained, x, y)
    assert torch.equal(x.detach(), before)
    assert x.grad is None and not x_adv.requires_grad


@each_attack
def test_no_gradient_is_left_and_no_parameter_thawed_or_frozen(attack, trained, x, y):
    frozen = trained[0].weight.requires_grad_(False)
    attack(trained, x, y)
    assert all(parameter.grad is None for parameter in trained.parameters())
    assert [parameter for parameter in trained.parameters() if not parameter.requires_grad] == [frozen]


@each_attack
def test_works_under_no_grad(attack, trained, x, y):
    expected = attack(trained, x, y)
    with torch.no_grad():
        assert torch.equal(attack(trained, x, y), expected)


@each_attack
def test_each_image_is_attacked_by_itself(attack, trained, x, y):
    # In double precision: sums over batches of another size round differently, and where a gradient is near zero,
    # its sign, and so a whole step, can hang on that.
    model, x = trained.double(), x.double()
    whole = attack(model, x, y)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    reordered = torch.empty_like(whole)
    reordered[order] = attack(model, x[order], y[order])
    batched = replace(attack, batch_size=7)(model, x, y)
    torch.testing.assert_close(reordered, whole, rtol=0, atol=1e-12)
    torch.testing.assert_close(batched, whole, rtol=0, atol=1e-12)


# Each module's mode.


class Probe(nn.Module):
    """Notes its mode whenever it is called, and raises where it is told to."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__()
        self.fails = fails
        self.seen: set[bool] = set()

    def forward(self, x: Tensor) -> Tensor:
        self.seen.add(self.training)
        if self.fails:
            raise RuntimeError("out of memory")
        return x


def mixed_modes(fails: bool = False) -> nn.Sequential:
    """A network in training whose batch norm is frozen: both modes at once."""
    layers = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), Probe(fails), nn.Flatten(), nn.Linear(4 * 26 * 26, 10)
    model = nn.Sequential(*layers).train().to(DEVICE)
    model[1].eval()
    return model


def modes(model: nn.Module) -> list[bool]:
    return [module.training for module in model.modules()]


@each_attack
def test_runs_in_eval_mode_and_gives_each_module_its_own_mode_back(attack, x, y):
    model = mixed_modes()
    before, statistics = modes(model), copy.deepcopy(model[1].state_dict())
    attack(model, x, y)
    assert model[3].seen == {False}
    assert modes(model) == before
    torch.testing.assert_close(model[1].state_dict(), statistics, rtol=0, atol=0)


@each_attack
def test_modes_come_back_when_the_model_raises(attack, x, y):
    model = mixed_modes(fails=True)
    before = modes(model)
    with pytest.raises(RuntimeError, match="out of memory"):
        attack(model, x, y)
    assert modes(model) == before


# What is refused.


@pytest.mark.parametrize("shape", [(59,), (60, 1), (60, 10), ()])
def test_labels_that_do_not_match_the_images_are_refused(shape, trained, x):
    with pytest.raises(ValueError, match="one each is needed"):
        FGSM(0.1)(trained, x, torch.zeros(shape, dtype=torch.int64))


def test_labels_are_never_guessed(trained, x):
    # An attack that falls back on predicted labels leaks them.
    with pytest.raises(TypeError):
        FGSM(0.1)(trained, x)


# Closed forms.


def rising(model: nn.Sequential, y: Tensor) -> Tensor:
    """w_other - w_y for each image, in the shape of an image."""
    weight = model[1].weight.detach()
    return (weight[1 - y] - weight[y]).view(-1, 1, 28, 28)


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize(
    "attack", [FGSM(), BIM(alpha=0.02, steps=20), PGD(alpha=0.02, steps=40)], ids=lambda a: type(a).__name__
)
def test_on_a_linear_model_signed_steps_end_in_the_ball_s_corner(attack, targeted, linear, x, binary_y):
    attack = replace(attack, eps=0.25, targeted=targeted)
    uphill = rising(linear, binary_y).sign() * (-1 if targeted else 1)
    expected = (x + 0.25 * uphill).clamp(0, 1)
    torch.testing.assert_close(attack(linear, x, binary_y), expected, rtol=0, atol=1e-6)


def test_bim_has_moved_by_the_sum_of_its_steps_before_it_meets_the_ball(linear, x, binary_y):
    x_adv = BIM(eps=0.25, alpha=0.01, steps=7, clip=None)(linear, x, binary_y)
    expected = x + 0.07 * rising(linear, binary_y).sign()
    torch.testing.assert_close(x_adv, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("targeted", [False, True])
def test_gradient_step_follows_the_gradient_itself(targeted, linear, x, binary_y):
    # Of the cross-entropy: (1 - p_y) (w_other - w_y).
    p = F.softmax(linear(x).detach(), dim=1).gather(1, binary_y[:, None]).view(-1, 1, 1, 1)
    gradient = (1 - p) * rising(linear, binary_y) * (-1 if targeted else 1)
    x_adv = GradientStep(eps=3.0, targeted=targeted)(linear, x, binary_y)
    torch.testing.assert_close(x_adv, (x + 3.0 * gradient).clamp(0, 1), rtol=0, atol=1e-6)


def test_on_a_linear_model_local_search_takes_the_pixels_that_count_most(linear, x, binary_y):
    uphill = rising(linear, binary_y)
    ends = (uphill > 0).float()
    gain = (uphill * (ends - x)).flatten(1)
    x_adv = LocalSearch(pixels=3, candidates=28 * 28)(linear, x, binary_y)
    changed = (x_adv != x).flatten(1)
    for image, count in enumerate(changed.sum(1).tolist()):
        assert set(changed[image].nonzero().flatten().tolist()) == set(gain[image].topk(count).indices.tolist())
    assert torch.equal(x_adv[changed.view_as(x)], ends[changed.view_as(x)])
    read_rightly = linear(x_adv).argmax(1) == binary_y
    assert read_rightly.any() and (changed.sum(1)[read_rightly] == 3).all()


def test_local_search_draws_other_pixels_in_each_round(linear, x, binary_y):
    """With one candidate a round, more than one pixel changes only if the rounds draw different ones."""
    changed = (LocalSearch(pixels=6, candidates=1)(linear, x, binary_y) != x).flatten(1).sum(1)
    assert changed.max() > 1


class Counting(nn.Module):
    """A network that notes how many images it is given at once."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.given = network, []

    def forward(self, x: Tensor) -> Tensor:
        self.given.append(len(x))
        return self.network(x)


def test_local_search_takes_five_times_as_many_images_at_once_on_a_gpu_and_finds_the_same(trained, x, y, monkeypatch):
    search = LocalSearch(0.3, batch_size=4, pixels=4, candidates=20)
    here = Counting(trained.to(CPU))
    found = search(here, x.to(CPU), y.to(CPU))
    assert here.given[0] == 4 and max(here.given) == 4 * 2 * 20
    sized = compute.at_once
    monkeypatch.setattr(compute, "at_once", lambda images, device: sized(images, torch.device("cuda")))
    with elsewhere.Elsewhere():
        there = Counting(copy.deepcopy(trained).to(elsewhere.DEVICE))
        far = search(there, x.cpu().to(elsewhere.DEVICE), y.cpu().to(elsewhere.DEVICE)).cpu()
    assert there.given[0] == 5 * 4 and max(there.given) == 5 * 4 * 2 * 20
    assert torch.equal(far, found)


class FirstChannel(nn.Module):
    """What reads the first channel of a colour image."""

    def __init__(self, reader: nn.Module) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, x: Tensor) -> Tensor:
        return self.reader(x[:, :1])


def test_local_search_changes_all_channels_of_few_pixels_and_stops_once_it_succeeds(trained, x, y):
    model, colour = FirstChannel(trained), torch.cat([x, x / 2, x / 3], dim=1)
    found = {pixels: LocalSearch(pixels=pixels, candidates=60)(model, colour, y) for pixels in (4, 40)}
    moved = {pixels: (x_adv != colour).any(1).flatten(1).sum(1) for pixels, x_adv in found.items()}
    assert (moved[4] <= 4).all() and (moved[40] <= 40).all()
    fooled = {pixels: read(model, x_adv) != y for pixels, x_adv in found.items()}
    assert torch.equal(found[4][fooled[4]], found[40][fooled[4]]) and fooled[40].sum() > fooled[4].sum()
    at_an_end = ((found[40] == 0).all(1) | (found[40] == 1).all(1)).unsqueeze(1)
    assert (at_an_end | (found[40] == colour)).all()


def test_bim_follows_eq_2_of_biswari_step_by_step(trained, x, y):
    # X_0 = X; X_(n+1) = Clip_(X, eps) {X_n + alpha sign(grad J(X_n, y_true))}, the clip of ball and pixel range.
    model, expected = trained.eval(), x.clone()
    for steps in range(1, 6):
        step = expected.requires_grad_()
        (gradient,) = torch.autograd.grad(F.cross_entropy(model(step), y, reduction="sum"), step)
        moved = step.detach() + 0.03 * gradient.sign()
        expected = torch.max(torch.min(moved, x + 0.08), x - 0.08).clamp(0, 1)
        assert torch.equal(BIM(eps=0.08, alpha=0.03, steps=steps)(model, x, y), expected), steps


def test_one_step_of_bim_is_fgsm(trained, x, y):
    one_step = BIM(eps=0.1, alpha=0.1, steps=1)
    assert torch.equal(one_step(trained, x, y), FGSM(0.1)(trained, x, y))


def test_the_default_step_reaches_every_point_of_the_ball():
    assert BIM(eps=0.2, steps=10).step == pytest.approx(0.05)
    assert BIM(eps=0.2, steps=10, alpha=0.0).step == 0.0


def test_the_loss_can_be_any_function_of_logits_and_labels(linear, x, binary_y):
    def other_logit(logits: Tensor, y: Tensor) -> Tensor:
        return logits.gather(1, 1 - y[:, None])[:, 0]

    weight = linear[1].weight.detach()[1 - binary_y].view(-1, 1, 28, 28)
    x_adv = FGSM(0.1, loss=other_logit)(linear, x, binary_y)
    torch.testing.assert_close(x_adv, (x + 0.1 * weight.sign()).clamp(0, 1), rtol=0, atol=1e-6)


# Strength.


def read(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return model.eval()(x).argmax(1)


@pytest.mark.parametrize("attack", [FGSM(0.05), BIM(0.05), PGD(0.05, steps=10)], ids=named)
def test_untargeted_leaves_the_label(attack, trained, x, y):
    assert (read(trained, attack(trained, x, y)) == y).sum() < (read(trained, x) == y).sum()


@pytest.mark.parametrize("attack", [FGSM(0.1), BIM(0.1), PGD(0.1, steps=10)], ids=named)
def test_targeted_moves_towards_the_target(attack, trained, x, y):
    target = (y + 1) % 10
    x_adv = replace(attack, targeted=True)(trained, x, target)
    assert (read(trained, x_adv) == target).sum() > (read(trained, x) == target).sum()


class Plateaus(nn.Module):
    """Reads class 0 below 0.6, at a high loss, and class 1 above, at a lower one; flat in between.

    With a gradient that is zero everywhere, a restart of PGD is a draw from the ball.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("below", torch.tensor([0.34, 0.33, 0.33], device=DEVICE).log())
        self.register_buffer("above", torch.tensor([0.49, 0.50, 0.01], device=DEVICE).log())

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x.flatten(1) < 0.6, self.below, self.above) + 0 * x.flatten(1)


@pytest.fixture
def grey() -> Tensor:
    """50 images of one pixel, all different, so that their random starts differ."""
    return torch.linspace(0.45, 0.55, 50, device=DEVICE).view(-1, 1, 1, 1)


@pytest.mark.parametrize("targeted", [False, True])
def test_pgd_keeps_the_restart_that_succeeds_image_by_image(targeted, grey):
    # Each start succeeds with a chance of 0.4; where it does, the loss of the true class 0 is the lower one.
    y = torch.full((50,), int(targeted), device=DEVICE)
    attack = PGD(eps=0.45, steps=1, targeted=targeted)
    once = read(Plateaus(), attack(Plateaus(), grey, y)) == 1
    often = read(Plateaus(), replace(attack, restarts=30)(Plateaus(), grey, y)) == 1
    assert 5 < once.sum() < 35
    assert often.all()


def test_pgd_with_restarts_is_never_worse_for_any_image(trained, digits):
    x, y = digits.x_test, digits.y_test
    attack = PGD(0.05, steps=3)
    once = attack(trained, x, y)
    often = replace(attack, restarts=4)(trained, x, y)
    fooled = read(trained, once) != y
    assert torch.equal(often[fooled], once[fooled])
    open_ = ~fooled
    assert open_.any() and not torch.equal(often[open_], once[open_])
    loss = [F.cross_entropy(trained(x_adv[open_]), y[open_], reduction="none") for x_adv in (once, often)]
    assert ((loss[1] >= loss[0] - 1e-5) | (read(trained, often[open_]) != y[open_])).all()


def test_early_stop_leaves_an_image_alone_once_it_is_fooled(trained, digits):
    # In double precision, as attacking fewer images at once rounds differently.
    model, x, y = trained.double(), digits.x_test.double(), digits.y_test
    attack = BIM(0.15, alpha=0.03, steps=8)
    early, late = (replace(attack, early_stop=stop)(model, x, y) for stop in (True, False))
    misread, fooled, fooled_late = (read(model, images) != y for images in (x, early, late))
    assert misread.any() and torch.equal(early[misread], x[misread])
    assert (fooled | ~fooled_late).all()
    torch.testing.assert_close(early[~fooled], late[~fooled], rtol=0, atol=1e-12)
    # What two steps fooled, one step had not.
    two_steps = fooled & ((early - x).abs().amax((1, 2, 3)) - 0.06).abs().lt(1e-9)
    assert two_steps.any()
    assert (read(model, replace(attack, steps=1)(model, x, y))[two_steps] == y[two_steps]).all()


def test_a_seed_of_eight_digits_is_as_good_as_any(trained, x, y):
    first, again, other = (PGD(0.1, steps=1, seed=seed)(trained, x, y) for seed in (20240131, 20240131, 20240130))
    assert torch.equal(first, again) and not torch.equal(first, other)


# The noise of random starts.


def test_noise_is_uniform(x):
    values = noise(x, 0).flatten()
    assert values.min() >= 0 and values.max() < 1
    assert values.mean().item() == pytest.approx(0.5, abs=4 / (12 * len(values)) ** 0.5)
    assert stats.kstest(values.cpu().numpy(), "uniform").pvalue > 0.001


def test_noise_differs_by_seed_by_image_and_by_pixel(x):
    draws = {
        "seeds": (noise(x, 0), noise(x, 1)),
        "images": (noise(x[:-1], 0), noise(x[1:], 0)),
        "columns": (noise(x, 0)[..., :-1], noise(x, 0)[..., 1:]),
        "rows": (noise(x, 0)[..., :-1, :], noise(x, 0)[..., 1:, :]),
    }
    for name, (one, other) in draws.items():
        correlation = torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1]
        assert abs(correlation) < 4 / one.numel() ** 0.5, name


def test_noise_hangs_on_every_pixel(x):
    moved = x[:1].clone()
    moved[0, 0, 27, 27] += 1 / 255
    assert (noise(moved, 0) != noise(x[:1], 0)).float().mean() > 0.99


def test_noise_is_the_same_in_any_batch(x):
    assert torch.equal(noise(x, 5)[30:37], noise(x[30:37], 5))
