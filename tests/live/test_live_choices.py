"""What a reader of the live page chooses has its effect, and is said."""

import numpy as np
import torch
from browser import Window
from kept_networks import weights_of
from live_pages import choose, shown, verdict

from lib.attack import FGSM
from lib.digest.weights import sha256


def test_what_is_said_is_what_the_network_says(opened: Window, trained, images) -> None:
    x, y = images[0][:1], images[1][:1]
    found = choose(opened, eps="0.3", kind="FGSM: one step")
    attacked = FGSM(eps=0.3)(trained[0], x, y)
    with torch.no_grad():
        then, now = trained[0](x).argmax().item(), trained[0](attacked).argmax().item()
    assert then == y.item() != now and found["victim"] == found["source"] == "undefended"
    assert verdict(opened).startswith(f"The undefended network says {then} (") and verdict(opened).endswith(
        "It is fooled."
    )
    with torch.no_grad():
        likely = [trained[0](one).softmax(1)[0].tolist() for one in (x, attacked)]
    rows = [row.split("\t") for row in opened.page.locator("#live-bars tr").all_inner_texts()]
    assert [row[0] for row in rows] == [str(number) for number in range(10)]
    told = [[float(share.removesuffix("%")) / 100 for share in row[1:]] for row in rows]
    assert np.abs(np.array(told).T - likely).max() < 0.002
    assert opened.page.inner_text("#live-eps-units") == "76.5 of 255 grey levels, 0.97 in normalised units"
    choose(opened, eps="0")
    assert (
        verdict(opened).endswith("It is not fooled.") and opened.page.inner_text("#live-change-caption") == "no change"
    )
    wrong = (then + 1) % 10
    choose(opened, label=str(wrong))
    assert verdict(opened).endswith("It was wrong without an attack.")


def test_it_begins_with_a_digit_that_is_neither_easy_nor_hard(browser: Window, page, trained, images) -> None:
    browser.look(page.as_uri())
    found, x = shown(browser), images[0][:10]
    with torch.no_grad():
        sure = trained[0](x).double().softmax(1).amax(1)
    middle = sure.argsort()[5]
    assert torch.equal(torch.tensor(found["image"]), x[middle].flatten()) and found["kind"] == "fgsm"
    assert browser.page.get_attribute(f".live-digits button:nth-child({middle + 1})", "aria-pressed") == "true"


def test_stale_and_fresh_images_are_made_for_different_networks(opened: Window, trained, images) -> None:
    x, y = images[0][:1], images[1][:1]
    choose(opened, eps="0.2", kind="FGSM: one step", victim="retrained")
    fresh = shown(opened)
    stale = choose(opened, source="undefended")
    for found, network in ((fresh, trained[1]), (stale, trained[0])):
        attacked = torch.tensor(found["attacked"])
        assert (attacked - FGSM(eps=0.2)(network, x, y).flatten()).abs().gt(1e-6).float().mean() < 0.005
    assert "made for another network (undefended), not this one" in verdict(opened)
    assert fresh["attacked"] != stale["attacked"]
    rows = opened.page.locator("#live-others tr").all_inner_texts()
    assert len(rows) == 4 and [row for row in rows if "which it is made for" in row] == [rows[0]]


def test_the_target_is_reached_or_not(opened: Window) -> None:
    found = choose(opened, eps="0.5", kind="PGD: 40 steps", target="a 3")
    assert found["target"] == 3 and np.argmax(found["after"]) == 3
    assert verdict(opened).endswith("into the class that was wanted.")
    choose(opened, kind="random signs: no gradient")
    assert opened.page.is_disabled("#live-target") and shown(opened)["target"] is None


def test_a_target_that_is_the_image_s_own_class_fools_nobody(opened: Window, images) -> None:
    choose(opened, eps="0.3", kind="PGD: 40 steps", target=f"a {images[1][0]}")
    assert verdict(opened).endswith("It is not fooled.")


def test_the_digest_that_is_shown_is_that_of_the_weights(opened: Window, trained) -> None:
    names = ["undefended", "retrained", "mixed batches", "PGD-trained"]
    for name, network in zip(names, trained, strict=True):
        choose(opened, victim=name)
        digest = sha256(weights_of(network))
        assert opened.page.inner_text("#live-digest") == digest
        assert f"SHA-256 of its weights: {digest}" in opened.page.inner_text("main")
