"""Checks for the exercises of the chapter on fragile neurons."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lib.attack import FGSM
from lib.chapters.fragile_neurons import targeting
from lib.chapters.fragile_neurons.experiment import Experiment, Key
from lib.chapters.fragile_neurons.quantities import controls, fragile_sets
from lib.chapters.fragile_neurons.record import CellRecord
from lib.compute import seeded
from lib.course.checks.saying import CLOSE, READ_OFF, check, in_the_ball, kept, near, number

STEPS = (0.001, 0.01, 0.1)
"""The values of eps at which the proof is tried."""


@check
def the_shares_are_those_measured(
    experiment: Experiment, others: Sequence[Experiment], main: Key, plain: Sequence[float], relative: Sequence[float]
) -> None:
    """Your shares are those of the three runs, plain and relative to random signs."""
    runs = [experiment, *others]
    assert len(plain) == len(relative) == len(runs), f"one share for each of {len(runs)} runs"
    for values, move, name in ((plain, "FGSM", "plain"), (relative, "FGSM over random signs", "relative")):
        for value, run in zip(values, runs, strict=True):
            near(value, controls(kept(run.cells_of(main)), move).s, READ_OFF, f"of {name}, seed {run.seed}: the share")


@check
def one_step_moves_s_as_often_at_any_eps(
    one_step: Mapping[float, float], network: nn.Sequential, x: Tensor, y: Tensor, result: CellRecord
) -> None:
    """Your shares after one step are those of FGSM without clipping, and hardly depend on eps."""
    assert set(one_step) == set(STEPS), f"a share for each eps of {STEPS}"
    chosen, _ = fragile_sets(result)
    for eps, value in one_step.items():
        moved = FGSM(eps=eps, clip=None)(network, x, y)
        near(value, _share(network, x, moved, chosen), CLOSE, f"the share after one step at eps {eps:g}")
    apart = max(one_step.values()) - min(one_step.values())
    assert apart <= max(CLOSE, 1.5 / len(x)), f"the shares after one step differ by {apart:.3f}"


@check
def many_steps_stay_in_the_ball(
    moved: Tensor, many_steps: float, network: nn.Sequential, x: Tensor, result: CellRecord
) -> None:
    """Your images after twenty steps stay within eps = 0.1, and S moves more on as many as you say."""
    in_the_ball(moved, x, 0.1, clipped=False)
    near(many_steps, _share(network, x, moved, fragile_sets(result)[0]), CLOSE, "many_steps")


def _share(network: nn.Sequential, x: Tensor, moved: Tensor, chosen: NDArray[np.bool_]) -> float:
    """The share of images whose maps in the chosen kernels move more than in the others."""
    return float(targeting.targeted(targeting.distances(network, x, moved)["convolution"], chosen).mean())


@check
def your_sets_are_moved_more_and_less(
    more: NDArray[np.bool_], less: NDArray[np.bool_], network: nn.Sequential, x: Tensor, y: Tensor, result: CellRecord
) -> None:
    """Your sets are of the size of S, and FGSM moves the first more often than S and the second less often."""
    chosen = fragile_sets(result)[0]
    for name, kernels in (("more", more), ("less", less)):
        assert np.shape(kernels) == chosen.shape and np.asarray(kernels).dtype == bool, f"{name}: one boolean a kernel"
        assert np.sum(kernels) == chosen.sum(), f"{name} has {np.sum(kernels)} kernels, S has {chosen.sum()}"
    moved = FGSM(eps=0.01, clip=None)(network, x, y)
    high, middle, low = (_share(network, x, moved, np.asarray(one)) for one in (more, chosen, less))
    assert high >= middle >= low and high > low, f"of the images, {high:.2f} move the first more, {low:.2f} the second"


@check
def the_threshold_lies_above_the_noise(
    factor: float, tau_printed: float, tau_source: float, noise_level: float
) -> None:
    """The threshold that you call a noise level lies a little above the largest singular value of pure noise."""
    n, deviation = 147, 0.015
    noise = torch.randn(n, n, generator=seeded(0), dtype=torch.float64)
    level = torch.linalg.matrix_norm(noise, 2).item() * deviation
    found = number(noise_level, "noise_level")
    assert 0.95 * level <= found <= 1.4 * level, f"pure noise reaches {level:.3f}; you say {found:.3f}"
    printed, source = number(tau_printed, "tau_printed"), number(tau_source, "tau_source")
    assert found in (printed, source), "noise_level is one of the two"
    near(source / printed, deviation**0.5, 1e-3, "the source's threshold over the printed one")
    near(factor, source / (n**0.5 * deviation), 1e-3, "factor")


@check
def the_network_stays_as_it_was(rescale: Callable) -> None:
    """After your change the kernels are as much larger, and in eval mode what comes out is the same."""
    for alpha in (0.5, 3.0):
        convolution, norm, x = _layers()
        weight, before = convolution.weight.clone(), norm(convolution(x))
        with torch.no_grad():
            rescale(convolution, norm, alpha)
        assert torch.allclose(convolution.weight, alpha * weight), f"α = {alpha:g}: the kernels are not as large"
        assert torch.allclose(norm(convolution(x)), before, atol=1e-4), f"α = {alpha:g}: something else comes out"


@check
def the_batch_s_variance_follows(variance_factor: float) -> None:
    """By your factor the maps' variance over a batch grows where the kernels are three times as large."""
    convolution, _, x = _layers()
    maps = convolution(x)
    near(variance_factor, ((3 * maps).var() / maps.var()).item(), 1e-3, "variance_factor")


def _layers() -> tuple[nn.Conv2d, nn.BatchNorm2d, Tensor]:
    """A convolution, a batch norm in eval mode that has seen other batches, and images."""
    generator = seeded(0)
    convolution, norm = nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4).eval()
    with torch.no_grad():
        convolution.weight.copy_(torch.randn(4, 1, 3, 3, generator=generator))
        for values in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            values.copy_(torch.rand(4, generator=generator) + 0.5)
    return convolution.requires_grad_(False), norm.requires_grad_(False), torch.rand(8, 1, 9, 9, generator=generator)
