"""The live attack on the front page, in a real browser, from disk: small, and true to what the networks say."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from browser import Window
from live_pages import PHONE

from lib.attack import FGSM

CHOICES = "#live-source input"


@pytest.fixture
def near(browser: Window, front: Path) -> Iterator[Window]:
    """The front page, scrolled to the attack; whatever a test does there asks for nothing from outside."""
    seen = browser.look(front.as_uri())
    browser.page.locator("#live-attack").scroll_into_view_if_needed()
    said(browser)
    yield browser
    assert not seen.errors and not seen.failures
    assert all(request.startswith(("file://", "data:")) for request in seen.requests)


def said(window: Window) -> dict:
    """What is shown once all that was asked for is computed."""
    window.page.wait_for_function("() => window.Live && Live.shown && !Live.busy")
    return window.page.evaluate("() => Live.shown")


def attacked(network: torch.nn.Module, found: dict, eps: float) -> torch.Tensor:
    x = torch.tensor([found["image"]]).view(1, 1, 28, 28)
    return FGSM(eps=eps)(network, x, torch.tensor([found["label"]]))


@pytest.mark.parametrize("source", [0, 1])
def test_both_networks_are_shown_the_image_that_is_made_against_one(near: Window, trained, source: int) -> None:
    near.page.locator(CHOICES).nth(source).check()
    near.page.fill("#live-eps", "0.2")
    found = said(near)
    image = attacked(trained[source], found, 0.2)
    shown = torch.tensor(found["attacked"])
    assert found["eps"] == 0.2 and (shown - image.flatten()).abs().gt(1e-6).float().mean() < 0.005
    with torch.no_grad():
        likely = np.array([network(image).softmax(1)[0].tolist() for network in trained[:2]])
    rows = [row.split("\t") for row in near.page.locator("#live-bars tr").all_inner_texts()]
    told = np.array([[float(share.removesuffix("%")) / 100 for share in row[1:]] for row in rows])
    assert len(rows) == 10 and np.abs(told.T - likely).max() < 0.01
    verdict = near.page.inner_text("#live-verdict")
    assert f"attacked through the {('undefended', 'retrained')[source]} network" in verdict
    for name, shares in zip(("undefended", "retrained"), likely, strict=True):
        wrong = shares.argmax() != found["label"]
        assert f"The {name} network says {shares.argmax()}{', and is wrong' if wrong else ''}." in verdict


def test_at_eps_0_the_image_is_not_changed(near: Window) -> None:
    near.page.fill("#live-eps", "0")
    found = said(near)
    assert found["attacked"] == found["image"] and "not changed at all" in near.page.inner_text("#live-verdict")


def test_it_is_moved_by_keys_and_each_control_has_a_name(near: Window) -> None:
    before = said(near)
    near.page.focus("#live-eps")
    near.page.keyboard.press("ArrowRight")
    assert said(near)["eps"] == pytest.approx(before["eps"] + 0.01)
    near.page.keyboard.press("Tab")
    near.page.keyboard.press("ArrowDown")
    assert (before["source"], said(near)["source"]) == ("undefended", "retrained")
    names = near.page.evaluate("() => [...document.querySelectorAll('.live input')].map((one) => one.labels.length)")
    assert names == [1, 1, 1] and near.page.inner_text("#live-source legend")
    assert near.page.get_attribute("#live-verdict", "role") == "status"
    assert re.fullmatch("an attacked image of a [0-9]", near.page.get_attribute("#live-after", "aria-label"))


def test_weights_are_loaded_by_who_comes_near(browser: Window, front: Path, tmp_path) -> None:
    far = tmp_path / "front.html"
    (tmp_path / "live").symlink_to(front.with_name("live"))
    (tmp_path / "_static").symlink_to(front.with_name("_static"))
    far.write_text(front.read_text().replace("<noscript>", '<div style="height: 5000px"></div><noscript>', 1))
    seen = browser.look(far.as_uri())
    browser.page.wait_for_timeout(300)
    assert not [one for one in seen.requests if "/weights-" in one]
    browser.page.locator("#live-attack").scroll_into_view_if_needed()
    said(browser)
    loaded = [Path(one).name for one in seen.requests if "/weights-" in one]
    assert len(loaded) == 2 and loaded[0].startswith("weights-undefended")
    assert len(front.read_bytes()) < 40_000


def test_weights_that_are_missing_are_missed(browser: Window, front: Path, tmp_path) -> None:
    (tmp_path / "_static").symlink_to(front.with_name("_static"))
    (tmp_path / "live").mkdir()
    for script in front.with_name("live").iterdir():
        if "retrained" not in script.name:
            (tmp_path / "live" / script.name).symlink_to(script)
    (tmp_path / "front.html").write_text(front.read_text())
    browser.look((tmp_path / "front.html").as_uri())
    browser.page.locator("#live-attack").scroll_into_view_if_needed()
    browser.page.wait_for_function("() => document.body.innerText.includes('could not be loaded')")
    assert browser.page.evaluate("() => window.Live?.shown") is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone(browser: Window, front: Path, theme: str) -> None:
    browser.page.emulate_media(color_scheme=theme)
    browser.look(front.as_uri(), PHONE)
    browser.page.locator("#live-attack").scroll_into_view_if_needed()
    said(browser)
    browser.page.emulate_media()
    assert browser.page.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_on_paper_and_without_javascript_a_note_stands_in_its_place(near: Window, front: Path) -> None:
    near.page.emulate_media(media="print")
    assert not near.page.is_visible("#live-attack") and near.page.is_visible(".live-on-paper")
    near.page.emulate_media(media="screen")
    context = near.page.context.browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(front.as_uri())
    assert "by JavaScript, which is off here" in plain.inner_text("main") and not plain.is_visible("#live-attack")
    context.close()
