"""What notebooks/claims/<name>.yaml may say, and the error messages where it says something else."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import yaml

from lib.yaml_keys import KeysOnce, Texts

ABOUT = ("defence", "attack", "mechanism", "cost", "setup")
"""What claims are about, in the order in which the scoreboard has them."""

KINDS = ("number", "statement", "citation")


class ClaimsError(ValueError):
    """A file of claims cannot be read, lacks something or has something that is not allowed; or a claim is unknown."""


class _Values(KeysOnce, yaml.SafeLoader):
    """A loader that reads every scalar as the type that YAML takes it for."""


@dataclass(frozen=True)
class Key:
    """What a file may say under a name."""

    takes: str
    """What is allowed, in words."""
    holds: Callable[[object], bool]
    """Whether a value is allowed."""
    meaning: str
    of: tuple[str, ...] = KINDS
    """The kinds of claims that can have it."""
    needed: bool = True

    def __str__(self) -> str:
        return f"{self.takes}: {self.meaning}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and -1e300 < value < 1e300


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _is_scale(value: object) -> bool:
    allowed = (_is_text, _is_number, _is_list, lambda one: one is None)
    return isinstance(value, dict) and all(
        _is_text(name) and any(holds(one) for holds in allowed) for name, one in value.items()
    )


TEXT = ("text", _is_text)
PLACE = ("text or a number", lambda value: _is_text(value) or _is_number(value))
ID = ("letters, digits, dots, dashes and _", lambda value: _is_text(value) and bool(re.fullmatch(r"[\w.-]+", value)))
NUMBER = ("a number", _is_number)
FROM_0 = ("a number from 0 on", lambda value: _is_number(value) and value >= 0)
ABOVE_0 = ("a number above 0", lambda value: _is_number(value) and value > 0)
TEXTS = ("a list of texts, as [one, two]", _is_list)
SCALE = ("{name: value}, values a number, text, list of texts or null", _is_scale)

FIGURES, STATEMENTS = ("number", "citation"), ("statement",)

OF_A_CLAIM = {
    "id": Key(*ID, "what its answer calls it"),
    "kind": Key(f"one of {', '.join(KINDS)}", lambda value: value in KINDS, "what judges it"),
    "about": Key(f"one of {', '.join(ABOUT)}", lambda value: value in ABOUT, "what it is about"),
    "says": Key(*TEXT, "the claim in a sentence that can be read alone"),
    "where": Key(*PLACE, "the place in the paper"),
    "value": Key(*NUMBER, "the printed figure; accuracies and shares are fractions", FIGURES),
    "tolerance": Key(*ABOVE_0, "how far from the printed figure counts as found, absolute", FIGURES),
    "smallest": Key(*FROM_0, "the smallest effect that counts", STATEMENTS),
    "paper": Key(*TEXT, "what is compared, the paper's way", STATEMENTS),
    "sound": Key(*TEXT, "what is compared soundly", STATEMENTS),
    "sound_smallest": Key(*FROM_0, "the smallest effect of the sound form, where it is another", STATEMENTS, False),
    "effect": Key(*NUMBER, "the effect that the paper itself prints", STATEMENTS, False),
    "control": Key(*TEXT, "what must not do as well", STATEMENTS, False),
    "also": Key(*PLACE, "where else the same figure is printed", FIGURES, False),
    "joint": Key(*TEXTS, "ids of numbers that the same experiment must give", ("number",), False),
    "against": Key(*TEXTS, "what the same paper says that cannot be right as well", needed=False),
    "background": Key("true or false", lambda value: isinstance(value, bool), "nothing was measured", needed=False),
    "scale": Key(*SCALE, "what the run of this claim had, where that is another", needed=False),
}

OF_A_PAPER = {
    "title": Key(*TEXT, "the paper's"),
    "idea": Key(*TEXT, "what it proposes, in a sentence"),
    "setting": Key(*TEXT, "networks, data and attacks of its experiment"),
    "scale": Key(*SCALE, "what its own run had, by name", needed=False),
    "claims": Key("a list of claims", lambda value: isinstance(value, list) and bool(value), "what it says"),
}


def read(name: str, text: str) -> tuple[dict, list[dict]]:
    """The facts of a paper's file, and its claims a second time with every value as text, digit by digit.

    Raises
    ------
    ClaimsError
        Where the file is not YAML, or a key is missing, unknown or has a value that is not allowed.
    """
    file = f"notebooks/claims/{name}.yaml"
    try:
        facts, texts = yaml.load(text, _Values), yaml.load(text, Texts)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that does not exist
        raise ClaimsError(f"{file} cannot be read: {str(error).replace('<unicode string>', file)}") from error
    _check(file, "a paper", facts, OF_A_PAPER)
    for number, (entry, printed) in enumerate(zip(facts["claims"], texts["claims"], strict=True), 1):
        _check_claim(file, number, entry, printed)
    _check_ids(file, facts["claims"])
    return facts, texts["claims"]


def _check_claim(file: str, number: int, entry: object, printed: Mapping) -> None:
    id = entry.get("id") if isinstance(entry, dict) else None
    where = f"{file}: {id if OF_A_CLAIM['id'].holds(id) else f'claim {number}'}"
    kind = entry.get("kind") if isinstance(entry, dict) else None
    if kind not in KINDS:  # the kind decides which keys it may have
        _check(where, "a claim", entry, OF_A_CLAIM, first="kind")
    _check(where, f"a {kind}", entry, {name: key for name, key in OF_A_CLAIM.items() if kind in key.of})
    if kind in FIGURES and not _is_plain(entry["value"], digits := printed.get("value", "")):
        raise ClaimsError(f"{where}: value is {digits}, which YAML takes for {entry['value']!r}; write plain digits")


def _is_plain(value: float, printed: str) -> bool:
    """Whether YAML reads digits as they are printed: it takes 010 for 8, and 1:30 for 90."""
    try:
        return float(Decimal(printed)) == value
    except InvalidOperation:
        return False


def _check(where: str, what: str, found: object, keys: Mapping[str, Key], first: str = "") -> None:
    """Refuse keys that are missing or unknown, and values that are not allowed; with `first`, check that key alone."""
    if not isinstance(found, dict):
        raise ClaimsError(f"{where} is {found!r}; {what} has lines of `key: value`, with {', '.join(keys)}")
    names = [first] if first else [*keys]
    if not first and (unknown := [str(name) for name in found if name not in keys]):
        listed = "\n".join(f"  {name}: {key}" for name, key in keys.items())
        raise ClaimsError(f"{where}: {what} has no key {', '.join(unknown)}; there are:\n{listed}")
    if missing := [name for name in names if keys[name].needed and name not in found]:
        listed = "\n".join(f"  {name}: {keys[name]}" for name in missing)
        raise ClaimsError(f"{where}: {what} needs {', '.join(missing)}:\n{listed}")
    for name in names:
        if name in found and not keys[name].holds(found[name]):
            value = "empty" if found[name] in (None, "") else repr(found[name])
            raise ClaimsError(f"{where}: {name} is {value}; it takes {keys[name]}")


def _check_ids(file: str, entries: Sequence[Mapping]) -> None:
    """Refuse an id of two claims, a `joint` that names anything but another number, and a claim in two groups."""
    if twice := [id for id, count in Counter(entry["id"] for entry in entries).items() if count > 1]:
        raise ClaimsError(f"{file}: {twice[0]} is the id of two claims")
    numbers, grouped = [entry["id"] for entry in entries if entry["kind"] == "number"], set()
    for entry in entries:
        for id in entry.get("joint", []):
            if id not in numbers or id == entry["id"]:
                others = ", ".join(other for other in numbers if other != entry["id"]) or "none"
                raise ClaimsError(f"{file}: {entry['id']}: joint has {id!r}; other numbers are: {others}")
        members = {entry["id"], *entry.get("joint", [])} if "joint" in entry else set()
        if both := sorted(members & grouped):
            raise ClaimsError(f"{file}: {both[0]} is in two groups; `joint` stands at one claim of a group")
        grouped |= members
