"""Checks on what attacks and scores are given and on what a network returns: what would falsify a result is refused."""

import math
from numbers import Integral

import torch
from torch import Tensor

ROUNDING = 1e-5
"""By how much pixels may lie outside their range for the error message to put it down to rounding."""


def check_eps(eps: float) -> None:
    """Refuse an eps that is not a valid radius, in pixel units.

    Raises
    ------
    ValueError
        Where it is negative, infinite or NaN.
    """
    if not (eps >= 0 and math.isfinite(eps)):
        raise ValueError(f"eps is {eps}; it is a finite number, and cannot be negative")


def check_counts(*, least: int = 1, **counts: int) -> None:
    """Refuse counts, passed by name, that are not whole numbers of at least `least`.

    Raises
    ------
    ValueError
        Where there is one; it names the first.
    """
    for name, count in counts.items():
        if not isinstance(count, Integral) or count < least:
            raise ValueError(f"{name} is {count}; a whole number is needed, at least {least}")


def check_pixels(x: Tensor, clip: tuple[float, float] | None) -> None:
    """Refuse images from which no attack within `clip` can start.

    Raises
    ------
    ValueError
        Where x is not of a floating-point type, has NaN, or lies outside `clip`; the message suggests a cause.
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
    """Return labels or targets (N,), one for each image, as int64.

    Raises
    ------
    ValueError
        Where they have another shape (most likely one-hot), are not of an integer type, or one is negative.
    """
    if y.shape != x.shape[:1]:
        raise ValueError(f"{len(x)} images come with labels of shape {tuple(y.shape)}; one each is needed")
    if y.is_floating_point() or y.is_complex() or y.dtype == torch.bool:
        raise ValueError(f"labels are {_name(y.dtype)}; the numbers of the classes are needed, as int64")
    if y.numel() and (lowest := int(y.min())) < 0:
        raise ValueError(f"a label is {lowest}; classes are counted from 0")
    return y.long()


def check_logits(logits: object, images: int) -> Tensor:
    """Return what a network gave for so many images, if that is logits (N, classes) of at least two classes.

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
    """Return what a loss function gave for so many images, if that is one loss per image (N,).

    Raises
    ------
    ValueError
        Where it is anything else: most likely a mean over the batch, from which no single image can be attacked.
    """
    if not isinstance(losses, Tensor) or losses.shape != (images,):
        found = f"a tensor of shape {tuple(losses.shape)}" if isinstance(losses, Tensor) else type(losses).__name__
        raise ValueError(f"the loss returns {found} for {images} images; one each is needed: reduction='none'")
    return losses


def check_gradient(gradient: Tensor | None) -> Tensor:
    """Return the gradient with respect to images, if there is one.

    Raises
    ------
    ValueError
        Where there is none: autograd cannot trace the loss back to the images.
    """
    if gradient is None:
        raise ValueError(
            "the network's logits have no gradient with respect to the images: on the way it detaches them or leaves "
            "torch. Put a step that has a gradient in that one's place (BPDA), or search with Square, which needs none"
        )
    return gradient


def check_classes(y: Tensor, classes: int) -> None:
    """Refuse labels (N,) that the network has no class for; the check waits for the device.

    Raises
    ------
    ValueError
        Where there is one; it names the highest.
    """
    if y.numel() and (highest := int(y.max())) >= classes:
        raise ValueError(f"a label is {highest}; the network has the classes 0 to {classes - 1}")


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
