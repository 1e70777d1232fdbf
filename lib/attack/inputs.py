"""What attacks and scores are given, and what a network returns: refused where it would make a number a lie."""

import math
from numbers import Integral

import torch
from torch import Tensor

ROUNDING = 1e-5
"""By how much pixels may miss their range for it to be called rounding."""


def check_eps(eps: float) -> None:
    """Refuse a radius, in pixel units, that is none.

    Raises
    ------
    ValueError
        Where it is negative, infinite or NaN.
    """
    if not (eps >= 0 and math.isfinite(eps)):
        raise ValueError(f"eps is {eps}; it is a finite number, and cannot be negative")


def check_counts(*, least: int = 1, **counts: int) -> None:
    """Refuse counts, by their names, that are no whole number from `least` on.

    Raises
    ------
    ValueError
        Naming the first.
    """
    for name, count in counts.items():
        if not isinstance(count, Integral) or count < least:
            raise ValueError(f"{name} is {count}; a whole number is needed, at least {least}")


def check_pixels(x: Tensor, clip: tuple[float, float] | None) -> None:
    """Refuse images that no attack within `clip` can begin at.

    Raises
    ------
    ValueError
        Where x is not of floating point, has NaN, or lies outside `clip`; the message says what may have happened.
    """
    if not x.is_floating_point():
        raise ValueError(f"images are {_name(x.dtype)}; floats are needed, as 255 grey levels divided by 255")
    if not x.numel():
        return
    low, high = (float(end) for end in x.detach().aminmax())
    if low != low:
        raise ValueError(f"{int(x.isnan().flatten(1).any(1).sum())} of {len(x)} images have pixels that are NaN")
    if clip and not (clip[0] <= low and high <= clip[1]):
        raise ValueError(f"pixels lie in [{low:.9g}, {high:.9g}], outside {list(clip)}: {_advice(low, high, clip)}")


def _advice(low: float, high: float, clip: tuple[float, float]) -> str:
    if max(clip[0] - low, high - clip[1]) <= ROUNDING:
        return "by rounding, it seems; clamp them"
    if low >= 0 and 1.5 < high <= 255:
        return "they look like grey levels up to 255; divide them by 255"
    return "normalisation belongs in the model, as a layer"


def check_labels(x: Tensor, y: Tensor) -> Tensor:
    """Labels or targets (N,) as int64, one for each image.

    Raises
    ------
    ValueError
        Where their shape is another (one-hot, most likely), they are no whole numbers, or one is negative.
    """
    if y.shape != x.shape[:1]:
        raise ValueError(f"{len(x)} images come with labels of shape {tuple(y.shape)}; one each is needed")
    if y.is_floating_point() or y.is_complex() or y.dtype == torch.bool:
        raise ValueError(f"labels are {_name(y.dtype)}; the numbers of the classes are needed, as int64")
    if y.numel() and (lowest := int(y.min())) < 0:
        raise ValueError(f"a label is {lowest}; classes are counted from 0")
    return y.long()


def check_logits(logits: object, images: int) -> Tensor:
    """What a network has returned for so many images, if it is logits (N, classes) of at least two classes.

    Raises
    ------
    ValueError
        Where it is anything else.
    """
    if not isinstance(logits, Tensor):
        raise ValueError(f"the network returns a {type(logits).__name__}; a tensor of logits (N, classes) is needed")
    if logits.dim() != 2 or len(logits) != images or logits.shape[1] < 2:
        raise ValueError(
            f"the network returns a tensor of shape {tuple(logits.shape)} for {images} images; "
            f"logits ({images}, classes) of at least two classes are needed"
        )
    return logits


def check_losses(losses: object, images: int) -> Tensor:
    """What a loss function has returned for so many images, if it is one loss each (N,).

    Raises
    ------
    ValueError
        Where it is anything else: a mean over the batch, most likely, which no image could be attacked along alone.
    """
    if not isinstance(losses, Tensor) or losses.shape != (images,):
        found = f"a tensor of shape {tuple(losses.shape)}" if isinstance(losses, Tensor) else type(losses).__name__
        raise ValueError(f"the loss returns {found} for {images} images; one each is needed: reduction='none'")
    return losses


def check_gradient(gradient: Tensor | None) -> Tensor:
    """The gradient with respect to images, if there is one.

    Raises
    ------
    ValueError
        Where there is none, since what is raised does not come from the images by steps that autograd follows.
    """
    if gradient is None:
        raise ValueError(
            "the network's logits have no gradient with respect to the images: on the way it detaches them or leaves "
            "torch. Put a step that has a gradient in that one's place (BPDA), or search with Square, which needs none"
        )
    return gradient


def check_classes(y: Tensor, classes: int) -> None:
    """Refuse labels (N,) that the network has no class for; it waits for the device.

    Raises
    ------
    ValueError
        Naming the highest.
    """
    if y.numel() and (highest := int(y.max())) >= classes:
        raise ValueError(f"a label is {highest}; the network has the classes 0 to {classes - 1}")


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
