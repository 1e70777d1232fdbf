"""The live attack: a run's trained networks as scripts that pages load from disk, and what pages say about them."""

import base64
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lib import book
from lib.digest.weights import sha256
from lib.evidence.kept import Kept, Trained
from lib.models import STATISTICS
from lib.models.named import built
from lib.run import profiles
from lib.run.run import Run
from lib.site import markup
from lib.site.facts import Runs

FOLDER = "live"
"""The folder of the scripts, in book/ and beside the pages. In book/_static, every page would load them."""

COMMON = ("network", "attacks", "shown")
"""The scripts that both pages need, in this order, after images and weights."""
WHOLE, SMALL = ("drawing", "page"), "front"
"""The further scripts of the page on the live attack, and the further one of the front page."""
TWO = 2
"""How many networks the front page shows."""
ATTACKS = ("FGSM", "PGD-40", "AutoAttack")
"""The attacks whose outcome is shown, where it was measured."""


def stage(runs: Runs, pages: Path, beside: Path) -> dict[str, str]:
    """Put the scripts and networks beside the pages; return what pages include, by name, in Markdown.

    `live` is for the page on the live attack, `live-front` for the front page.

    Parameters
    ----------
    pages
        The folder of the staged book, which has the pages' own scripts.
    beside
        The folder of what goes beside the pages.
    """
    kept = next((kept for run in runs.values() if (kept := _kept(run)) and _found(kept)), None)
    if not kept:
        return dict.fromkeys(("live", "live-front"), not_trained(runs))
    (beside / FOLDER).mkdir(parents=True, exist_ok=True)
    for path in sorted((pages / FOLDER).iterdir()):
        if path.suffix != ".html":
            shutil.copyfile(path, beside / FOLDER / path.name)
    written = scripts(kept)
    for name, text in written.items():
        (beside / FOLDER / f"{name}.js").write_text(text, encoding="utf-8")
    whole, small = ((pages / FOLDER / f"{name}.html").read_text(encoding="utf-8") for name in ("app", SMALL))
    whole += "\n".join(_loaded(name) for name in (*written, *COMMON, *WHOLE))
    first = " ".join(map(_place, (*list(written)[: TWO + 1], *COMMON)))
    small = small.replace('id="live-attack"', f'id="live-attack" data-scripts="{first}"') + _loaded(SMALL)
    front = _raw(small) if len(_found(kept)) >= TWO else not_trained(runs)
    return {"live": f"{_raw(whole)}\n\n{networks(kept)}", "live-front": front}


def _raw(text: str) -> str:
    return f"```{{raw}} html\n{text}\n```"


def _loaded(script: str) -> str:
    return f'<script src="{_place(script)}"></script>'


def _place(script: str) -> str:
    return f"{FOLDER}/{script}.js"


def _kept(run: Run) -> Kept | None:
    return run.experiment.kept() if run.values else None


def _found(kept: Kept) -> list[Trained]:
    """The networks that are trained; none where there are no images to try them on."""
    return [one for one in kept.networks if one.cell.read()] if kept.images.read() else []


def not_trained(runs: Runs) -> str:
    """What a page says where there are no networks, with the command that trains them."""
    profile = next((run.profile for run in runs.values()), profiles.QUICK)
    keeping = [name for name in book.chapters() if name in book.notebooks() and _kept(Run.of(name, profile, {}))]
    commands = [f"`python -m lib.run reproduce {name} --profile {profile}`" for name in keeping]
    how = f"To train them: {', '.join(commands)}." if commands else "None of its chapters keeps any."
    return markup.not_run(f"This copy of the book was made without trained networks to attack. {how}")


def scripts(kept: Kept) -> dict[str, str]:
    """By name, a script that sets `window.LIVE` to a run's images, and one for each network that adds it there."""
    images, _ = kept.images.read()
    shown = {
        "dataset": kept.dataset,
        "eps": kept.eps,
        "std": STATISTICS[kept.dataset][1][0],
        "images": [_text(one) for one in images.images],
        "labels": images.y.tolist(),
        "networks": [],
    }
    found = {"images": f"window.LIVE = {json.dumps(shown)};\n"}
    for one in _found(kept):
        found[f"weights-{one.name}"] = f"LIVE.networks.push({json.dumps(_network(one))});\n"
    return found


def _network(one: Trained) -> dict[str, object]:
    record, _ = one.cell.read()
    network = built(record.architecture, record.weights, str(one.cell.path))
    return {"name": one.title, "digest": sha256(record.weights), "layers": layers(network)}


def layers(network: nn.Module) -> list[dict[str, object]]:
    """The layers of a network as book/live/network.js reads them, numbers as base64 of little-endian float32.

    Raises
    ------
    ValueError
        On a layer that the script does not know.
    """
    found: list[dict[str, object]] = []
    for layer in network:
        if isinstance(layer, nn.Conv2d) and layer.dilation == (1, 1) and layer.groups == 1:
            sides = {"stride": layer.stride[0], "padding": layer.padding[0]}
            found.append({"kind": "conv", **_numbers(layer), **sides})
        elif isinstance(layer, nn.Linear):
            found.append({"kind": "dense", **_numbers(layer)})
        elif isinstance(layer, nn.ReLU):
            found.append({"kind": "relu"})
        elif not isinstance(layer, nn.Flatten | nn.Dropout | nn.Dropout2d):  # which change nothing in eval mode
            raise ValueError(f"the live attack has no layer {layer}")
    return found


def _numbers(layer: nn.Conv2d | nn.Linear) -> dict[str, object]:
    with torch.no_grad():
        weight, bias = (one.contiguous().numpy().astype("<f4") for one in (layer.weight, layer.bias))
    return {"weight": _text(weight), "bias": _text(bias), "shape": list(weight.shape)}


def _text(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def networks(kept: Kept) -> str:
    """A table of each network's accuracies; then how each network was trained, and its digest."""
    rows, told = [], []
    for one in _found(kept):
        record, made = one.cell.read()
        rows.append([markup.plain(one.title), f"{record.correct.mean():.1%}", *(_share(one, name) for name in ATTACKS)])
        digest = f"SHA-256 of its weights: <code>{sha256(record.weights)}</code>"
        told.append(f"- **{markup.plain(one.title)}.** {markup.plain(one.how)} {digest}.")
    head = ["Network", "Clean", *(f"{name}, eps {kept.eps:g}" for name in ATTACKS)]
    origin = "; ".join(facts["origin"] for facts in made.data.values())
    about = f"Images to train on and to test with: {markup.plain(origin)}. The shares are those of test images that "
    about += f"are classified correctly, of {len(record.correct):,} clean ones{_under_attack(kept)}."
    shares = markup.table("What the networks are worth", head, rows)
    return "\n".join([about, "", shares, "", *told])


def _under_attack(kept: Kept) -> str:
    """How many of the images are attacked, as the end of a sentence."""
    counts = {len(correct) for one in _found(kept) for correct in one.attacked.values()}
    if not counts:
        return "; this run has not measured them under attack"
    return f" and of {max(counts):,} under attacks made afresh"


def _share(one: Trained, attack: str) -> str:
    return f"{one.attacked[attack].mean():.1%}" if attack in one.attacked else "not measured"
