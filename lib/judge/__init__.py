"""Your own network, judged as the chapter on the common ground judges the book's: `judge(model, ...) -> Verdict`.

Printed, a verdict is a table; `keep(verdict, folder)` writes its JSON and its page. Whatever would make a number a lie
is `Refused`, with the reason and what to do about it.
"""

from importlib import import_module

__all__ = ["Refused", "Verdict", "judge", "keep"]

_ELSEWHERE = {"judge": "judging", "keep": "page", "Verdict": "verdict"}
"""Imported only when asked for: they import the attacks, which every command of the book would otherwise wait for."""


class Refused(ValueError):
    """A number would be a lie, or there would be none; the message gives the reason, and what to do about it."""


def __getattr__(name: str) -> object:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ELSEWHERE[name]}"), name)
