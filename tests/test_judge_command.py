"""`python -m lib.run judge` in a reader's own folder: their module, their weights, their images, and the page."""

import errno
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch
from browser import window
from judged import nearest_mean
from safetensors.torch import save_file
from torch import nn

from lib import compute
from lib.judge import Refused, command, page
from lib.judge.loading import load
from lib.run.__main__ import main

MODULE = '''\
"""Networks of a reader's own."""

import torch
from torch import nn

table = [1, 2]


def build():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


class Rounded(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = build()

    def forward(self, x):
        return self.network((3 * x).round() / 3)


def sized(width):
    return nn.Linear(width, 10)


def broken():
    raise KeyError("no such layer")


def text():
    return "a network"


ready = build()
'''


@pytest.fixture
def folder(tmp_path: Path, digits, monkeypatch) -> Path:
    """A reader's folder, which Python is run in: a module, weights, images."""
    network = nearest_mean(digits)
    (tmp_path / "my_networks.py").write_text(MODULE)
    torch.save(network.state_dict(), tmp_path / "w.pt")
    x, y = digits.x_test[:40].cpu().numpy(), digits.y_test[:40].cpu().numpy()
    np.savez(tmp_path / "own.npz", x=x, y=y)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_networks", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


FEW = ["--steps", "1", "--queries", "2", "--lbfgs", "1"]


def test_a_reader_judges_a_network_in_a_folder_of_their_own(folder: Path, digits) -> None:
    given = ["--model", "my_networks:build", "--weights", "w.pt", "--data", "own.npz", "--eps", "0.1,0.3"]
    environment = os.environ | {"PYTHONPATH": str(compute.ROOT), "OMP_NUM_THREADS": "1"}
    call = [sys.executable, "-m", "lib.run", "judge", *given, *FEW, "--name", "mine", "--out", "found"]
    done = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    kept, index = folder / "found" / "verdict.json", folder / "found" / "page" / "index.html"
    assert "mine: accuracy on all 40 images of own.npz" in done.stdout
    assert done.stdout.endswith(f"JSON: {kept}\npage: {index}\n")
    found = json.loads(kept.read_text())
    jsonschema.validate(found, json.loads((compute.ROOT / "lib" / "judge" / "verdict.schema.json").read_text()))
    network, x = nearest_mean(digits), digits.x_test[:40]
    with torch.no_grad():
        correct = (network(x).argmax(1) == digits.y_test[:40]).tolist()
    assert found["provenance"]["modules"] == {
        "my_networks": hashlib.sha256((folder / "my_networks.py").read_bytes()).hexdigest()
    }
    told = found["at"][0]["accuracy"]["clean"]["correct"]
    assert found["network"]["name"] == "mine" and told == "".join(str(int(one)) for one in correct)
    with window() as chromium:
        for width in (1280, 390):
            sight = chromium.look(index.as_uri(), width=width)
            assert not sight.errors and not sight.failures
            assert chromium.page.evaluate("document.documentElement.scrollWidth") <= width
        shown = chromium.page.locator("article").inner_text()
        texts = [image.get_attribute("alt") for image in chromium.page.locator("article figure img").all()]
    assert "mine under attack" in shown and "No transfer was tried" in shown and "every red flag" in shown.lower()
    assert len(texts) == 2 and all("mine 0." in text for text in texts)


def test_the_command_says_why_it_refuses_and_leaves_nothing_behind(folder: Path, capsys) -> None:
    def refused(*given: str) -> str:
        assert main(["judge", "--data", "own.npz", *FEW, *given]) == 1
        told = capsys.readouterr()
        assert told.out == "" and told.err.startswith("error: ") and "Traceback" not in told.err
        return told.err

    where = folder / "there"
    told = refused("--model", "my_networks:build", "--out", str(where))
    assert "nothing is left to attack" in told and not where.exists()
    where.mkdir()  # one that was there stays
    refused("--model", "my_networks:build", "--out", str(where))
    assert list(where.iterdir()) == []
    assert "there is no device 'cuda:7'" in refused("--model", "my_networks:build", "--device", "cuda:7")
    assert "REPRO_DEVICE" not in os.environ or os.environ["REPRO_DEVICE"] != "cuda:7"
    (folder / "taken").write_text("")
    assert "cannot be written" in refused("--model", "my_networks:build", "--out", "taken")
    assert "0 images are asked for" in refused("--model", "my_networks:build", "--images", "0")
    assert "say --other" in refused("--model", "my_networks:build", "--other-weights", "w.pt")


@pytest.fixture
def asked_for(folder: Path, monkeypatch) -> Callable[..., Path]:
    """Where a command would put its verdict, in `runs/judged`; nothing is judged."""
    asked: list[Path] = []
    monkeypatch.setattr(command, "_judged_in", lambda where, *_, **__: asked.append(where))

    def where(*given: str) -> Path:
        assert main(["judge", "--model", "my_networks:build", *given]) == 0
        assert asked[-1].parent == compute.RUNS / "judged"
        return asked[-1]

    return where


def test_a_verdict_lies_with_the_runs_by_the_network_s_name(asked_for) -> None:
    assert re.fullmatch(r"my_networks-build-w\.pt-own-\w{8}", asked_for("--weights", "w.pt", "--data", "own.npz").name)
    assert re.fullmatch(r"à-..-b-mnist-\w{8}", asked_for("--name", "à ../b", "--data", "mnist").name)
    assert len(asked_for("--name", "網" * 200).name.encode()) < 150


def test_what_is_asked_for_otherwise_lies_elsewhere_and_the_same_in_the_same_place(asked_for, folder) -> None:
    for name in ("run1", "run2"):
        (folder / name).mkdir()
        (folder / name / "best.pt").write_bytes((folder / "w.pt").read_bytes())
        (folder / name / "own.npz").write_bytes((folder / "own.npz").read_bytes())
    requests = [
        *(("--weights", f"{name}/best.pt") for name in ("run1", "run2")),
        *(("--data", f"{name}/own.npz") for name in ("run1", "run2")),
        *(("--name", name, "--data", "mnist") for name in ("网络", "模型", "网-络", "网 络")),
        *(("--eps", eps) for eps in ("0.1", "8/255", "0.1,8/255")),
        *(("--images", "100"), ("--steps", "10"), ("--other", "my_networks:Rounded"), ("--data", "mnist"), ()),
    ]
    found = [asked_for(*given) for given in requests]
    assert len(set(found)) == len(requests) and found == [asked_for(*given) for given in requests]
    assert asked_for("--weights", str(folder / "run1" / ".." / "run1" / "best.pt")) == found[0]
    assert asked_for("--eps", "0.3,0.1") == asked_for("--device", "cpu", "--batch", "32") == found[-1]
    assert found[4].name.startswith("网络-mnist-") and found[5].name.startswith("模型-mnist-")


@pytest.fixture
def judged(folder: Path, monkeypatch) -> list[str]:
    """A command that has little to do, and no page to render."""
    monkeypatch.setattr(page, "build", lambda verdict, where: where / "page" / "index.html")
    return ["judge", "--model", "my_networks:build", "--weights", "w.pt", "--data", "own.npz", "--eps", "0.1", *FEW]


def test_who_has_seen_enough_of_the_table_loses_neither_json_nor_page(judged, folder, monkeypatch, capfd) -> None:
    made = []
    monkeypatch.setattr(page, "build", lambda verdict, where: made.append(where))
    into, out = os.pipe()
    os.close(into)
    with os.fdopen(out, "w") as closed, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", closed)
        assert main([*judged, "--out", "found"]) == 0
    assert (folder / "found" / "verdict.json").exists() and made == [folder / "found"]
    assert "cannot be written" not in capfd.readouterr().err


def test_a_disk_that_is_full_elsewhere_is_not_blamed_on_the_folder(judged, monkeypatch, capsys) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "snapshots/state.pt")

    monkeypatch.setattr(command, "judge", full)
    assert main([*judged, "--out", "found"]) == 1
    told = capsys.readouterr().err
    assert "snapshots/state.pt" in told and "found" not in told and "--out" not in told


def test_an_interrupt_says_what_is_kept(judged, folder, monkeypatch, capsys) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(page, "build", stopped)
        assert main([*judged, "--out", "found"]) == 130
    told = capsys.readouterr()
    assert told.err.endswith("interrupted; the verdict is kept; its page is not made\n")
    assert f"JSON: {folder / 'found' / 'verdict.json'}" in told.out
    monkeypatch.setattr(command, "judge", stopped)
    assert main([*judged, "--out", "other"]) == 130
    told = capsys.readouterr()
    assert "interrupted; no verdict is kept, and all attacks begin anew" in told.err and told.out == ""
    assert not (folder / "other").exists()


def test_weights_come_as_pt_and_as_safetensors(folder: Path, digits) -> None:
    network = nearest_mean(digits)
    save_file({name: one.cpu() for name, one in network.state_dict().items()}, folder / "w.safetensors")
    for name in ("w.pt", "w.safetensors"):
        found = load("my_networks:build", folder / name)
        assert not found.training and torch.equal(found[1].weight, network[1].weight)
    assert isinstance(load("my_networks:Rounded", None), nn.Module)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("my_networks", "write module:function"),
        ("missing:build", "no module missing in"),
        ("json.missing:build", "no module json.missing in"),
        ("needing_module:build", "cannot be imported: No module named 'absent'"),
        ("broken_module:build", "cannot be imported: NameError"),
        ("exiting_module:build", "cannot be imported: SystemExit"),
        ("my_networks:biuld", "has no biuld; it has build"),
        ("my_networks:table", "is a list"),
        ("my_networks:ready", "is a Sequential"),
        ("my_networks:sized", "missing a required argument: 'width'"),
        ("my_networks:broken", "raises KeyError: 'no such layer'"),
        ("my_networks:text", "gives a str"),
        ("./my_networks:build", "is a path: write my_module:function"),
    ],
)
def test_what_gives_no_network_is_refused(source, said, folder: Path) -> None:
    (folder / "broken_module.py").write_text("import torch\nundefined\n")
    (folder / "needing_module.py").write_text("import absent\n")
    (folder / "exiting_module.py").write_text("import sys\nsys.exit(0)\n")
    with pytest.raises(Refused, match=said):
        load(source, None)


class Harmful:
    """What a file of weights can hold that is not opened with `weights_only`."""

    def __reduce__(self) -> tuple:
        return os.mkdir, ("was-here",)


def cut(path: Path) -> None:
    """Half of a file, as of a download that broke off."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def half(state: dict) -> dict:
    return {name: one.half() for name, one in state.items()}


def test_of_a_network_in_both_modes_it_is_said_that_it_is_judged_in_one(folder: Path, capsys) -> None:
    made = "nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(4, 4).eval())"
    (folder / "both_modes.py").write_text(f"from torch import nn\n\n\ndef build():\n    return {made}\n")
    assert not any(module.training for module in load("both_modes:build", None).modules())
    assert "both_modes:build: 3 of 4 modules are in training mode; it is judged in eval mode" in capsys.readouterr().err
    load("my_networks:build", None)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("whole.pt", lambda state, path: torch.save(nn.Linear(1, 1), path), "more than tensors.*state_dict"),
        ("harm.pt", lambda state, path: torch.save({"w": Harmful()}, path), "would run code"),
        ("cut.pt", lambda state, path: (torch.save(state, path), cut(path)), "cut.pt cannot be read"),
        ("empty.pt", lambda state, path: path.write_bytes(b""), "empty.pt cannot be read"),
        ("page.pt", lambda state, path: path.write_text("<html>not found</html>"), "page.pt"),
        ("epoch.pt", lambda state, path: torch.save({"model": state, "epoch": 3}, path), "a dict of model, epoch"),
        (
            "checkpoint.pt",
            lambda state, path: torch.save({"state_dict": state, "optimizer": {"lr": 0.1, "momentum": {}}}, path),
            r"its entry state_dict is one: save that alone, .*\['state_dict'\]",
        ),
        (
            "two.pt",
            lambda state, path: torch.save({"model": state, "ema": state}, path),
            r"no state dict: torch\.save\(network\.state_dict\(\), file\) writes one",
        ),
        ("list.pt", lambda state, path: torch.save(list(state.values()), path), "holds list, no state dict"),
        ("less.pt", lambda state, path: torch.save({"1.bias": state["1.bias"]}, path), "it lacks 1.weight"),
        ("more.pt", lambda state, path: torch.save(state | {"2.bias": state["1.bias"]}, path), "has 2.bias, which"),
        (
            "parallel.pt",
            lambda state, path: torch.save({f"module.{name}": one for name, one in state.items()}, path),
            r"lacks 1\.bias, 1\.weight; it has module\.1\.bias.*begin with module\.: they are DataParallel's",
        ),
        (
            "compiled.pt",
            lambda state, path: torch.save({f"_orig_mod.{name}": one for name, one in state.items()}, path),
            r"begin with _orig_mod\.: they are torch\.compile's",
        ),
        (
            "script.pt",
            lambda state, path: torch.jit.script(nn.Linear(1, 1)).save(path),
            r"TorchScript.*torch\.jit\.load",
        ),
        ("folder.pt", lambda state, path: path.mkdir(), "is a folder"),
        (
            "shape.pt",
            lambda state, path: torch.save(state | {"1.bias": torch.zeros(9)}, path),
            r"1\.bias is \(9,\), not \(10,\)",
        ),
        ("half.pt", lambda state, path: torch.save(half(state), path), "another precision.*float32"),
        ("cut.safetensors", lambda state, path: (save_file(state, path), cut(path)), "damaged, or no safetensors"),
        ("none.pt", lambda state, path: None, "there is no file"),
        ("none.safetensors", lambda state, path: None, "there is no file"),
    ],
)
def test_weights_that_are_not_those_of_the_network_are_refused(name, write, said, folder: Path) -> None:
    path = folder / name
    write(torch.load(folder / "w.pt", weights_only=True), path)
    with pytest.raises(Refused, match=said):
        load("my_networks:build", path)
    assert not (folder / "was-here").exists()
