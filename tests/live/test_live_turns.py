"""The live page computes in slices, and only what is still asked for."""

import numpy as np
from browser import Window
from live_pages import choose, shown


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
