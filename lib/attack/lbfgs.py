"""The nearest adversarial image in L2, by L-BFGS."""

import math
from dataclasses import KW_ONLY, dataclass

import numpy as np
import torch
from scipy import optimize
from torch import Tensor, nn

from lib.attack.base import Attack
from lib.attack.inputs import check_counts

LEAD = 1e-3
"""By how many logits L-BFGS has to succeed, so that rounding in a batch of another size cannot undo it."""


@dataclass(frozen=True)
class LBFGS(Attack):
    """The nearest adversarial image in L2, by L-BFGS within the box of valid pixels, image by image.

    Szegedy et al., 2014, section 4.1: minimise |r|^2 + c loss(x + r), and search for the smallest c whose minimiser
    succeeds. The loss is minus the log-probability of the class to reach; untargeted, it is minus that of all classes
    except y together. The search over c starts at the value that a linear model would need. It ends when a c that fails
    and one that succeeds are within `tolerance` of each other. Of all points that were examined, the nearest that
    succeeds is returned; x itself where none does, or where x needs no attack. The arithmetic of L-BFGS is SciPy's, in
    double precision on the CPU.

    Parameters
    ----------
    eps
        The largest change of a pixel, in pixel units; by default 1, so that only the valid range bounds it.
    iterations
        How many iterations L-BFGS takes for each c, at most; at least 1.
    searches
        How many values of c are tried, at most; at least 1.
    tolerance
        By what share the succeeding c may exceed the failing one at the end.

    Raises
    ------
    ValueError
        On any other `loss`, since the attack has its own, on fewer than one iteration or search, and on a negative
        tolerance. On a call, as all attacks do, except that a gradient that is not finite is refused only where no
        adversarial image was found.
    """

    eps: float = 1.0
    _: KW_ONLY
    iterations: int = 15
    searches: int = 12
    tolerance: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss != "cross_entropy":
            raise ValueError("L-BFGS has a loss of its own; it takes no other")
        check_counts(iterations=self.iterations, searches=self.searches)
        self.check("tolerance", self.tolerance >= 0, "it is a share, and cannot be negative")

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        x_adv = x.clone()
        for i in range(len(x)):  # in a batch the gradient is rounded differently, and the search would amplify that
            x_adv[i] = self.nearest(model, x[i : i + 1], y[i : i + 1])[0]
        return x_adv

    def losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """What the attack raises (N,): the log-probability of y where targeted, else of all other classes together."""
        reached = logits.gather(1, y[:, None]) if self.targeted else logits.scatter(1, y[:, None], -torch.inf)
        return reached.logsumexp(1) - logits.logsumexp(1)

    def nearest(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """The nearest adversarial image for one image x (1, C, H, W) with y (1,).

        Where there is none and a gradient was not finite, it is NaN, which `Attack` refuses.
        """
        start, best, shortest, finite = _as_vector(x), x, math.inf, True

        def objective(point: np.ndarray, c: float) -> tuple[float, np.ndarray]:
            nonlocal best, shortest, finite
            x_adv = self.image(point, x)
            loss, gradient, lead = self.examine(model, x_adv, y)
            finite = finite and bool(np.isfinite(gradient).all())
            moved = point - start
            length = float(moved @ moved)
            if lead > LEAD and length < shortest:
                best, shortest = x_adv, length
            return length - c * loss, 2 * moved - c * gradient

        loss, slope, lead = self.examine(model, x, y)
        if lead > 0:
            return x
        bounds = optimize.Bounds(*(_as_vector(self.within(x + end, x)) for end in (-self.eps, self.eps)))
        options = {"maxiter": self.iterations}
        failing, succeeding, c = 0.0, math.inf, -2 * loss / max(float(slope @ slope), 1e-12)
        for _ in range(self.searches):
            found = optimize.minimize(objective, start, (c,), "L-BFGS-B", jac=True, bounds=bounds, options=options).x
            succeeds = self.examine(model, self.image(found, x), y)[2] > LEAD
            failing, succeeding = (failing, c) if succeeds else (c, succeeding)
            if succeeding <= (1 + self.tolerance) * failing:
                break
            c = 4 * c if succeeding == math.inf else c / 4 if failing == 0 else math.sqrt(failing * succeeding)
        return best if finite or shortest < math.inf else torch.full_like(x, math.nan)

    def image(self, point: np.ndarray, x: Tensor) -> Tensor:
        """A point of the search as an image like x, kept within the box despite rounding."""
        return self.within(torch.tensor(point, dtype=x.dtype, device=x.device).view_as(x), x)

    def examine(self, model: nn.Module, x: Tensor, y: Tensor) -> tuple[float, np.ndarray, float]:
        """At one image: what is raised, its gradient (C H W,), and by how many logits the attack succeeds."""
        gradient, logits = self.gradient_and_logits(model, x, y)
        of_y, others = logits[0, y[0]], logits.scatter(1, y[:, None], -torch.inf).amax()
        lead = of_y - others if self.targeted else others - of_y
        return float(self.losses(logits, y)), _as_vector(gradient), float(lead)


def _as_vector(x: Tensor) -> np.ndarray:
    return x.detach().cpu().double().numpy().ravel()
