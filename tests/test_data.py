"""Data sets as promised, and errors that name the file and say what to do."""

import errno
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch

from lib import data
from lib.data import DataError, sample

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of these tests, empty."""
    monkeypatch.setattr(data, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


def small(seed: int = 0, **more: np.ndarray) -> data.Arrays:
    """A data set of 6 + 3 colour images."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for part, n in (("train", 6), ("test", 3)):
        arrays[f"x_{part}"] = rng.integers(0, 256, (n, 3, 32, 32), dtype=np.uint8)
        arrays[f"y_{part}"] = rng.integers(0, 10, n)
    return arrays | more


def write(path: Path, arrays: data.Arrays, save: Callable = np.savez) -> Path:
    path.parent.mkdir(exist_ok=True)
    save(path, **arrays)
    return path


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


# Digits.


def test_digits_have_the_promised_shapes_types_and_range(all_digits):
    assert all_digits.x_train.shape == (4000, 1, 28, 28) and all_digits.x_test.shape == (1000, 1, 28, 28)
    assert all_digits.y_train.shape == (4000,) and all_digits.y_test.shape == (1000,)
    for images, labels in ((all_digits.x_train, all_digits.y_train), (all_digits.x_test, all_digits.y_test)):
        assert images.dtype == torch.float32 and labels.dtype == torch.int64
        assert images.min() == 0 and images.max() == 1
        torch.testing.assert_close(images * 255, (images * 255).round(), rtol=0, atol=1e-4)


def test_digits_are_stratified_and_mixed(all_digits):
    assert all_digits.y_train.bincount().tolist() == [400] * 10
    assert all_digits.y_test.bincount().tolist() == [100] * 10
    assert len(all_digits.y_train[:100].unique()) == 10


def test_no_digit_is_in_both_halves(all_digits):
    train, test = ({image.cpu().numpy().tobytes() for image in x} for x in (all_digits.x_train, all_digits.x_test))
    assert not train & test


def test_the_split_is_the_same_on_any_machine(all_digits):
    assert all_digits.digest == "1d82d23b445980e9027a8dd4fa4faf3d9b063bda8a52a8ace367338347e28a74"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[data.Arrays]:
    """A few images stand for the digits; the list has one entry for each time that they were parsed."""
    calls = []
    monkeypatch.setitem(data.DIGESTS, "digits", data.digest(small()))
    monkeypatch.setattr(data, "_parsed_digits", lambda: calls.append(small()) or calls[-1])
    data._loaded.cache_clear()
    return calls


def anew(name: str = "digits") -> data.Dataset:
    """A set as another process would load it."""
    data._loaded.cache_clear()
    return data.load(name, CPU)


def test_digits_are_parsed_once_and_the_same_from_their_file(cache, parsed, capsys):
    first, again = anew(), anew()
    assert len(parsed) == 1 and files(cache) == [data.cache_file("digits")] == [data.fetch("digits")]
    assert first.digest == again.digest == data.current_digest("digits") == data.digest(small())
    assert torch.equal(first.x_train, again.x_train) and torch.equal(first.y_test, again.y_test)
    assert len(parsed) == 1 and capsys.readouterr().err == ""


def test_in_one_process_digits_are_loaded_once(cache, parsed):
    assert data.load("digits", CPU) is data.load("digits", CPU)


def test_the_true_digits_are_those_that_were_parsed(all_digits):
    """Whichever of the two ways they came by in this session."""
    arrays = data._parsed_digits()
    for part, images in (("train", all_digits.x_train), ("test", all_digits.x_test)):
        assert torch.equal(images, torch.from_numpy(arrays[f"x_{part}"]).float() / 255)


def other_images(path: Path) -> None:
    write(path, small(seed=1))


def no_labels(path: Path) -> None:
    write(path, {"x_train": np.zeros(3)})


@pytest.mark.parametrize("damage", ["truncated", "empty", "garbage", "flipped", "other_images", "no_labels"])
@pytest.mark.survives(
    "disk",
    "The file of the digits is cut off, empty, damaged in one byte, or holds other images.",
    "It is named, and written anew from the package that carries the digits.",
)
def test_a_file_of_digits_that_is_not_right_is_named_and_written_anew(damage, cache, parsed, capsys):
    anew()
    path = data.cache_file("digits")
    globals()[damage](path)
    assert anew().digest == data.digest(small()) and len(parsed) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(path) in line and "written anew" in line
    assert anew().digest == data.digest(small()) and len(parsed) == 2


def test_digits_need_no_folder_that_can_be_written(cache, parsed, capsys):
    cache.write_text("a file where the folder should be")
    assert anew().digest == data.digest(small())
    (line,) = capsys.readouterr().err.splitlines()
    assert "parsed in each process" in line and str(cache) in line
    assert data.fetch("digits") is None


def test_images_are_divided_before_they_move(cache, parsed, monkeypatch):
    """So that no device rounds them otherwise than the CPU."""
    moved = []
    to = torch.Tensor.to

    def noting(tensor: torch.Tensor, where, *rest):
        if isinstance(where, torch.device):
            moved.append((tensor.dtype, float(tensor.max())))
        return to(tensor, where, *rest)

    monkeypatch.setattr(torch.Tensor, "to", noting)
    anew()
    assert [kind for kind in moved if kind[0] != torch.int64] == [(torch.float32, 1.0)] * 2


# The cache.


def test_a_cached_set_is_read_as_it_was_stored(cache):
    arrays = small()
    write(cache / "cifar10.npz", arrays)
    loaded = data.load("cifar10", CPU)
    np.testing.assert_array_equal((loaded.x_train * 255).round().numpy(), arrays["x_train"])
    np.testing.assert_array_equal(loaded.y_test.numpy(), arrays["y_test"])
    assert loaded.origin == "cifar10, all 6 + 3 images"
    assert data.current_digest("cifar10") == loaded.digest


def test_a_set_that_is_not_at_hand_has_no_digest_and_is_not_fetched_for_it(cache):
    assert data.current_digest("cifar10") is None
    assert not cache.exists()


@pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
def test_the_digest_hangs_on_every_array(key):
    arrays = small()
    changed = arrays | {key: arrays[key].copy()}
    changed[key].flat[0] ^= 1
    assert data.digest(changed) != data.digest(arrays)


def test_further_keys_are_allowed_and_altered_images_are_mentioned(cache):
    exact = {"exact_train": np.array([True] * 4 + [False] * 2), "exact_test": np.array([False, True, True])}
    write(cache / "cifar10.npz", small(**exact, note=np.array("by hand")))
    loaded = data.load("cifar10", CPU)
    assert loaded.origin == "cifar10, all 6 + 3 images, 3 of them a few grey levels off the original"
    assert loaded.digest == data.digest(small())


# What can go wrong.


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(DataError, match=r"no data set named 'minst'; there are: digits, mnist, cifar10"):
        data.load("minst", CPU)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(b"<html>502 Bad Gateway</html>")


def flipped(path: Path, position: int = 3000) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 0xFF
    path.write_bytes(content)


def flipped_at_the_start_of_an_array(path: Path) -> None:
    flipped(path, 64)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("damage", [truncated, empty, garbage, flipped, flipped_at_the_start_of_an_array])
@pytest.mark.survives(
    "disk",
    "The file of a downloaded data set is cut off, empty, no such file, or damaged in one byte.",
    "It is refused in one line with its name and the command that fetches it again.",
)
def test_a_damaged_file_is_named_with_the_cure(damage, save, cache):
    path = write(cache / "cifar10.npz", small(), save)
    damage(path)
    with pytest.raises(DataError, match="is damaged") as raised:
        data.load("cifar10", CPU)
    assert str(path) in str(raised.value)
    assert "Delete it and run `python -m lib.run data cifar10`" in str(raised.value)


def test_a_file_that_lacks_an_array_is_named_with_the_cure(cache):
    arrays = small()
    del arrays["y_test"], arrays["x_test"]
    path = write(cache / "cifar10.npz", arrays)
    with pytest.raises(DataError, match="lacks x_test, y_test") as raised:
        data.load("cifar10", CPU)
    assert str(path) in str(raised.value) and "`python -m lib.run data cifar10`" in str(raised.value)


@pytest.mark.survives(
    "disk",
    "A whole file of other images lies where MNIST should be.",
    "Its digest is found to be another, and it is refused in one line.",
)
def test_images_that_are_not_mnist_are_refused_under_its_name(cache):
    path = write(cache / "mnist.npz", small())
    with pytest.raises(DataError, match="is not MNIST") as raised:
        data.load("mnist", CPU)
    assert str(path) in str(raised.value) and "`python -m lib.run data mnist`" in str(raised.value)


class Unreachable:
    """A torchvision data set that leaves half a file behind and fails, as torchvision's do without a network."""

    error: Exception = URLError("Temporary failure in name resolution")

    def __init__(self, root: str, train: bool, download: bool) -> None:
        Path(root, "train-images.gz").write_bytes(b"half")
        raise self.error


@pytest.mark.parametrize(
    "error", [RuntimeError("Error downloading train-images-idx3-ubyte.gz"), URLError("name resolution"), TimeoutError()]
)
def test_without_a_network_the_message_says_what_to_do(error, cache, monkeypatch):
    monkeypatch.setattr(Unreachable, "error", error)
    monkeypatch.setattr("torchvision.datasets.MNIST", Unreachable)
    with pytest.raises(DataError, match="mnist could not be downloaded") as raised:
        data.load("mnist", CPU)
    message = str(raised.value)
    assert str(cache) in message and "mnist.npz" in message and "`python -m lib.run data mnist`" in message
    assert files(cache) == []


def test_a_cache_folder_that_cannot_be_made_is_named(cache, monkeypatch):
    cache.write_text("a file where the folder should be")
    monkeypatch.setattr("torchvision.datasets.MNIST", Unreachable)
    with pytest.raises(DataError) as raised:
        data.load("mnist", CPU)
    assert str(cache) in str(raised.value)


def test_a_full_disk_leaves_no_half_file_and_says_how_much_is_needed(cache, monkeypatch):
    def full(path: Path, **arrays: np.ndarray) -> None:
        Path(path).write_bytes(b"PK half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    monkeypatch.setitem(data.DOWNLOADS, "cifar10", lambda name: small())
    with pytest.raises(DataError, match="No space left on device") as raised:
        data.load("cifar10", CPU)
    assert str(cache / "cifar10.npz") in str(raised.value)
    assert "MB of free disk" in str(raised.value) and "REPRO_DATA" in str(raised.value)
    assert files(cache) == []


# Downloads.


class Downloaded:
    """A torchvision data set, as far as it is used: `data` and `targets`."""

    def __init__(self, root: str, train: bool, download: bool) -> None:
        assert download and Path(root).is_dir()
        n = 6 if train else 3
        self.data = np.arange(n * 32 * 32 * 3, dtype=np.uint32).astype(np.uint8).reshape(n, 32, 32, 3)
        self.targets = list(range(n))


def test_a_download_is_stored_once_channels_first(cache, monkeypatch):
    monkeypatch.setattr("torchvision.datasets.CIFAR10", Downloaded)
    first = data.load("cifar10", CPU)
    assert files(cache) == [cache / "cifar10.npz"]
    assert list(cache.iterdir()) == [cache / "cifar10.npz"]
    assert first.x_train.shape == (6, 3, 32, 32) and first.y_train.tolist() == list(range(6))
    original = Downloaded(str(cache), train=True, download=True).data
    assert (first.x_train[1, 2, 3, 4] * 255).round() == original[1, 3, 4, 2]
    monkeypatch.setitem(data.DOWNLOADS, "cifar10", lambda name: pytest.fail("downloaded again"))
    assert data.load("cifar10", CPU).digest == first.digest


def _store_in_step(path: Path, seed: int, barrier) -> None:
    barrier.wait()
    for _ in range(10):
        data._store(path, small(seed))


@pytest.mark.survives(
    "side by side",
    "Two processes store the same data set at once.",
    "The file is that of one of them, and whole.",
)
def test_two_processes_that_store_at_once_leave_one_whole_file(cache):
    # Forked, so that no process has to import torch again; they use numpy alone.
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(2)
    path = cache / "cifar10.npz"
    workers = [context.Process(target=_store_in_step, args=(path, seed, barrier)) for seed in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert files(cache) == [path]
    assert data.load("cifar10", CPU).digest in {data.digest(small(1)), data.digest(small(2))}


def test_several_sets_have_one_digest_and_a_single_one_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(data, "CACHE", tmp_path)
    own = data.current_digest("digits")
    assert data.joined_digest([own]) == own
    both = data.current_digest("digits+digits")
    assert both == data.joined_digest([own, own]) != own
    assert data.joined_digest(["a", "b"]) != data.joined_digest(["b", "a"])
    assert data.current_digest("digits+mnist") is None  # not at hand


# A sample of the images.


@pytest.mark.parametrize("n", [1, 7, 100, 333, 999])
def test_a_sample_has_the_classes_as_the_whole_has_them(all_digits, n: int) -> None:
    y = all_digits.y_test
    chosen = sample(y, n)
    assert len(chosen) == n and (chosen[1:] > chosen[:-1]).all() and chosen.dtype == torch.int64
    expected = torch.bincount(y) * n / len(y)
    assert ((torch.bincount(y[chosen], minlength=10) - expected).abs() < 1).all()


def test_a_sample_is_always_the_same_and_not_the_first_images(all_digits) -> None:
    y = all_digits.y_test
    assert torch.equal(sample(y, 100), sample(y, 100))
    assert not torch.equal(sample(y, 100), torch.arange(100))
    assert not torch.equal(sample(y, 100), sample(y, 100, seed=1))


def test_a_sample_of_as_many_as_there_are_is_all_of_them(all_digits) -> None:
    for n in (1000, 5000):
        assert torch.equal(sample(all_digits.y_test, n), torch.arange(1000))
    with pytest.raises(ValueError):
        sample(all_digits.y_test, 0)
