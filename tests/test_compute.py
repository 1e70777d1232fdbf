"""Precision and repetition: double precision where a device has it, one order of summing up."""

import os

import torch

from lib import compute


def test_a_gpu_is_told_to_repeat_itself() -> None:
    assert torch.backends.cudnn.deterministic and os.environ["CUBLAS_WORKSPACE_CONFIG"] in (":4096:8", ":16:8")


def test_double_precision_keeps_what_single_precision_has() -> None:
    x = torch.rand(5, generator=torch.Generator().manual_seed(0))
    assert compute.float64(x).dtype == torch.float64 and torch.equal(compute.float64(x).float(), x)
