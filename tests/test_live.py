"""The live attack in a real browser, from disk: the numbers are PyTorch's, and what a reader does has its effect."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from browser import Window, window
from kept_networks import CPU, keep, networks, put, weights_of

from lib import book
from lib.attack import FGSM, PGD, random_signs
from lib.chapters.common_ground.measure import AttacksFound
from lib.chapters.common_ground.measure_weights import WeightsFound
from lib.data import load
from lib.digest.weights import sha256
from lib.evidence import cells
from lib.models import StridedCNN, build
from lib.run.run import Run
from lib.site import live, render

N = 50
PHONE = 390


@pytest.fixture(scope="module")
def images() -> tuple[torch.Tensor, torch.Tensor]:
    found = load("digits", CPU)
    return found.x_test[:N], found.y_test[:N]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[torch.nn.Module]:
    found = load("digits", CPU)
    return networks(found.x_train[:800], found.y_train[:800], tmp_path_factory.mktemp("snapshots"))


@pytest.fixture(scope="module")
def run() -> Run:
    return Run.of("common_ground", "quick", {})


def site(runs: dict[str, Run], output: Path) -> Path:
    """The page on the live attack as it is rendered, with an empty page where it links to."""

    def staged(target: Path) -> None:
        target.mkdir()
        for name in ("_static", "live"):
            shutil.copytree(book.PAGES / name, target / name)
        for name in ("live.md", "_config.yml", "references.bib"):
            shutil.copyfile(book.PAGES / name, target / name)
        (target / "common_ground.md").write_text("# Common ground\n")
        (target / "_toc.yml").write_text("format: jb-book\nroot: live\nchapters: [{file: common_ground}]\n")
        (target / "_generated").mkdir()
        (target / "_beside").mkdir()
        (target / "_generated" / "live.md").write_text(live.stage(runs, target, target / "_beside"))

    return render.render(staged, output).with_name("live.html")


@pytest.fixture(scope="module")
def page(run: Run, trained, images, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live")
    with pytest.MonkeyPatch.context() as patch:
        keep(run, trained, {"x": images[0], "y": images[1]}, patch, folder / "evidence")
        return site({"common_ground": run}, folder / "site")


@pytest.fixture(scope="module")
def browser() -> Iterator[Window]:
    with window() as opened:
        yield opened


@pytest.fixture
def opened(browser: Window, page: Path) -> Iterator[Window]:
    """The page, opened from disk; whatever a test does there asks for nothing from outside and logs no error."""
    seen = browser.look(page.as_uri())
    shown(browser)
    browser.page.click(".live-digits button")
    shown(browser)
    yield browser
    assert not seen.errors and not seen.failures
    assert all(request.startswith(("file://", "data:")) for request in seen.requests)


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


# The arithmetic


def test_logits_and_gradient_are_pytorch_s(opened: Window, trained, images) -> None:
    """Measured: at most 2e-6 of logits up to 29, and 2e-7 of gradients up to 0.5. The bounds are ten times that."""
    (x, y), network = images, trained[0]
    logits = computed(opened, "Live.logits(network, x)", x, y)
    gradient = computed(opened, "Live.gradient(network, x, y)", x, y)
    inputs = x.clone().requires_grad_()
    expected = network(inputs)
    torch.nn.functional.cross_entropy(expected, y, reduction="sum").backward()
    slopes = inputs.grad.flatten(1)
    assert len(x) == N and (logits - expected).abs().max() < 2e-5 and expected.abs().max() > 5
    assert (gradient - slopes).abs().max() < 2e-6 and slopes.abs().max() > 0.01


@pytest.mark.parametrize(
    ("kind", "eps", "aimed", "n"),
    [
        ("signs", 0.2, False, N),
        ("fgsm", 0.3, False, N),
        ("fgsm", 0.2, True, N),
        ("pgd", 0.1, False, 8),
        ("pgd", 0.2, True, 8),
    ],
)
def test_attacks_are_those_of_lib(opened: Window, trained, images, kind: str, eps: float, aimed: bool, n: int) -> None:
    """But for pixels whose gradient is as small as what is rounded: at most 5 in 1,000, measured 1 in 1,000."""
    (x, y), network = (of[:n] for of in images), trained[0]
    wanted = (y + 1) % 10 if aimed else y
    expected = {
        "signs": lambda: random_signs(x, eps),
        "fgsm": lambda: FGSM(eps=eps, targeted=aimed)(network, x, wanted),
        "pgd": lambda: PGD(eps=eps, targeted=aimed)(network, x, wanted),
    }[kind]().flatten(1)
    attack = "Live.ATTACKS[more.kind](network, x, {eps: more.eps, label: y, target: more.aimed ? (y + 1) % 10 : null})"
    found = computed(opened, f"[...{attack}].pop()", x, y, kind=kind, eps=eps, aimed=aimed)
    differs = (found - expected).abs() > 1e-6
    assert differs.float().mean() <= (0.005 if kind != "signs" else 0)
    assert (found - x.flatten(1)).abs().max() <= eps + 1e-6 and found.min() >= 0 and found.max() <= 1
    with torch.no_grad():
        assert torch.equal(network(found.view_as(x)).argmax(1), network(expected.view_as(x)).argmax(1))


# What a reader does


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


def test_the_digest_that_is_shown_is_that_of_the_weights(opened: Window, trained) -> None:
    names = ["undefended", "retrained", "mixed batches", "PGD-trained"]
    for name, network in zip(names, trained, strict=True):
        choose(opened, victim=name)
        digest = sha256(weights_of(network))
        assert opened.page.inner_text("#live-digest") == digest
        assert f"SHA-256 of its weights: {digest}" in opened.page.inner_text("main")


def strokes(window: Window) -> list[tuple[float, float]]:
    """The ends of an upright stroke in the drawing area."""
    window.page.locator("#live-draw").scroll_into_view_if_needed()
    box = window.page.locator("#live-draw").bounding_box()
    return [(box["x"] + box["width"] / 2, box["y"] + box["height"] * part) for part in (0.2, 0.4, 0.6, 0.8)]


def is_a_stroke(found: dict) -> None:
    """Twenty pixels high, in the middle, and upright."""
    image = np.reshape(found["image"], (28, 28))
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    assert found["drawn"] and image.max() == 1 and len(rows) == 20 and len(columns) < 8
    assert abs(rows.mean() - 13.5) <= 1 and abs(columns.mean() - 13.5) <= 1


def test_a_digit_is_drawn_with_a_mouse(opened: Window) -> None:
    first, *others = strokes(opened)
    opened.page.mouse.move(*first)
    opened.page.mouse.down()
    for point in others:
        opened.page.mouse.move(*point)
    opened.page.mouse.up()
    is_a_stroke(shown(opened))
    assert opened.page.locator('.live-digits [aria-pressed="true"]').count() == 0
    opened.page.click("#live-clear")
    assert not shown(opened)["drawn"]


def test_a_digit_is_drawn_with_a_finger(browser: Window, page: Path) -> None:
    """On a phone, where a finger that moves would else scroll the page."""
    context = browser.page.context.browser.new_context(
        has_touch=True, is_mobile=True, viewport={"width": PHONE, "height": 700}
    )
    phone = Window(context.new_page())
    phone.page.goto(page.as_uri())
    shown(phone)
    client = context.new_cdp_session(phone.page)
    first, *others = strokes(phone)
    before = phone.page.evaluate("scrollY")

    def touch(kind: str, *points: tuple[float, float]) -> None:
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", first)
    for point in others:
        touch("touchMove", point)
    touch("touchEnd")
    is_a_stroke(shown(phone))
    assert phone.page.evaluate("scrollY") == before and not phone.sight.errors
    context.close()


def test_a_digit_is_drawn_by_keys_alone(opened: Window) -> None:
    keyboard = opened.page.keyboard
    opened.page.focus(".live-digits button:last-child")
    keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.id") == "live-draw"
    for key in (*["ArrowUp"] * 12, " ", *["ArrowDown"] * 20, " "):
        keyboard.press(key)
    is_a_stroke(shown(opened))


def test_all_else_is_chosen_by_keys_alone(opened: Window) -> None:
    keyboard = opened.page.keyboard
    opened.page.focus(".live-digits button")
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert opened.page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    opened.page.focus("#live-kind")
    keyboard.press("ArrowDown")
    found = shown(opened)
    assert found["kind"] == "pgd"
    opened.page.focus("#live-eps")
    keyboard.press("ArrowRight")
    assert shown(opened)["eps"] == pytest.approx(found["eps"] + 0.01)
    assert opened.page.inner_text("#live-eps-value") == f"{found['eps'] + 0.01:.2f}"
    keyboard.press("Tab")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    assert (found["source"], shown(opened)["source"]) == ("undefended", "retrained")


def test_every_control_has_a_name_and_what_changes_is_announced(opened: Window) -> None:
    nameless = """() => [...document.querySelectorAll('.live :is(select, input, button, canvas[role])')].filter(
        (one) => !one.labels?.length && !one.getAttribute('aria-label')
        && !(one.tagName === 'BUTTON' && one.textContent.trim())).map((one) => one.id)"""
    assert opened.page.evaluate(nameless) == []
    assert opened.page.get_attribute("#live-verdict", "role") == "status"
    assert opened.page.locator("#live-bars th[scope=row]").count() == 10


def test_an_attack_of_many_steps_leaves_the_browser_its_turn(opened: Window) -> None:
    """Between its turns there is no more than a slice of 20 ms and a step: 50 ms, where nothing else is at work."""
    opened.page.evaluate("""() => {
      window.slices = [];
      const real = window.setTimeout;
      window.setTimeout = (what, ms) => real(() => {
        const started = performance.now();
        what();
        window.slices.push(performance.now() - started);
      }, ms);
    }""")
    choose(opened, kind="PGD: 40 steps")
    slices = opened.page.evaluate("window.slices")
    assert len(slices) >= 2 and np.median(slices) < 50


def test_only_the_last_of_many_changes_is_computed(opened: Window) -> None:
    opened.page.evaluate("""() => {
      window.begun = 0;
      for (const [name, attack] of Object.entries(Live.ATTACKS)) {
        Live.ATTACKS[name] = (...given) => { window.begun++; return attack(...given); };
      }
    }""")
    for eps in ("0.1", "0.2", "0.3", "0.4"):
        opened.page.evaluate(
            "(eps) => { const one = document.getElementById('live-eps'); one.value = eps; "
            "one.dispatchEvent(new Event('input')); }",
            eps,
        )
    assert shown(opened)["eps"] == 0.4 and opened.page.evaluate("window.begun") == 1


def test_what_is_begun_and_no_longer_asked_for_is_left(opened: Window) -> None:
    """An attack of four slow steps is asked for, another one before it ends; its next step comes after all the same."""
    opened.page.evaluate("""() => {
      const wait = () => { for (const t = performance.now(); performance.now() - t < 25;); };
      Live.ATTACKS.pgd = function* (network, x) { for (let i = 0; i < 4; i++) { wait(); yield x; } };
      window.later = [];
      window.real = window.setTimeout;
      window.setTimeout = (what, ms) => (ms ? real(what, ms) : later.push(what));
    }""")
    opened.page.select_option("#live-kind", "pgd")
    opened.page.wait_for_function("() => later.length")
    opened.page.evaluate("() => { window.setTimeout = real; }")
    assert choose(opened, kind="FGSM: one step")["kind"] == "fgsm"
    opened.page.evaluate("() => later.forEach((what) => what())")
    opened.page.wait_for_timeout(600)
    assert shown(opened)["kind"] == "fgsm"


# Where it is read


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone(browser: Window, page: Path, theme: str) -> None:
    browser.page.emulate_media(color_scheme=theme)
    seen = browser.look(page.as_uri(), PHONE)
    shown(browser)
    browser.page.emulate_media()
    assert browser.page.evaluate("document.documentElement.scrollWidth") <= PHONE and not seen.errors


def test_on_paper_a_note_stands_in_its_place(opened: Window) -> None:
    assert opened.page.is_visible("#live-attack") and not opened.page.is_visible(".live-on-paper")
    opened.page.emulate_media(media="print")
    assert not opened.page.is_visible("#live-attack") and opened.page.is_visible(".live-on-paper")
    opened.page.emulate_media(media="screen")


def test_without_javascript_the_page_says_so(browser: Window, page: Path) -> None:
    context = browser.page.context.browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(page.as_uri())
    assert "by JavaScript, which is off here" in plain.inner_text("main") and not plain.is_visible("#live-attack")
    context.close()


# What is staged


def test_without_networks_the_page_says_what_trains_them(run: Run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(cells, "FOLDERS", [tmp_path])
    for runs in ({}, {"common_ground": run}):
        text = live.stage(runs, book.PAGES, tmp_path / "beside")
        assert "`python -m lib.run reproduce common_ground --profile quick`" in text and "script" not in text
    assert not (tmp_path / "beside").exists()


def test_networks_that_are_not_all_there_are_shown_as_far_as_they_are(
    run: Run, trained, images, tmp_path, monkeypatch
) -> None:
    kept = keep(run, trained[:2], {"x": images[0], "y": images[1]}, monkeypatch, tmp_path)
    assert live.script(kept).count('"digest"') == 2 and "PGD-trained" not in live.networks(kept)
    assert "not measured" in live.networks(kept) and "classified correctly: 4 clean ones." in live.networks(kept)


def test_the_page_says_what_each_network_is_worth(run: Run, trained, images, tmp_path, monkeypatch) -> None:
    network = keep(run, trained, {"x": images[0], "y": images[1]}, monkeypatch, tmp_path).networks[0].cell.setting
    for cell in run.experiment.attacked():
        if cell.setting.network == network:
            right = np.arange(8) < 10 * cell.setting.eps
            put(cell, AttacksFound(np.arange(8, dtype=np.uint8), {"FGSM": right}, {}, right, 1.0))
    told = live.networks(run.experiment.kept())
    assert "| undefended | 75.0% | 37.5% | not measured | not measured |" in told
    assert "4 clean ones, 8 under attacks made afresh." in told


def test_a_layer_that_the_script_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="the live attack has no layer BatchNorm2d"):
        live.layers(build(StridedCNN, 0, CPU))


def test_a_cell_of_another_network_is_refused(run: Run, trained, images, tmp_path: Path, monkeypatch) -> None:
    kept = keep(run, trained, {"x": images[0], "y": images[1]}, monkeypatch, tmp_path)
    put(kept.networks[0].cell, WeightsFound("GiantCNN", weights_of(trained[0]), np.array([True])))
    with pytest.raises(ValueError, match="holds a network named 'GiantCNN'"):
        live.script(kept)


def test_scripts_are_loaded_by_this_page_alone(page: Path) -> None:
    assert re.findall(r'src="(live/[^"]+)"', page.read_text()) == [
        f"live/{name}.js" for name in ("networks", "network", "attacks", "drawing", "page")
    ]
    assert "live/" not in page.with_name("common_ground.html").read_text()
