"""The check of a user's own attack: what it gives counts at an eps only if it is images within that eps."""

import torch
from torch import Tensor

from lib.chapters.common_ground.attacks import Case

ROUNDING = 1e-5
"""By how much a pixel may lie beyond the ball: x + eps is rounded, and so is the way back."""


@torch.no_grad()
def outside(x_adv: object, case: Case, eps: str) -> str:
    """Why what an attack gives is not images within the eps of a case, which is shown as `eps`; "" where it is."""
    if not isinstance(x_adv, Tensor):
        return f"gives a {type(x_adv).__name__}, not a tensor"
    if x_adv.shape != case.x.shape or x_adv.dtype != torch.float32 or x_adv.device != case.x.device:
        kind = str(x_adv.dtype).removeprefix("torch.")
        wanted = f"float32 {tuple(case.x.shape)} on {case.x.device}"
        return f"gives {kind} {tuple(x_adv.shape)} on {x_adv.device}, not {wanted}"
    if not x_adv.isfinite().all():
        return "gives pixels that are not numbers"
    if x_adv.min() < 0 or x_adv.max() > 1:
        return f"gives pixels from {float(x_adv.min()):.4g} to {float(x_adv.max()):.4g}, outside [0, 1]"
    far = float((x_adv - case.x).abs().max())
    return f"moves a pixel by {far:.6g}, more than eps {eps}" if far > case.eps + ROUNDING else ""
