"""Trained networks as files: what is loaded is what was saved, and what is damaged is refused with a reason."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from lib.digest.weights import sha256 as digest
from lib.models import saved
from lib.models.base import build
from lib.models.saved import NETWORKS, WeightsError, load, read, save
from lib.models.small import SmallCNN

CPU = torch.device("cpu")


def weights_of(network: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: one.detach().contiguous().numpy() for name, one in network.state_dict().items()}


@pytest.fixture
def small() -> dict[str, np.ndarray]:
    return weights_of(build(SmallCNN, 0, CPU))


@pytest.fixture
def file(tmp_path: Path, small) -> Path:
    path = tmp_path / "small.safetensors"
    save(path, "SmallCNN", small, {"defence": "none"})
    return path


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gives_the_same_logits_to_the_bit(name: str, tmp_path: Path) -> None:
    network = build(NETWORKS[name], 3, CPU).eval()
    path = tmp_path / "one.safetensors"
    save(path, name, weights_of(network), {})
    x = torch.rand(20, 1, 28, 28)
    found = load(path, CPU)
    assert type(found) is NETWORKS[name] and not any(one.training for one in found.modules())
    with torch.no_grad():
        assert torch.equal(found(x), network.to(memory_format=torch.contiguous_format)(x))


def test_it_carries_words(file: Path, small) -> None:
    words, weights = read(file)
    assert words == {"architecture": "SmallCNN", "sha256": digest(small), "defence": "none"}
    assert all(np.array_equal(weights[name], one) for name, one in small.items())


def test_the_digest_is_of_names_shapes_and_numbers(small) -> None:
    before = digest(small)
    assert digest(dict(reversed(small.items()))) == before
    assert digest({name: one.astype(">f4") for name, one in small.items()}) == before
    first, last = (small["0.weight"], small["7.bias"])
    changed = first.copy()
    changed.flat[-1] += np.float32(1e-7)
    renamed = {("7.offset" if name == "7.bias" else name): one for name, one in small.items()}
    reshaped, halved = small | {"7.bias": last.reshape(2, 5)}, small | {"7.bias": last.astype(np.float16)}
    assert len({before, *map(digest, (small | {"0.weight": changed}, renamed, reshaped, halved))}) == 5


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def another_s(path: Path) -> None:
    save(path, "DenseNetwork", read(path)[1], {})


def unknown(path: Path) -> None:
    words, weights = read(path)
    save_file(weights, path, words | {"architecture": "GiantCNN"})


def foreign(path: Path) -> None:
    save_file(read(path)[1], path)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (cut, "is damaged, or no safetensors file"),
        (one_bit, "is damaged: the digest of its weights is "),
        (lambda path: path.write_bytes(b"no network"), "is damaged, or no safetensors file"),
        (lambda path: path.write_bytes(b""), "is damaged, or no safetensors file"),
        (another_s, "does not hold the weights of a DenseNetwork"),
        (unknown, "holds a network named 'GiantCNN'; there are: SimpleCNN, "),
        (foreign, "is none of this book's: it does not name its architecture and sha256"),
        (Path.unlink, "there is no such file"),
    ],
    ids=["cut", "one bit", "text", "empty", "another's", "unknown", "foreign", "missing"],
)
@pytest.mark.survives(
    "disk",
    "A file of a network is damaged, cut off, or holds something else.",
    "It is refused in one line.",
)
def test_what_is_no_network_is_refused_in_one_line(harm, said: str, file: Path) -> None:
    harm(file)
    with pytest.raises(WeightsError) as refused:
        load(file)
    assert said in str(refused.value) and str(file) in str(refused.value) and "\n" not in str(refused.value)


def test_only_networks_of_the_book_are_written(tmp_path: Path, small) -> None:
    with pytest.raises(KeyError, match="GiantCNN"):
        save(tmp_path / "a.safetensors", "GiantCNN", small, {})
    assert not list(tmp_path.iterdir())


@pytest.mark.survives("kills", "The writing of a network's file is interrupted.", "The file that was there stands.")
def test_an_interrupted_write_leaves_what_was_there(file: Path, small, monkeypatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(saved, "save_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(file, "SmallCNN", small, {"defence": "another"})
    assert read(file)[0]["defence"] == "none" and len(list(file.parent.iterdir())) == 1
