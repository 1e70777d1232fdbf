"""Attacks on a classifier's input, in pixel units: `attack(model, x, y) -> x_adv`.

Each attack is a frozen dataclass with the parameter names of torchattacks. x holds images (N, C, H, W) within
`clip`, y the true labels (N,), or the targets where the attack is `targeted`. The model returns logits.

Every call runs in eval mode and leaves each module's mode as it was, leaves no gradient on any parameter, treats
each image by itself (the result does not depend on how images are batched), and gives x to the bit at eps = 0.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy import optimize
from torch import Tensor, nn

from lib.models import evaluating

Loss = Callable[[Tensor, Tensor], Tensor]
"""Logits (N, classes) and labels (N,) to one loss an image (N,)."""


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """One loss an image (N,), in nats."""
    return F.cross_entropy(logits, y, reduction="none")


LOSSES: dict[str, Loss] = {"cross_entropy": cross_entropy}


@dataclass(frozen=True)
class Attack(ABC):
    """What all attacks share.

    Parameters
    ----------
    eps
        The largest change of a pixel, in [0, 1]: the radius of the L-infinity ball.
    targeted
        Whether y names the class to reach (the loss is lowered) or the one to leave (it is raised).
    loss
        A name in `LOSSES`, or a function of logits and labels that gives one loss an image.
    clip
        The range of a valid pixel; None lets the result leave it, as some papers' code does.
    batch_size
        How many images are attacked at once; a matter of memory alone.

    Raises
    ------
    ValueError
        On a call whose x lies outside `clip` (it was normalised before the attack, most likely), whose
        labels do not match the images, or on construction with a negative eps or a loss of no known name. Other
        settings are taken as they are: no steps, for one, leave x as it was.
    """

    eps: float = 0.1
    targeted: bool = False
    loss: str | Loss = "cross_entropy"
    clip: tuple[float, float] | None = (0.0, 1.0)
    batch_size: int = 1000

    def __post_init__(self) -> None:
        if self.eps < 0:
            raise ValueError(f"eps is {self.eps}; it cannot be negative")
        if isinstance(self.loss, str) and self.loss not in LOSSES:
            raise ValueError(f"no loss named {self.loss!r}; there are: {', '.join(LOSSES)}")

    def __call__(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        if y.shape != x.shape[:1]:
            raise ValueError(f"{len(x)} images come with labels of shape {tuple(y.shape)}; one each is needed")
        if self.clip and len(x) and (x.min() < self.clip[0] or x.max() > self.clip[1]):
            raise ValueError(
                f"pixels lie in [{x.min():.3g}, {x.max():.3g}], outside {list(self.clip)}: "
                "normalisation belongs in the model, as a layer"
            )
        with evaluating(model), torch.enable_grad():
            parts = zip(x.detach().split(self.batch_size), y.split(self.batch_size), strict=True)
            return torch.cat([self.perturb(model, images, labels) for images, labels in parts])

    @abstractmethod
    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """The attack itself, on one batch."""

    def losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """What the attack raises (N,): the loss, or its negative where targeted."""
        loss = LOSSES[self.loss] if isinstance(self.loss, str) else self.loss
        values = loss(logits, y)
        return -values if self.targeted else values

    def resisting(self, logits: Tensor, y: Tensor) -> Tensor:
        """Which images (N,) the attack has not got where it wants them."""
        read_as_y = logits.argmax(1) == y
        return ~read_as_y if self.targeted else read_as_y

    def gradient(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """The gradient of `losses` with respect to x, image by image."""
        return self.gradient_and_logits(model, x, y)[0]

    def gradient_and_logits(self, model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient of `losses` with respect to x, and the logits at x that it took."""
        x = x.detach().requires_grad_()
        logits = model(x)
        return torch.autograd.grad(self.losses(logits, y).sum(), x)[0], logits.detach()

    def clipped(self, x: Tensor) -> Tensor:
        """x with every pixel moved into the valid range."""
        return x if self.clip is None else x.clamp(*self.clip)

    def within(self, x_adv: Tensor, x: Tensor) -> Tensor:
        """x_adv moved back into the eps ball around x and the valid range."""
        return self.clipped(torch.minimum(torch.maximum(x_adv, x - self.eps), x + self.eps))


@dataclass(frozen=True)
class FGSM(Attack):
    """Fast gradient sign method: one step of length eps along the sign of the gradient.

    Goodfellow, Shlens and Szegedy, 2015, section 4: x + eps sign(grad J(x, y)).
    """

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return self.clipped(x + self.eps * self.gradient(model, x, y).sign())


@dataclass(frozen=True)
class GradientStep(Attack):
    """One step along the gradient itself, without its sign: x + eps grad J(x, y).

    The code line that Sharna prints above the formula of FGSM (mitigation, III.C). Here eps is a step size,
    not a bound, and may exceed 1: how far a pixel moves depends on the size of the gradient.
    """

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return self.clipped(x + self.eps * self.gradient(model, x, y))


@dataclass(frozen=True)
class BIM(Attack):
    """Basic iterative method: `steps` steps of FGSM of length alpha, each brought back into the eps ball.

    Kurakin, Goodfellow and Bengio, 2017, section 2.2 (Eq. 2 of Biswari et al.). With steps = 1 and
    alpha = eps it is FGSM. It takes the parameters of `Attack` as well.

    Parameters
    ----------
    alpha
        The step length in pixel units; None means 2.5 eps / steps, so that every point of the ball is in reach.
    steps
        How many steps.
    early_stop
        Whether an image is left alone once a step has got it where the attack wants it. For measuring accuracy, where
        further steps could only lose it again; not where the loss that is reached matters, as in training.
    """

    alpha: float | None = None
    steps: int = 10
    early_stop: bool = False

    @property
    def step(self) -> float:
        """The step length that is used."""
        return 2.5 * self.eps / self.steps if self.alpha is None else self.alpha

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return self.ascend(model, x, x, y)

    def ascend(self, model: nn.Module, start: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """`steps` steps uphill from `start`, within the ball around x."""
        x_adv, going = start.clone(), torch.arange(len(x), device=x.device)
        for _ in range(self.steps):
            gradient, logits = self.gradient_and_logits(model, x_adv[going], y[going])
            if self.early_stop:
                open_ = self.resisting(logits, y[going])
                going, gradient = going[open_], gradient[open_]
            if not len(going):
                break
            x_adv[going] = self.within(x_adv[going] + self.step * gradient.sign(), x[going])
        return x_adv


@dataclass(frozen=True)
class PGD(BIM):
    """Projected gradient descent: BIM from random points of the eps ball, the worst of `restarts` for each image.

    Madry et al., 2018, section 2.1. A further restart attacks only the images that none before has fooled. It takes
    the parameters of `BIM` and of `Attack` as well.

    Parameters
    ----------
    random_start
        Whether a restart begins at a point drawn uniformly from the ball, or at x.
    restarts
        How many starts, at least 1.
    seed
        What the starts depend on, besides the image itself and the number of the restart.
    """

    steps: int = 40
    random_start: bool = True
    restarts: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.restarts < 1:
            raise ValueError(f"restarts is {self.restarts}; at least one is needed")

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        best = self.from_start(model, x, y, restart=0)
        for restart in range(1, self.restarts):
            with torch.no_grad():
                logits = model(best)
            open_ = self.resisting(logits, y)
            if not open_.any():
                break
            candidate = self.from_start(model, x[open_], y[open_], restart)
            with torch.no_grad():
                found = model(candidate)
            better = self.losses(found, y[open_]) > self.losses(logits[open_], y[open_])
            better |= ~self.resisting(found, y[open_])  # a success may have the lower loss
            best[open_] = torch.where(better.view(-1, 1, 1, 1), candidate, best[open_])
        return best

    def from_start(self, model: nn.Module, x: Tensor, y: Tensor, restart: int) -> Tensor:
        """One restart."""
        if not self.random_start:
            return self.ascend(model, x, x, y)
        start = x + self.eps * (2 * noise(x, self.seed * 1000 + restart) - 1)
        return self.ascend(model, self.within(start, x), x, y)


@dataclass(frozen=True)
class LocalSearch(Attack):
    """Greedy search over single pixels: it sees the network's outputs and no gradient, and changes few pixels by much.

    After the local search of Narodytska and Kasiviswanathan, 2017. In each round `candidates` pixels are drawn for each
    image, and tried at both ends of their range, all channels alike; the one that raises the loss most is kept, where
    one does. An image that is where the attack wants it is left alone.

    Parameters
    ----------
    eps
        The largest change of a pixel, here 1: the valid range alone bounds it.
    pixels
        How many rounds, and so how many pixels may change.
    candidates
        How many pixels are tried in a round, at least 1, each at two values: twice as many queries.
    seed
        What the draws depend on, besides the image itself and the round.
    """

    eps: float = 1.0
    batch_size: int = 20
    pixels: int = 20
    candidates: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.candidates < 1:
            raise ValueError(f"candidates is {self.candidates}; at least one is needed")

    @torch.no_grad()
    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        x_adv, going = x.clone(), torch.arange(len(x), device=x.device)
        for number in range(self.pixels):
            logits = model(x_adv[going])
            open_ = self.resisting(logits, y[going])
            going, logits = going[open_], logits[open_]
            if not len(going):
                break
            trials = self.trials(x_adv[going], x[going], number)
            found = self.losses(model(trials.flatten(0, 1)), y[going].repeat_interleave(trials.shape[1]))
            highest, which = found.view(trials.shape[:2]).max(1)
            better = highest > self.losses(logits, y[going])
            x_adv[going[better]] = trials[better, which[better]]
        return x_adv

    def trials(self, x_adv: Tensor, x: Tensor, number: int) -> Tensor:
        """Each image with each candidate of a round, at the lower and at the upper end (N, 2 candidates, C, H, W)."""
        draw = noise(x[:, :1], self.seed * 1000 + number).flatten(1)
        places = draw.topk(min(self.candidates, draw.shape[1])).indices
        one = F.one_hot(places, draw.shape[1]).bool().view(*places.shape, 1, *x.shape[2:])
        ends = [self.within(x + end, x)[:, None] for end in (-self.eps, self.eps)]
        return torch.cat([torch.where(one, end, x_adv[:, None]) for end in ends], dim=1)


def noise(x: Tensor, seed: int) -> Tensor:
    """Uniform noise in [0, 1), of the shape of x, drawn for each image from the image itself and the seed.

    A stream of random numbers would tie an image's noise to its place in a batch. Here it is a hash of the image's
    bits, the pixel's number and the seed, and so the same on any device and in any batch.
    """
    bits = x.detach().to(torch.float32).flatten(1).contiguous().view(torch.int32).to(torch.int64)
    pixel = torch.arange(bits.shape[1], device=x.device)
    key = (bits * _scramble(pixel + 1)).sum(1, keepdim=True)
    shift = (seed * 0x632BE5AB + 2**63) % 2**64 - 2**63  # wraps around, as int64 does
    values = _scramble(_scramble(key + shift) + pixel)
    return ((values >> 40) & 0xFFFFFF).to(x.dtype).div(2**24).view_as(x)


def _scramble(values: Tensor) -> Tensor:
    """SplitMix64's finaliser (Steele, Lea and Flood, 2014), in int64 that wraps around."""
    values = values * -0x61C8864680B583EB  # 2^64 / golden ratio, as a signed number
    values = (values ^ ((values >> 30) & 0x3FFFFFFFF)) * -0x40A7B892E31B1A47
    values = (values ^ ((values >> 27) & 0x1FFFFFFFFF)) * -0x6B2FB644ECCEEE15
    return values ^ ((values >> 31) & 0x1FFFFFFFF)


def softmax_sum(logits: Tensor, y: Tensor) -> Tensor:
    """The sum of the softmax outputs (N,), which Fig. 5 of the paper on unlearning differentiates.

    It is 1 whatever the image: its gradient is zero up to rounding, and its sign the sign of rounding errors.
    """
    return logits.softmax(1).sum(1)


def squared_error(logits: Tensor, y: Tensor) -> Tensor:
    """The squared difference between softmax and one-hot (N,), its mean over classes: Keras's `mean_squared_error`.

    Where the softmax saturates, its gradient is zero, and an attack along it does nothing.
    """
    return (logits.softmax(1) - F.one_hot(y, logits.shape[1])).square().mean(1)


LEAD = 1e-3
"""By how many logits L-BFGS has to have its way, so that rounding in a batch of another size cannot undo it."""


@dataclass(frozen=True)
class LBFGS(Attack):
    """The nearest adversarial image in L2, by L-BFGS within the box of valid pixels, image by image.

    Szegedy et al., 2014, section 4.1: minimise |r|^2 + c loss(x + r), and search for the smallest c whose minimiser
    succeeds. The loss is minus the log-probability of the class to reach, or untargeted of all classes but y together.
    The search over c starts where a linear model would need it, and ends when a c that fails and one that succeeds
    are `tolerance` apart. Of all points that were looked at, the nearest that succeeds is returned; x itself where
    none does, or where x needs no attack. The arithmetic of L-BFGS is SciPy's, in double precision on the CPU.

    Parameters
    ----------
    eps
        The largest change of a pixel, here 1: the valid range alone bounds it.
    iterations
        Of L-BFGS for each c, at most.
    searches
        How many c, at most.
    tolerance
        How far apart, as a share, the failing and the succeeding c may be at the end.

    Raises
    ------
    ValueError
        On another `loss`: the attack has its own.
    """

    eps: float = 1.0
    iterations: int = 15
    searches: int = 12
    tolerance: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss != "cross_entropy":
            raise ValueError("L-BFGS has a loss of its own; it takes no other")

    def perturb(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        x_adv = x.clone()
        for i in range(len(x)):
            x_adv[i] = self.nearest(model, x[i : i + 1], y[i : i + 1])[0]
        return x_adv

    def losses(self, logits: Tensor, y: Tensor) -> Tensor:
        """What the attack raises (N,): the log-probability of y where targeted, else of all other classes together."""
        reached = logits.gather(1, y[:, None]) if self.targeted else logits.scatter(1, y[:, None], -torch.inf)
        return reached.logsumexp(1) - logits.logsumexp(1)

    def nearest(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """The nearest success for one image x (1, C, H, W) with y (1,)."""
        start, best, shortest = _as_vector(x), x, math.inf

        def objective(point: np.ndarray, c: float) -> tuple[float, np.ndarray]:
            nonlocal best, shortest
            x_adv = self.image(point, x)
            loss, gradient, lead = self.examine(model, x_adv, y)
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
        return best

    def image(self, point: np.ndarray, x: Tensor) -> Tensor:
        """A point of the search as an image like x, which rounding cannot put out of the box."""
        return self.within(torch.tensor(point, dtype=x.dtype, device=x.device).view_as(x), x)

    def examine(self, model: nn.Module, x: Tensor, y: Tensor) -> tuple[float, np.ndarray, float]:
        """At one image: what is raised, its gradient (C H W,), and by how many logits the attack has its way."""
        gradient, logits = self.gradient_and_logits(model, x, y)
        of_y, others = logits[0, y[0]], logits.scatter(1, y[:, None], -torch.inf).amax()
        lead = of_y - others if self.targeted else others - of_y
        return float(self.losses(logits, y)), _as_vector(gradient), float(lead)


def _as_vector(x: Tensor) -> np.ndarray:
    return x.detach().cpu().double().numpy().ravel()
