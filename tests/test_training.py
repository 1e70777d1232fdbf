"""A training repeats to the bit, goes on where it was interrupted, and is loaded only where it is the same training.

The network has dropout, so that whatever is not brought back (the optimiser, either stream of random numbers) shows.
"""

import copy
import errno
import random
import shutil
import signal
import threading
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
import torch
from devices import DEVICE
from torch import Tensor, nn

import lib
from lib import attack as attacks
from lib import compute, provenance
from lib.digest import code
from lib.models import SimpleCNN, build
from lib.train import loop, snapshots
from lib.train.batches import Shuffled
from lib.train.loop import fit
from lib.train.snapshots import History


@pytest.fixture
def batches(digits) -> Shuffled:
    return Shuffled(digits.x_train[:64], digits.y_train[:64], batch_size=32)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def epochs_trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one item with each epoch that is trained, not loaded."""
    done: list[int] = []
    epoch = loop._epoch

    def counted(*arguments) -> float:
        done.append(1)
        return epoch(*arguments)

    monkeypatch.setattr(loop, "_epoch", counted)
    return done


def train(
    batches: Shuffled, epochs: int, snapshots: Path | None, start: int = 0, **recipe
) -> tuple[nn.Module, History]:
    model = build(SimpleCNN, start, DEVICE)
    return model, fit(model, batches, epochs, snapshots=snapshots, **recipe)


def weights(model: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def digest_of(model: nn.Module, batches: object) -> str:
    return snapshots.training_digest(model, batches, {}, fit)


def same(one: nn.Module, other: nn.Module) -> bool:
    return torch.equal(weights(one), weights(other))


def interrupt(
    batches: Shuffled, epochs: int, after: int, store: Path, monkeypatch: pytest.MonkeyPatch, **recipe
) -> None:
    """Train until a batch of the epoch after `after` is interrupted."""
    calls: list[int] = []
    ordinary = Shuffled.__call__

    def failing(self, model: nn.Module, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        calls.append(1)
        for number, batch in enumerate(ordinary(self, model, generator)):
            if len(calls) > after and number == 1:
                raise KeyboardInterrupt
            yield batch

    with monkeypatch.context() as patch:
        patch.setattr(Shuffled, "__call__", failing)
        with pytest.raises(KeyboardInterrupt):
            train(batches, epochs, store, **recipe)


# The loop.


def test_it_learns(digits):
    batches = Shuffled(digits.x_train, digits.y_train)
    _, history = train(batches, 5, None, lr=3e-3)
    assert len(history.losses) == 5
    assert history.losses[-1] < 0.6 * history.losses[0]
    assert history.seconds > 0 and history.device == provenance.describe_device()


class Noting(nn.Linear):
    """Notes its mode at each call."""

    def __init__(self) -> None:
        super().__init__(28 * 28, 10)
        self.modes: set[bool] = set()

    def forward(self, x: Tensor) -> Tensor:
        self.modes.add(self.training)
        return super().forward(x)


def test_it_trains_in_train_mode_whatever_the_model_was_in(batches):
    model = nn.Sequential(nn.Flatten(), Noting()).eval()
    fit(model, batches, 1, snapshots=None)
    assert model[1].modes == {True}


@pytest.mark.parametrize("training", [True, False])
def test_a_network_is_shown_and_left_in_training_mode_whether_it_was_trained_or_loaded(batches, store, training):
    def modes(epochs: int) -> list[bool]:
        model, seen = build(SimpleCNN, 0, DEVICE).train(training), []

        def look(shown: nn.Module) -> None:
            seen.append(shown.training)
            shown.eval()

        fit(model, batches, epochs, snapshots=store, each_epoch=look)
        return [*seen, model.training]

    assert modes(0) == [True]
    assert modes(1) == [True, True]
    assert modes(2) == [True, True, True], "loaded, then trained"
    assert modes(2) == [True, True, True], "loaded"


def test_a_training_without_an_image_is_refused(batches):
    none = replace(batches, x=batches.x[:0], y=batches.y[:0])
    with pytest.raises(ValueError, match="a try: there is no image to train on"):
        fit(build(SimpleCNN, 0, DEVICE), none, 1, snapshots=None, label="a try")
    assert fit(build(SimpleCNN, 0, DEVICE), none, 0, snapshots=None).losses == []


def test_every_image_comes_once_an_epoch_in_a_new_order(batches):
    generator = compute.seeded(0)
    epochs = [torch.cat([x for x, _ in batches(nn.Identity(), generator)]) for _ in range(2)]
    assert not torch.equal(*epochs)
    for epoch in epochs:
        pixels = [images.flatten(1).sum(1).sort().values for images in (epoch, batches.x)]
        torch.testing.assert_close(*pixels)
    assert len(batches) == 2 and len(replace(batches, batch_size=30)) == 3


def test_the_same_seed_gives_the_same_weights_to_the_bit(batches):
    (one, first), (other, second) = (train(batches, 2, None, seed=3) for _ in range(2))
    assert same(one, other) and first.losses == second.losses


def test_another_seed_gives_other_weights(batches):
    assert not same(train(batches, 2, None, seed=3)[0], train(batches, 2, None, seed=4)[0])


def test_no_epochs_leave_the_weights_alone(batches, store):
    model, history = train(batches, 0, store)
    assert same(model, build(SimpleCNN, 0, DEVICE)) and history.losses == []


def test_the_random_numbers_of_the_caller_are_left_alone(batches):
    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    train(batches, 1, None)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1] and random.getstate() == states[2]


def test_the_random_numbers_of_the_caller_do_not_matter(batches):
    torch.manual_seed(1)
    one, _ = train(batches, 1, None)
    torch.manual_seed(2)
    assert same(one, train(batches, 1, None)[0])


# Snapshots: what is kept.


def test_without_a_folder_nothing_is_written(batches, tmp_path, monkeypatch):
    monkeypatch.setattr(torch, "save", lambda *_: pytest.fail("something was saved"))
    monkeypatch.setattr(snapshots, "KILLED_EVERY_S", 0.0)
    train(batches, 2, None)
    assert list(tmp_path.iterdir()) == []


def test_the_snapshot_loads_without_unpickling_code(batches, store):
    model, history = train(batches, 2, store)
    (path,) = store.rglob("*.pt")
    state = torch.load(path, weights_only=True)
    assert state["epoch"] == 2 and state["history"]["losses"] == history.losses
    torch.testing.assert_close(state["model"], dict(model.state_dict()), rtol=0, atol=0)


def test_a_snapshot_is_whole_or_absent(batches, store, monkeypatch):
    def half(state: dict, file: BinaryIO) -> None:
        file.write(b"half a snapshot")
        raise OSError("no space left on device")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OSError, match="no space left"):
        train(batches, 1, store)
    assert [path for path in store.rglob("*") if path.is_file() and path.name != ".lock"] == []


# Snapshots: when one is used.


def test_a_finished_training_is_loaded_with_its_history(batches, store, epochs_trained):
    model, history = train(batches, 3, store)
    again, loaded = train(batches, 3, store)
    assert len(epochs_trained) == 3
    assert same(model, again) and loaded == history


def test_what_is_continued_equals_what_was_never_interrupted(batches, store, epochs_trained, monkeypatch):
    uninterrupted, history = train(batches, 5, None, seed=2)
    interrupt(batches, 5, 3, store, monkeypatch, seed=2)
    epochs_trained.clear()
    continued, rest = train(batches, 5, store, seed=2)
    assert len(epochs_trained) == 2
    assert same(continued, uninterrupted) and rest.losses == history.losses
    assert [path.name for path in store.rglob("*.pt")] == ["epoch-0005.pt"]


def test_a_state_of_another_device_is_gone_on_from_as_this_one_needs_it(batches, store, monkeypatch):
    """On CUDA Adam runs with options that the CPU does not take, and the other way round."""
    uninterrupted, history = train(batches, 5, None)
    interrupt(batches, 5, 3, store, monkeypatch)
    (path,) = store.rglob("*.pt")
    found = torch.load(path, weights_only=True)
    for group in found["optimizer"]["param_groups"]:
        group |= {"capturable": DEVICE.type != "cuda", "fused": DEVICE.type != "cuda"}
    torch.save(found, path)
    continued, rest = train(batches, 5, store)
    assert same(continued, uninterrupted) and rest.losses == history.losses


def test_an_interrupted_training_writes_what_its_last_epoch_gave(batches, store, monkeypatch):
    interrupt(batches, 5, 3, store, monkeypatch)
    assert kept_in(store) == {"passing-0003.pt": True}, "none of those before, which cost too much to write"
    train(batches, 2, store)
    assert kept_in(store) == {"passing-0003.pt": True, "epoch-0002.pt": True}, "what is further on stays"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupts_wait_until_a_state_is_written(number, batches, store, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    save, usual = torch.save, signal.signal(number, interrupted)

    def disturbed(state: dict, path: Path) -> None:
        signal.raise_signal(number)
        save(state, path)

    monkeypatch.setattr(torch, "save", disturbed)
    try:
        with pytest.raises(KeyboardInterrupt):
            train(batches, 2, store)
        assert kept_in(store) == {"epoch-0002.pt": True} and signal.getsignal(number) is interrupted
    finally:
        signal.signal(number, usual)


@pytest.mark.parametrize(("seconds", "epochs"), [(0.0, [1, 2, 3, 4, 5, 6]), (50.0, [3, 6]), (200.0, [6])])
def test_states_are_written_the_more_seldom_the_longer_it_takes(batches, store, monkeypatch, seconds, epochs):
    """An epoch takes 200 s here, a process is killed every hour: sqrt(2 * 50 * 3600) = 600 s, three epochs."""
    now, written, save = [0.0], [], torch.save

    def slow(state: dict, path: Path) -> None:
        now[0] += seconds
        written.append(state["epoch"])
        save(state, path)

    def epoch(*arguments: object) -> float:
        now[0] += 200.0
        return ordinary(*arguments)

    ordinary = loop._epoch
    monkeypatch.setattr(snapshots, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(snapshots, "_guess", lambda content: seconds)
    monkeypatch.setattr(loop, "_epoch", epoch)
    monkeypatch.setattr(torch, "save", slow)
    train(batches, 6, store)
    assert written == epochs


def test_a_shorter_training_is_not_taken_from_a_longer_one(batches, store, monkeypatch):
    interrupt(batches, 5, 3, store, monkeypatch)
    assert same(train(batches, 2, store)[0], train(batches, 2, None)[0])


def test_a_longer_training_after_a_shorter_one_equals_one_that_ran_through(batches, store):
    train(batches, 2, store)
    assert same(train(batches, 4, store)[0], train(batches, 4, None)[0])


def test_a_training_goes_on_only_from_its_own_interrupted_state(batches, store, epochs_trained, monkeypatch):
    interrupt(batches, 5, 3, store, monkeypatch, seed=1)
    epochs_trained.clear()
    model, _ = train(batches, 5, store, seed=2)
    assert len(epochs_trained) == 5 and same(model, train(batches, 5, None, seed=2)[0])


def test_going_on_from_an_earlier_age_gives_the_weights_of_one_training(digits, tmp_path):
    batches = Shuffled(digits.x_train[:200], digits.y_train[:200], 50)

    def start() -> nn.Module:
        return build(SimpleCNN, 0, DEVICE)

    whole, by_ages, again = start(), start(), start()
    fit(whole, batches, 4, snapshots=None)
    for age in (1, 3, 4):
        model = start()
        history = fit(model, batches, age, snapshots=tmp_path)
        assert len(history.losses) == age
    by_ages.load_state_dict(model.state_dict())
    for one, other in zip(whole.parameters(), by_ages.parameters(), strict=True):
        assert torch.equal(one, other)
    folder = next(tmp_path.iterdir())
    assert sorted(path.name for path in folder.glob("*.pt")) == ["epoch-0001.pt", "epoch-0003.pt", "epoch-0004.pt"]
    fit(again, batches, 2, snapshots=tmp_path)  # a younger age than what there is, from the one before
    fit(twin := start(), batches, 2, snapshots=None)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), twin.parameters(), strict=True))


def test_an_older_age_trains_only_what_is_missing(digits, tmp_path, monkeypatch):
    batches = Shuffled(digits.x_train[:100], digits.y_train[:100], 50)
    fit(build(SimpleCNN, 0, DEVICE), batches, 2, snapshots=tmp_path)
    epochs = []
    original = Shuffled.__call__
    monkeypatch.setattr(Shuffled, "__call__", lambda *arguments: epochs.append(1) or original(*arguments))
    fit(build(SimpleCNN, 0, DEVICE), batches, 3, snapshots=tmp_path)
    assert len(epochs) == 1


# What is done after each epoch.


def seen_by(batches: Shuffled, epochs: int, store: Path | None) -> tuple[nn.Module, list[nn.Module]]:
    seen: list[nn.Module] = []
    model = build(SimpleCNN, 0, DEVICE)
    fit(model, batches, epochs, snapshots=store, each_epoch=lambda now: seen.append(copy.deepcopy(now)))
    return model, seen


@pytest.mark.parametrize("kept", [True, False])
def test_after_each_epoch_the_network_is_that_of_a_training_of_as_many(batches, store, kept: bool):
    model, seen = seen_by(batches, 3, store if kept else None)
    assert len(seen) == 3 and same(model, seen[-1])
    for epoch, network in enumerate(seen, start=1):
        assert same(network, train(batches, epoch, None)[0])


def test_a_second_look_trains_nothing_and_sees_the_same(batches, store, epochs_trained):
    model, seen = seen_by(batches, 3, store)
    epochs_trained.clear()
    again, looked = seen_by(batches, 3, store)
    assert not epochs_trained and same(model, again)
    assert all(same(*pair) for pair in zip(seen, looked, strict=True))
    assert same(train(batches, 2, store)[0], seen[1]) and not epochs_trained, "any epoch is there to be loaded"


def test_a_look_that_is_interrupted_goes_on_where_it_was(batches, store, epochs_trained):
    def stop_at_two(now: nn.Module) -> None:
        if len(epochs_trained) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(build(SimpleCNN, 0, DEVICE), batches, 4, snapshots=store, each_epoch=stop_at_two)
    epochs_trained.clear()
    model, seen = seen_by(batches, 4, store)
    assert len(epochs_trained) == 2 and len(seen) == 4 and same(model, train(batches, 4, None)[0])


def kept_in(store: Path) -> dict[str, bool]:
    """The files of a training, and whether each can be gone on from."""
    found = {path.name: torch.load(path, weights_only=True) for path in store.rglob("*.pt")}
    return {name: bool(state["optimizer"]["state"]) for name, state in found.items()}


def test_a_look_at_a_training_of_which_only_the_end_is_kept_trains_it_again(batches, store, epochs_trained):
    train(batches, 3, store)
    epochs_trained.clear()
    model, seen = seen_by(batches, 3, store)
    assert len(epochs_trained) == 3 and len(seen) == 3 and same(model, train(batches, 3, None)[0])


def test_random_numbers_drawn_in_a_look_do_not_change_the_training(batches):
    model = build(SimpleCNN, 0, DEVICE)
    fit(model, batches, 2, snapshots=None, each_epoch=lambda now: torch.rand(7))
    assert same(model, train(batches, 2, None)[0])


def test_only_the_last_epoch_that_was_looked_at_can_be_gone_on_from(batches, store):
    seen_by(batches, 3, store)
    assert kept_in(store) == {"epoch-0001.pt": False, "epoch-0002.pt": False, "epoch-0003.pt": True}
    assert same(train(batches, 5, store)[0], train(batches, 5, None)[0])


# Two processes, and damage.


@pytest.mark.survives(
    "disk",
    "The state that a training would go on from is damaged.",
    "It is named and set aside, and the training goes on from what else is kept, to the same network.",
)
def test_a_damaged_snapshot_is_set_aside_and_trained_anew(batches, store, capsys):
    model, _ = train(batches, 2, store)
    (path,) = store.rglob("*.pt")
    path.write_bytes(path.read_bytes()[:1000])
    assert same(model, train(batches, 2, store)[0])
    assert path.with_suffix(".damaged").exists() and "is damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.EIO, "Input/output error"), OSError),
        (MemoryError(), MemoryError),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"), MemoryError),
    ],
    ids=["disk", "memory", "PyTorch's memory"],
)
@pytest.mark.survives(
    "disk",
    "The state that a training would go on from cannot be loaded just now: the disk fails, or there is no memory.",
    "The error names the state, which stays where it is, and the next try goes on from it.",
)
def test_a_snapshot_that_cannot_be_loaded_just_now_stays(error, raised, batches, store, epochs_trained, monkeypatch):
    model, _ = train(batches, 2, store)

    def refuse(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(torch, "load", refuse)
        with pytest.raises(raised, match=r"epoch-0002\.pt"):
            train(batches, 2, store)
    assert same(model, train(batches, 2, store)[0]) and len(epochs_trained) == 2
    assert not list(store.rglob("*.damaged"))


def test_two_processes_do_not_meet_in_one_training(batches, store, epochs_trained):
    """The second waits, and loads what the first has trained."""
    model = build(SimpleCNN, 0, DEVICE)
    held = snapshots.Snapshots.of(store, model, batches, {"optimizer": "adam", "lr": 1e-3, "seed": 0}, code=fit)
    with held.alone():
        thread = threading.Thread(target=fit, args=(model, batches, 1), kwargs={"snapshots": store})
        thread.start()
        thread.join(timeout=0.3)
        assert thread.is_alive() and not epochs_trained
    thread.join(timeout=300)
    assert len(epochs_trained) == 1


def other_data(batches: Shuffled) -> Shuffled:
    x = batches.x.clone()
    x[0, 0, 0, 0] += 1 / 255
    return replace(batches, x=x)


def other_labels(batches: Shuffled) -> Shuffled:
    y = batches.y.clone()
    y[0] = (y[0] + 1) % 10
    return replace(batches, y=y)


@pytest.mark.parametrize("change", [other_data, other_labels, lambda batches: replace(batches, batch_size=31)])
def test_other_batches_are_trained_anew(change, batches, store, epochs_trained):
    train(batches, 1, store)
    train(change(batches), 1, store)
    assert len(epochs_trained) == 2


@pytest.mark.parametrize("change", [{"lr": 2e-3}, {"seed": 1}, {"start": 1}])
def test_another_recipe_or_start_is_trained_anew(change, batches, store, epochs_trained):
    train(batches, 1, store)
    train(batches, 1, store, **change)
    assert len(epochs_trained) == 2


def test_a_network_with_a_frozen_layer_is_trained_anew(batches, store, epochs_trained):
    train(batches, 1, store)
    model = build(SimpleCNN, 0, DEVICE)
    kept = model[0].weight.requires_grad_(False).clone()
    fit(model, batches, 1, snapshots=store)
    assert len(epochs_trained) == 2 and torch.equal(model[0].weight, kept)


def test_the_label_of_the_progress_bar_does_not_matter(batches, store, epochs_trained):
    train(batches, 1, store, label="one")
    train(batches, 1, store, label="two")
    assert len(epochs_trained) == 1


# Snapshots: the code that trains.


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str, str], None]]:
    """A function that edits a copy of lib, which from then on counts as the code that runs."""
    shutil.copytree(Path(lib.__file__).parent, tmp_path / "lib", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(compute, "ROOT", tmp_path)
    code.forget()

    def replace_text(module: str, old: str, new: str) -> None:
        path = tmp_path / "lib" / f"{module}.py"
        source = path.read_text()
        assert source.count(old) == 1
        path.write_text(source.replace(old, new))
        code.forget()

    yield replace_text
    code.forget()


CHANGES_OF_THE_LOOP = {
    "the loop": ("train/loop", "    loss.backward()", "    (2 * loss).backward()"),
    "the batches": (
        "train/batches",
        "in self.order(generator).split(self.batch_size)",
        "in self.order(generator).flip(0).split(self.batch_size)",
    ),
    "what it calls in another module": ("compute", "manual_seed(seed)", "manual_seed(seed + 1)"),
    "the network": (
        "models/small",
        "nn.Linear(320, 50),\n            nn.ReLU(),",
        "nn.Linear(320, 50),\n            nn.ELU(),",
    ),
}


@pytest.mark.parametrize("name", CHANGES_OF_THE_LOOP)
def test_a_change_of_the_code_that_trains_trains_anew(name, edit, batches, store, epochs_trained):
    train(batches, 1, store)
    edit(*CHANGES_OF_THE_LOOP[name])
    train(batches, 1, store)
    assert len(epochs_trained) == 2


def test_a_network_within_another_counts_as_well(edit, batches):
    model = nn.Sequential(nn.Identity(), build(SimpleCNN, 0, DEVICE))
    before = digest_of(model, batches)
    edit(*CHANGES_OF_THE_LOOP["the network"])
    assert digest_of(model, batches) != before


UNRELATED = {
    "a comment": ("train/loop", "    loss.backward()", "    loss.backward()  # gradients"),
    "an attack that is not trained on": ("attack/gradient", "x + self.eps * signs(self.gradient(model, x, y))", "x"),
    "when a step is captured": ("train/graphs", "WARM_UP = 3", "WARM_UP = 4"),
    "a new definition": (
        "models/base",
        "def parameter_count(",
        "def depth(model):\n    return 1\n\n\ndef parameter_count(",
    ),
}


@pytest.mark.parametrize("name", UNRELATED)
def test_an_unrelated_change_does_not_train_again(name, edit, batches, store, epochs_trained):
    train(batches, 1, store)
    edit(*UNRELATED[name])
    train(batches, 1, store)
    assert len(epochs_trained) == 1


# The digest of batches that hold more than tensors.


@dataclass(frozen=True, eq=False)
class Attacked:
    """Batches that are described by an attack, and by images in a tuple."""

    attack: attacks.Attack
    parts: tuple[Tensor, ...] = ()


def test_an_attack_in_the_batches_counts_with_its_settings_and_its_code(edit):
    model = nn.Identity()
    digests = [digest_of(model, Attacked(attacks.FGSM(eps))) for eps in (0.1, 0.2)]
    assert digests[0] != digests[1]
    edit(*UNRELATED["an attack that is not trained on"])
    assert digest_of(model, Attacked(attacks.FGSM(0.1))) != digests[0]


def test_a_loss_of_lib_counts_by_its_name_and_code_not_by_its_address(edit):
    def digest_with(loss: Callable) -> str:
        return digest_of(nn.Identity(), Attacked(attacks.FGSM(0.1, loss=loss)))

    loss = attacks.cross_entropy
    elsewhere = types.FunctionType(loss.__code__, loss.__globals__, loss.__name__)
    elsewhere.__module__ = loss.__module__
    before = digest_with(loss)
    assert digest_with(elsewhere) == before
    edit("attack/base", 'F.cross_entropy(logits, y, reduction="none")', 'F.nll_loss(logits, y, reduction="none")')
    assert digest_with(loss) != before


def test_images_in_a_tuple_count_by_their_content():
    # The printed form of a large tensor leaves out its middle.
    images = [torch.zeros(100, 1, 28, 28) for _ in range(2)]
    images[1][50, 0, 14, 14] = 1
    attack = attacks.FGSM(0.1)
    assert len({digest_of(nn.Identity(), Attacked(attack, (one,))) for one in images}) == 2
