"""Who reads the live page by keys, by ear, on a phone, on paper or without JavaScript."""

from pathlib import Path

import pytest
from browser import Window
from live_pages import PHONE, shown


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
