"""Both forms of the live attack as they are rendered, and what a browser shows of them."""

import shutil
from pathlib import Path

import torch
from browser import Window

from lib import book
from lib.run.run import Run
from lib.site import live, render

N = 50
"""How many images the arithmetic is tried on."""
PHONE = 390
"""Pixels."""


FRONT = "# The front page\n\n```{include} _generated/live-front.md\n```\n"


def site(runs: dict[str, Run], output: Path) -> Path:
    """The page on the live attack as it is rendered, one with the front page's form, and an empty one to link to."""

    def staged(target: Path) -> None:
        target.mkdir()
        for name in ("_static", "live"):
            shutil.copytree(book.PAGES / name, target / name)
        for name in ("live.md", "_config.yml", "references.bib"):
            shutil.copyfile(book.PAGES / name, target / name)
        (target / "common_ground.md").write_text("# Common ground\n")
        (target / "front.md").write_text(FRONT)
        chapters = "[{file: common_ground}, {file: front}]"
        (target / "_toc.yml").write_text(f"format: jb-book\nroot: live\nchapters: {chapters}\n")
        (target / "_generated").mkdir()
        (target / "_beside").mkdir()
        for name, text in live.stage(runs, target, target / "_beside").items():
            (target / "_generated" / f"{name}.md").write_text(text)

    return render.render(staged, output).with_name("live.html")


def shown(window: Window) -> dict:
    """What the page shows once it has computed all that was asked for."""
    window.page.wait_for_timeout(150)  # after which it begins
    window.page.wait_for_function("() => Live.shown && !Live.busy")
    return window.page.evaluate(
        "() => ({...Live.shown, source: Live.shown.source.name, victim: Live.shown.victim.name})"
    )


def verdict(window: Window) -> str:
    return window.page.inner_text("#live-verdict")


def choose(window: Window, **values: str) -> dict:
    """Choose by label in selects, and move the slider; return what comes of it."""
    for name, value in values.items():
        if name == "eps":
            window.page.fill("#live-eps", value)
        else:
            window.page.select_option(f"#live-{name}", label=value)
    return shown(window)


def computed(window: Window, code: str, x: torch.Tensor, y: torch.Tensor, **more: object) -> torch.Tensor:
    """What JavaScript gives for images, each as `x`, with label `y`, on `network`."""
    rows = window.page.evaluate(
        """async ([code, images, labels, more]) => {
          const each = new Function("network", "x", "y", "more", `return ${code}`);
          const network = Live.build(LIVE.networks[0].layers);
          return images.map((x, i) => Array.from(each(network, Float32Array.from(x), labels[i], more)));
        }""",
        [code, x.flatten(1).tolist(), y.tolist(), more],
    )
    return torch.tensor(rows)
