"""Noise that depends on the image and a seed alone, not on device or batch; and images changed by it."""

import math

import torch
from torch import Tensor


def noise(x: Tensor, seed: int) -> Tensor:
    """Uniform noise in [0, 1), of the shape of x, derived for each image from the image itself and the seed.

    A stream of random numbers would tie an image's noise to its place in a batch. Here it is a hash of the image's
    bits, the pixel's number and the seed, and so the same on any device and in any batch. It has as many bits as the
    significand of x's type, at most 24.
    """
    bits = x.detach().to(torch.float32).flatten(1).contiguous().view(torch.int32).to(torch.int64)
    pixel = torch.arange(bits.shape[1], device=x.device)
    key = (bits * _scramble(pixel + 1)).sum(1, keepdim=True)
    shift = (seed * 0x632BE5AB + 2**63) % 2**64 - 2**63  # wraps around, as int64 does
    values = _scramble(_scramble(key + shift) + pixel)
    held = min(24, 1 - round(math.log2(torch.finfo(x.dtype).eps)))
    return ((values >> (64 - held)) & (2**held - 1)).to(x.dtype).div(2**held).view_as(x)


def _scramble(values: Tensor) -> Tensor:
    """SplitMix64's finaliser (Steele, Lea and Flood, 2014), in int64 arithmetic that wraps around."""
    values = values * -0x61C8864680B583EB  # 2^64 / golden ratio, as a signed number
    values = (values ^ ((values >> 30) & 0x3FFFFFFFF)) * -0x40A7B892E31B1A47
    values = (values ^ ((values >> 27) & 0x1FFFFFFFFF)) * -0x6B2FB644ECCEEE15
    return values ^ ((values >> 31) & 0x1FFFFFFFF)


def uniform(x: Tensor, eps: float, seed: int) -> Tensor:
    """x with noise added that fills the eps ball evenly; nothing is clipped."""
    return x + eps * (2 * noise(x, seed) - 1)


def random_signs(x: Tensor, eps: float, seed: int = 0) -> Tensor:
    """x with each pixel moved by eps, up or down at random, and clipped to [0, 1]: FGSM without the gradient."""
    return (x + eps * (noise(x, seed) - 0.5).sign()).clamp(0, 1)
