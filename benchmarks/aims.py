"""The ratios to reach, set before any was measured: the fastest peer's time over ours, by row and kind of device."""

import torch

AIMS: dict[str, dict[str, float]] = {
    "fgsm": {"cpu": 1.0, "cuda": 1.0},
    "bim-10": {"cpu": 1.3, "cuda": 3.0},
    "pgd-40": {"cpu": 1.3, "cuda": 3.0},
    "standard": {"cpu": 1.2, "cuda": 3.0},
    "mixed": {"cpu": 1.2, "cuda": 3.0},
    "resnet-50": {"cpu": 1.2, "cuda": 6.0},
    "madry": {"cpu": 1.2, "cuda": 3.0},
    "scan": {"cpu": 1.3, "cuda": 1.3},
}


def aims(row: str, device: torch.device) -> dict:
    """What a `Row` says about its aims: the one on this device (a CPU's if it has none), and all of them."""
    return {"aim": AIMS[row].get(device.type, AIMS[row]["cpu"]), "aims": AIMS[row]}
