"""A digit that a reader draws, by mouse, finger or keys."""

from pathlib import Path

import numpy as np
from browser import Window
from live_pages import PHONE, shown


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


def test_a_test_image_that_was_chosen_stays_when_the_drawing_is_cleared(opened: Window) -> None:
    opened.page.click(".live-digits button:last-child")
    found = shown(opened)
    opened.page.click("#live-clear")
    assert shown(opened)["image"] == found["image"]


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
