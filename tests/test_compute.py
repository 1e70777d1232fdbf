"""Precision and repetition: no rounding of convolutions on a GPU behind a reader's back, one order of summing up."""

import os
import subprocess
import sys

import pytest
import torch

from lib import compute


@pytest.mark.parametrize(("set_to", "expected"), [(None, "0"), ("1", "1")])
def test_convolutions_keep_single_precision_unless_the_user_says_otherwise(set_to: str | None, expected: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "NVIDIA_TF32_OVERRIDE"}
    environment |= {"NVIDIA_TF32_OVERRIDE": set_to} if set_to else {}
    code = "import os, lib; print(os.environ['NVIDIA_TF32_OVERRIDE'])"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=compute.ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == expected


def test_a_gpu_is_told_to_repeat_itself() -> None:
    assert torch.backends.cudnn.deterministic and os.environ["CUBLAS_WORKSPACE_CONFIG"] in (":4096:8", ":16:8")


def test_double_precision_keeps_what_single_precision_has() -> None:
    x = torch.rand(5, generator=torch.Generator().manual_seed(0))
    assert compute.float64(x).dtype == torch.float64 and torch.equal(compute.float64(x).float(), x)
