"""What has to be true of a network for its accuracy under attack to say what it seems to say."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedTensorMixin

from lib import compute
from lib.attack.autoattack import LEAST_CLASSES
from lib.attack.base import cross_entropy
from lib.judge import Refused, draws
from lib.judge.guarded import Guarded
from lib.judge.images import Sample
from lib.measure.intervals import rate
from lib.measure.score import BATCH, score

FEW = 24
"""How many images are enough to see how a network works."""

PASSES = 4
"""How often the same images are classified, to see whether the outcome is always the same."""

ROUNDING = 1e-3
"""By how much a logit may differ where only the batch is different, as a share of its own size or of a typical logit's,
whichever is larger: sums are then taken in another order."""


GAIN = 0.1
"""How much clean accuracy a network has to gain on images in another range for that to be the range it was made for.
The chapter's own networks, trained on images in [0, 1], gained up to 0.06: training on attacks leaves some of them less
accurate in their own range."""


def admitted(network: nn.Module, sample: Sample, batch: int | None = None) -> Guarded:
    """The network under guard, if it can be judged on these images; it is given at most `batch` of them at once.

    Raises
    ------
    Refused
        Where it cannot be judged; the message gives the reason, and what to do.
    """
    _hold_to_modes(network)
    _hold_to_numbers(network)
    x, y = _few(sample)
    guarded = Guarded(network, batch=batch)
    with torch.no_grad():
        guarded.classes = _classes(guarded(x), sample)
        _refuse_probabilities(guarded, x)
        _hold_to_repeat(guarded, x)
        _hold_apart(guarded, x)
    _hold_to_the_range(guarded, sample)
    guarded.severed = _gradient(guarded, x, y) is None
    guarded.blind = guarded.severed or not _is_followed(guarded, sample.x)
    return guarded


def _few(sample: Sample) -> tuple[Tensor, Tensor]:
    """Some of the images, spread over all, and their classes."""
    x, y = (one[:: max(1, len(one) // FEW)][:FEW].clone() for one in sample.images)
    return x, y


def answers(guarded: Guarded, sample: Sample) -> Tensor:
    """The network's logits for some of the images, for `hold_to_answers`."""
    with torch.no_grad():
        return guarded(_few(sample)[0])


def hold_to_answers(guarded: Guarded, sample: Sample, before: Tensor) -> None:
    """Refuse a network that has changed while it was attacked: what was scored is then not what was attacked.

    Raises
    ------
    Refused
        Where its answers differ from those `before`, or from call to call.
    """
    with torch.no_grad():
        _hold_to_repeat(guarded, _few(sample)[0])
    if not alike(before, answers(guarded, sample)):
        raise Refused(
            "the network answers otherwise at the end of the judgement than at its start: it keeps a state outside of "
            "its parameters and buffers, such as a count of calls. An attack then follows one network and is scored on "
            "another. Judge it with that state held."
        )


def _hold_to_modes(network: nn.Module) -> None:
    if not isinstance(network, nn.Module):
        raise Refused(f"what is to be judged is a {type(network).__name__}, not a torch.nn.Module: put it into one")
    if modes := [name or "the network" for name, module in network.named_modules() if module.training]:
        raise Refused(
            f"in training mode: {', '.join(modes[:3])}{' and others' if len(modes) > 3 else ''}. Dropout and batch "
            "norm then make each call another network. Call `eval()` before it is judged."
        )


def _hold_to_numbers(network: nn.Module) -> None:
    device = compute.device()
    parameters = dict(network.named_parameters())
    for name, one in (*parameters.items(), *network.named_buffers()):
        if isinstance(one, UninitializedTensorMixin):
            raise Refused(f"{name} has no shape yet: call the network once, on an image, and load its weights then")
        if one.is_inference():
            raise Refused(
                f"{name} was made in inference mode, where autograd does not go: make the network outside of it"
            )
        if one.device.type != device.type:
            raise Refused(
                f"{name} is on {one.device}, and the images are on {device}: move the network there, "
                f"`network.to({device.type!r})`, or say `--device {one.device.type}` (REPRO_DEVICE in a notebook)"
            )
        if one.is_floating_point() and one.dtype != torch.float32:
            raise Refused(
                f"{name} is {str(one.dtype).removeprefix('torch.')}: networks are judged in float32, as the book's "
                "are. Call `network.float()`."
            )
        # A buffer may be infinite by design, as in an attention mask; where that matters, the logits are not finite.
        if name in parameters and not one.isfinite().all():
            raise Refused(f"{name} holds what is not a number (NaN or infinite): the training diverged")


def _classes(outputs: Tensor, sample: Sample) -> int:
    """How many logits the network gives; refuse too few, and for a data set of the book also too many."""
    found, wanted = outputs.shape[1], sample.classes
    if sample.is_book and found != wanted:
        raise Refused(f"the network gives {found} logits an image; {sample.name} has {wanted} classes")
    if found < wanted:
        raise Refused(f"the network gives {found} logits an image, and the classes run up to {wanted - 1}")
    if found < LEAST_CLASSES:
        raise Refused(
            f"the network gives {found} logits an image; at least {LEAST_CLASSES} are needed, since the loss that "
            f"AutoAttack aims with takes the {LEAST_CLASSES} highest"
        )
    return found


def _refuse_probabilities(guarded: Guarded, x: Tensor) -> None:
    """Refuse probabilities: where a softmax saturates, its gradient is zero, and attacks find nothing.

    The same is true of probabilities times a number, as some write to undo the softmax: that brings no gradient back.
    """
    tried = (x, torch.rand(x.shape, generator=compute.seeded(0)).to(x.device), torch.zeros_like(x), torch.ones_like(x))
    outputs = torch.cat([guarded(images) for images in tried])
    sums = outputs.sum(1)
    if outputs.min() >= 0 and outputs.max() <= 1 + 1e-6:
        to_one = (sums - 1).abs().max() < 1e-3
        last = "a softmax" if to_one else "a sigmoid"
        raise Refused(
            f"the network returns probabilities: all its outputs lie in [0, 1]{', and sum to 1' if to_one else ''}. "
            f"Where {last} saturates, its gradient is zero, and an attack that follows it does nothing. Return the "
            f"logits, what goes into {last}."
        )
    one_answer = alike(outputs, outputs[:1].expand_as(outputs))
    if outputs.min() >= 0 and sums.std() < 1e-3 * sums.mean() and not one_answer:
        raise Refused(
            f"the network returns probabilities times a number: no output is below 0, and those of each image sum to "
            f"{float(sums.mean()):.4g}. Where the softmax saturates, its gradient is zero, whatever it is multiplied "
            "by. Return the logits, what goes into the softmax."
        )


def _hold_to_repeat(guarded: Guarded, x: Tensor) -> None:
    """Refuse a random network: one draw says nothing about the next, and an attack follows the wrong one."""
    with draws.kept():
        draws.move_on()  # or a seed that is set at each call could leave the generators where they were
        before = draws.states()
        first = guarded(x)
        drawn = draws.states() != before
    others = [guarded(x) for _ in range(PASSES - 1)]
    differs = any(not alike(first, one) for one in others)
    if differs or drawn:
        seen = (
            "gives other logits for the same images at each call"
            if differs
            else "draws random numbers, or sets a seed, in its forward pass"
        )
        raise Refused(
            f"the network {seen}, in eval mode: dropout that is left on, or random changes of the images. An attack "
            "follows one draw and is scored on another, and searches share its random numbers. Make it deterministic, "
            "say with noise that is drawn once; a defence by randomness needs attacks on its mean, which are not here."
        )


def _hold_apart(guarded: Guarded, x: Tensor) -> None:
    """Refuse a network that looks at the other images of a batch: an attack on one image would change all outputs."""
    whole = guarded(x)
    pairs = torch.cat([guarded(two) for two in x.flip(0).split(2)]).flip(0)
    alone = torch.cat([guarded(one) for one in x.split(1)])
    if not (alike(whole, pairs) and alike(whole, alone)):
        raise Refused(
            "an image's logits depend on the other images of its batch: batch norm without running statistics "
            "(`track_running_stats=False`), a mean over the batch, or noise that is seeded by the batch. Its accuracy "
            "would depend on who is classified with whom. Use statistics from training, and noise that is drawn once."
        )


def alike(one: Tensor, other: Tensor) -> bool:
    """Whether logits differ by rounding alone. The largest one is no yardstick: a masked class can have -1e9."""
    typical = one.abs().median().clamp(min=1e-6)
    return bool(((one - other).abs() <= ROUNDING * torch.maximum(one.abs(), typical)).all())


def _hold_to_the_range(guarded: Guarded, sample: Sample) -> None:
    """Refuse a network that is made for pixels in another range, or no better than one answer to everything."""
    x, y = sample.images
    correct = score(guarded, x, y).correct
    clean = rate([correct])
    others = {words: rate([_correct_if_it_runs(guarded, moved, sample)]) for words, moved in _other_ranges(x)}
    words, other = max(others.items(), key=lambda pair: pair[1].mean)
    if other.low > clean.high and other.mean > clean.mean + GAIN:
        raise Refused(
            f"the network classifies {clean.mean:.0%} of the images as they are and {other.mean:.0%} of {words}: it "
            "may have been trained on such images. Images and eps are in [0, 1]: put that step into the network, as "
            "its first layer."
        )
    constant = float(y.bincount().max()) / len(y)
    if clean.low <= constant and (len(y) < FEW or clean.mean > constant + GAIN):
        raise Refused(
            f"the network classifies {clean.mean:.1%} of {len(y)} clean images: too few images to tell that from one "
            f"answer to everything, which classifies {constant:.1%}. Ask for more, 500 as by default or 100 at least."
        )
    if clean.low <= constant:
        raise Refused(
            f"the network classifies {clean.mean:.1%} of {len(y)} clean images, and one answer to everything "
            f"classifies {constant:.1%}: nothing is left to attack. Are the weights loaded, the classes in this order, "
            "the images those that it was trained on? Normalisation has to be inside the network, as its first layer."
        )


def _other_ranges(x: Tensor) -> Iterator[tuple[str, Tensor]]:
    """The images in other ranges in which networks are often given them, each with a description in words."""
    mean, spread = x.mean((0, 2, 3), keepdim=True), x.std((0, 2, 3), keepdim=True).clamp(min=1e-6)
    yield "images that were normalised by their mean and standard deviation", (x - mean) / spread
    yield "images in [-1, 1]", 2 * x - 1
    yield "images in [0, 255]", 255 * x
    yield "images with black and white exchanged", 1 - x


def _correct_if_it_runs(guarded: Guarded, x: Tensor, sample: Sample) -> np.ndarray:
    """Which images (N,) are classified correctly; none where the network does not take them."""
    try:
        return score(guarded, x, sample.y).correct
    except Refused:
        return np.zeros(len(x), dtype=bool)


def _is_followed(guarded: Guarded, x: Tensor) -> bool:
    """Whether the logits have a nonzero gradient at any image. The loss may have none, where a softmax saturates."""
    weights = torch.randn(guarded.classes, generator=compute.seeded(0)).to(x.device)
    with torch.enable_grad():
        for part in x.split(BATCH):
            part = part.detach().clone().requires_grad_()
            if torch.autograd.grad((guarded(part) @ weights).sum(), part)[0].any():
                return True
    return False


def _gradient(guarded: Guarded, x: Tensor, y: Tensor) -> Tensor | None:
    """The gradient of the loss with respect to images x; None where autograd finds no path between them."""
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        loss = cross_entropy(guarded(x), y).sum()
        if not loss.requires_grad:
            return None
        try:
            return torch.autograd.grad(loss, x, allow_unused=True)[0]
        except Refused:
            raise
        except Exception as error:  # whatever a stranger's code may raise
            raise Refused(
                f"the network's gradient cannot be computed ({type(error).__name__}: {error}): look at its own "
                "autograd functions, and at what it changes in place"
            ) from error
