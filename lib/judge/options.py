"""What `python -m lib.run judge` takes on the command line."""

import argparse
from pathlib import Path

from lib.judge.radii import numbers


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options; their names are the arguments of `lib.judge.command.run`."""
    build, file = "my_module:build for build() in my_module.py, here", "a state dict (.pt), or .safetensors"
    add = parser.add_argument
    add("--model", required=True, metavar="MODULE:FUNCTION", help=f"gives the network: {build}")
    add("--weights", type=Path, metavar="FILE", help=file)
    add(
        "--data",
        default="digits",
        help="digits (by default; a part of MNIST's training images), mnist, cifar10, or an .npz file with x and y",
    )
    add("--eps", type=_numbers, metavar="EPS,EPS", help="0.1,0.3 by default; for cifar10 2/255,8/255")
    add("--images", type=int, default=500, metavar="N", dest="n_images", help="500 by default")
    add("--steps", type=int, default=100, metavar="N", help="of AutoAttack; 100 by default")
    add("--queries", type=int, default=5000, metavar="N", help="of Square; 5000 by default")
    add("--lbfgs", type=int, default=20, metavar="N", dest="n_lbfgs", help="images for L-BFGS; 20 by default")
    add("--batch", type=int, metavar="N", help="images at once, at most; 1000 by default, 5000 on CUDA")
    add("--other", metavar="MODULE:FUNCTION", help="a network trained apart, to transfer images from it")
    add("--other-weights", type=Path, metavar="FILE", help=file)
    add("--attack", action="append", default=[], metavar="MODULE:FUNCTION", help="one of your own; may be repeated")
    add("--name", help="what the network is called; by default model and weights")
    add("--device", help="cpu, cuda or mps; the fastest by default")
    add(
        "--out", type=Path, metavar="FOLDER", help="by default one in runs/judged, by the name and a digest of all this"
    )


def _numbers(text: str) -> list[float]:
    """Numbers between commas, as in 0.1,0.3 or 8/255."""
    try:
        return numbers(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers: write 0.1,0.3 or 8/255") from error
