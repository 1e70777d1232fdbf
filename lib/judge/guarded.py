"""A network under guard: each call is checked, from the first check to the last attack."""

import copy
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lib.judge import Refused

FEWER = "--batch 32 (batch=32 in Python) gives it at most 32 at once"
"""What to do if a network cannot take as many images as it is given."""


class Guarded(nn.Module):
    """The network as it is, to the bit, for as long as its calls are in order.

    An attack can lead a network to where it was never tried: to an infinite output, or to a gradient that is not a
    number, along which no attack moves. Elsewhere an accuracy would be printed all the same; here the judgement ends.

    Parameters
    ----------
    network
        From images (N, C, H, W) in [0, 1] to logits (N, classes), in eval mode.
    classes
        How many logits it has to give; None if that is not known yet.
    batch
        How many images the network is given at once, at most; None for as many as come.

    Raises
    ------
    Refused
        On a call that is not in order.
    """

    def __init__(self, network: nn.Module, classes: int | None = None, *, batch: int | None = None) -> None:
        super().__init__()
        self._network, self.classes, self.batch = network, classes, batch
        self.severed = False
        """Whether autograd finds no path from its outputs to the images. The gradient is then zero instead of an error:
        attacks that follow it do nothing, and the red flag for that is raised."""
        self.blind = False
        """Whether the logits have no gradient, or a zero one, at every image."""
        held = next((one for one in (*network.parameters(), *network.buffers())), torch.zeros(()))
        self.anchor = nn.Parameter(torch.zeros((), device=held.device), requires_grad=False)
        """Tells attacks that ask a parameter on which device the network is: not every network has a parameter."""
        self.eval()

    def __getattr__(self, name: str) -> object:
        """Look up in the network what the guard lacks: an attack reaches the parts of a defence by their own names."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "_network":  # a guard that is not made yet
                raise
            return getattr(self._network, name)

    def __getitem__(self, place: int | slice) -> nn.Module:
        """The same for the parts of a Sequential, which have places instead of names."""
        return self._network[place]

    def __len__(self) -> int:
        """How many parts a Sequential has."""
        return len(self._network)

    def children(self) -> Iterator[nn.Module]:
        """The network's own parts: an attack that takes it apart finds these, and not the network as the only part."""
        return self._network.children()

    def named_children(self) -> Iterator[tuple[str, nn.Module]]:
        return self._network.named_children()

    def state_dict(self, *arguments: object, **options: object) -> dict[str, Tensor]:
        """The network's own, so that another one of its kind can load it."""
        return self._network.state_dict(*arguments, **options)

    def train(self, mode: bool = True) -> "Guarded":
        self.training = mode
        self._network.train(mode)
        return self

    def _apply(self, function: Callable, recurse: bool = True) -> "Guarded":
        """Apply a function to all tensors, as to move them: torch goes by `children`, which here lack the network."""
        self._network._apply(function, recurse)
        return super()._apply(function, recurse=False)

    def __deepcopy__(self, memo: dict[int, object]) -> nn.Module:
        """Copy the network alone: a copy is not what is judged and needs no guard, since an attack may train it."""
        return copy.deepcopy(self._network, memo)

    def forward(self, x: Tensor) -> Tensor:
        if any(module.training for module in self._network.modules()):
            raise Refused(
                "the network is called in training mode, into which `train()` has put it: dropout and batch norm then "
                "make each call another network. Call it as it is given; what is to be trained is a copy, "
                "copy.deepcopy(model)."
            )
        capturing = _is_captured(x)
        before, seen = _state(self._network), _trace(x)
        outputs = self._called(x, capturing)
        if not capturing:  # during a capture, nothing may wait for the GPU
            self._hold_to_order(x, outputs, before, seen)
        return outputs + 0 * x.flatten(1).sum(1, keepdim=True) if self.severed else outputs

    def _called(self, x: Tensor, capturing: bool) -> object:
        """What the network returns; its gradient is checked in the backward pass."""
        given = x
        if torch.is_grad_enabled() and x.requires_grad and not capturing:
            given = x.view_as(x)
            given.register_hook(_hold_to_finite)
        try:
            return self._in_parts(given)
        except Refused:
            raise
        except Exception as error:  # whatever a stranger's code may raise
            waits = ", and may not wait for the GPU (`.item()`, `if`): else say `--device cpu`" if capturing else ""
            raise Refused(
                f"the network raises {type(error).__name__} on {len(x)} images of shape {tuple(x.shape[1:])}: {error}. "
                f"It has to take float32 images (N, C, H, W) in [0, 1], any number N of them, on its device{waits}. "
                f"{FEWER}."
            ) from error

    def _in_parts(self, x: Tensor) -> object:
        """The same, from at most `batch` images at once. What the backward pass needs is computed anew there, part by
        part: kept for all parts, it would take as much memory as one large batch."""
        if self.batch is None or len(x) <= self.batch:
            return self._network(x)
        one_part = self._network
        if torch.is_grad_enabled():
            one_part = partial(checkpoint, self._network, use_reentrant=False, preserve_rng_state=False)
        parts = [one_part(images) for images in x.split(self.batch)]
        return torch.cat(parts) if all(isinstance(one, Tensor) for one in parts) else parts[0]

    def _hold_to_order(self, x: Tensor, outputs: object, before: list[tuple[int, int]], seen: int | Tensor) -> None:
        if _is_written(x, seen):
            raise Refused(
                "the network writes into the images that it is given, which then are no longer those that are judged: "
                "let its first layer work on a copy (`inplace=False`, x - 0.1 in place of x.sub_(0.1))"
            )
        if any(module.training for module in self._network.modules()):
            raise Refused(
                "the network goes back to training mode in its forward pass, or does not leave it on `eval()`: dropout "
                "and batch norm then make each call another network. Take `train()` out of `forward`."
            )
        if _state(self._network) != before:
            raise Refused(
                "the network changes its parameters or buffers in its forward pass, in eval mode too: the network at "
                "the end of an attack is not the one at its start. Update them in training mode alone."
            )
        _hold_to_logits(outputs, x, self.classes)


def _hold_to_finite(gradient: Tensor) -> None:
    """Refuse gradients that are not finite: the sign of NaN is 0, and an attack along it does nothing, unnoticed."""
    wrong = int((~gradient.isfinite()).flatten(1).any(1).sum())
    if wrong:
        raise Refused(
            f"the gradient at {wrong} of {len(gradient)} images is not a number (NaN or infinite): a square root at 0, "
            "a division by 0 or a logarithm of 0 in the network. An attack along it does nothing, and nobody sees it. "
            "Bound what the root is taken of, say by clamp(min=1e-6)."
        )


def _trace(x: Tensor) -> int | Tensor:
    """What tells later whether images were written to: torch's count of writes, or in inference mode a copy."""
    return x.clone() if x.is_inference() else x._version


def _is_written(x: Tensor, seen: int | Tensor) -> bool:
    if isinstance(seen, Tensor):
        return not torch.allclose(x, seen, rtol=0, atol=0, equal_nan=True)
    return x._version != seen


def _state(network: nn.Module) -> list[tuple[int, int]]:
    """What changes as soon as a parameter or a buffer is replaced or written to."""
    return [(id(one), one._version) for one in (*network.parameters(), *network.buffers())]


def _hold_to_logits(outputs: object, x: Tensor, classes: int | None) -> None:
    """Refuse outputs that are not one row of finite float32 logits for each image, on the images' device."""
    wanted = f"one tensor of logits (N, {classes or 'classes'})"
    if not isinstance(outputs, Tensor):
        raise Refused(f"the network returns {_named(outputs)}; it has to return {wanted}, and nothing beside it")
    shape = tuple(outputs.shape)
    if outputs.dim() != 2 or shape[0] != len(x) or (classes and shape[1] != classes):
        raise Refused(f"the network returns a tensor of shape {shape} for {len(x)} images; it has to return {wanted}")
    if outputs.dtype != torch.float32:
        kind = str(outputs.dtype).removeprefix("torch.")
        raise Refused(
            f"the network returns {kind}; logits are float32: scores and not the classes themselves, and no other "
            "precision, in which small steps of an attack are rounded away. Call `.float()` on the network."
        )
    if outputs.device != x.device:
        raise Refused(f"the network returns logits on {outputs.device} for images on {x.device}: leave them there")
    if not outputs.isfinite().all():
        raise Refused(
            "the network returns logits that are not numbers (NaN or infinite): its weights diverged in training, or a "
            "division or logarithm has no bound. Mend that first; any class would be read off them."
        )


def _named(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(getattr(value, "logits", None), Tensor):
        return f"a {type(value).__name__}, whose `.logits` are what is wanted"
    return "None" if value is None else f"a {type(value).__name__}"


def _is_captured(x: Tensor) -> bool:
    """Whether this call is recorded into a CUDA graph."""
    return x.is_cuda and torch.cuda.is_current_stream_capturing()
