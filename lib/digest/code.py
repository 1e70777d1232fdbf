"""Content digests of code: what a definition does, whatever it is called and wherever it stands.

A definition's digest is that of its syntax, in which every name that stands for something of `lib` is replaced by the
digest of what it stands for, as the language Unison identifies code. Module paths, private names, comments, docstrings
and type annotations are no part of it. So a function that is moved or a helper that is renamed changes no digest, and
a changed operator, default, constant or order of a registry changes that of everything that reaches it; unless the
change is known to alter no result (`lib.digest.same`): the definition then has the digest that it had before.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache

from lib import compute
from lib.digest import modules, same
from lib.digest.graph import Digests
from lib.digest.modules import attribute, defined_by, names_of, path_of, read_module
from lib.digest.names import Names, Reference
from lib.digest.syntax import rendered, without_strings
from lib.digest.text import sha256

NEUTRAL = (
    "lib.compute.ROOT",
    "lib.compute.RUNS",
    "lib.digest",
    "lib.evidence",
    "lib.files",
    "lib.provenance",
    "lib.show",
    "lib.train.graphs",
    "lib.train.outcomes",
    "lib.train.snapshots",
    "lib.train.turns",
)
"""What keeps, names, times and shows results and decides none, and how a function is run that makes them: what it does
is no part of a digest."""


@dataclass(frozen=True, order=True)
class Definition:
    """A name on the top level of a module of lib; the name "*" stands for what the module does on import."""

    module: str
    name: str

    @property
    def file(self) -> str:
        """The file that has it, relative to the repository."""
        return path_of(self.module).relative_to(compute.ROOT).as_posix()

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"

    @classmethod
    def parse(cls, text: str) -> "Definition":
        """The definition whose `str` is a text."""
        file, name = text.split(": ")
        return cls(file.removesuffix(".py").removesuffix("/__init__").replace("/", "."), name)


def code_digest(source: str) -> str:
    """The digest of a piece of Python, as it is written but for comments, docstrings and annotations."""
    parts = []
    for statement in without_strings(ast.parse(source).body):
        parts += [getattr(statement, "name", ""), *map(str, rendered([statement], Names()))]
    return sha256("\n".join(parts))


def of_definition(definition: Definition) -> str:
    """The digest of a definition.

    Raises
    ------
    LookupError
        Where lib has none of that name.
    """
    return _digests().of(_at_home(definition))


def as_written(definition: Definition) -> str:
    """The digest of a definition itself, whatever it counts as; raises as `of_definition` does."""
    return _digests().as_written(_at_home(definition))


@contextmanager
def assuming(then: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Take it that what has changed gives the same results: within, it has the digest that it had before.

    Parameters
    ----------
    then
        Digests by `str` of the definition, as `definitions` gave them before.

    Returns
    -------
    What is taken to be the same, by `str` of the definition with its digest of before: filled as digests are taken.
    What merely names something that has changed is not among it.
    """
    digests = Digests(_parts, same.table(), then)
    token = _assuming.set(digests)
    try:
        yield digests.assumed
    finally:
        _assuming.reset(token)


def definitions(roots: Iterable[Definition], also: str = "") -> dict[str, str]:
    """The digest of every definition that these reach, themselves included, by `str` of the definition.

    Parameters
    ----------
    also
        One of `NEUTRAL`, whose definitions count all the same: `lib.show` decides no number, but a page follows it.
    """
    return {str(one): _digests().of(one) for one in sorted(_all(roots, also))}


def changed_files(then: Mapping[str, str], roots: Iterable[Definition], also: str = "") -> list[str]:
    """The files in which what these roots reach is no longer what it was.

    A definition that merely names a changed one is not blamed for it. What is reached only by way of one that counts
    as unchanged belongs to that: such a helper may be new.

    Parameters
    ----------
    then
        What `definitions` gave, with the same `also`.
    """
    known = set(then.values())
    found = set()
    digests = _digests()
    for one in _all(roots, also, beneath=lambda one: not digests.counts_as_another(one)):
        others = {other for other in digests.references(one) if digests.circle(other) != digests.circle(one)}
        if digests.of(one) not in known and all(digests.of(other) in known for other in others):
            found.add(one.file)
    return sorted(found)


def differing_files(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """The files of the definitions that only one of two results of `definitions` has."""
    only = set(one.values()) ^ set(other.values())
    return sorted({str(name).partition(":")[0] for of in (one, other) for name, digest in of.items() if digest in only})


def roots_of(code: str) -> list[Definition]:
    """The definitions of lib that a notebook's code names."""
    tree = ast.parse(code)
    names = names_of(tree, "notebook")
    body = [statement for statement in tree.body if not isinstance(statement, ast.Import | ast.ImportFrom)]
    return sorted({home for part in rendered(body, names) if (home := _referred(part))})


def forget() -> None:
    """Read modules anew: their files may have changed since."""
    modules.forget()
    for cached in (_parts, _named, _usual):
        cached.cache_clear()


def _all(
    roots: Iterable[Definition], also: str = "", beneath: Callable[[Definition], bool] = lambda one: True
) -> Iterator[Definition]:
    """What these reach, themselves included; not by way of a definition for which `beneath` is False."""
    seen: set[Definition] = set()
    queue = [home for root in roots if (home := _home(root))]
    while queue:
        one = queue.pop()
        if one not in seen:
            seen.add(one)
            yield one
            if beneath(one):
                queue += _digests().references(one)
                queue += [part for part in _named(one) if _within(part.module, also)]


def _at_home(definition: Definition) -> Definition:
    if home := _home(definition):
        return home
    raise LookupError(f"{definition.module} defines no {definition.name}")


def _home(definition: Definition) -> Definition | None:
    """Where a definition stands, which a module may only pass on; None where lib has none."""
    if definition.name == "*":
        return definition
    return _referred(attribute(Reference(definition.module), definition.name))


def _referred(part: object) -> Definition | None:
    if not isinstance(part, Reference) or not part.name or not part.is_of_lib:
        return None
    there = path_of(part.module).exists() and part.name in read_module(part.module).definitions
    return Definition(part.module, part.name if there else "*")


# Digests of definitions


@cache
def _parts(definition: Definition) -> tuple[str | Definition, ...]:
    """A definition's syntax as words, and as definitions where it refers to something of lib."""
    module = read_module(definition.module)
    parts: list[str | Definition] = []
    body = _body(definition)
    if definition.name != "*":
        parts += [f"name {defined_by(statement).index(definition.name)}" for statement in body]  # of `a, b = 1, 2`
        parts += [Definition(definition.module, "*")] if module.loose else []
    for part in rendered(body, module.names):
        parts += _meant(part)
    return tuple(parts)


@cache
def _named(definition: Definition) -> tuple[Definition, ...]:
    """What of lib a definition names, neutral or not."""
    parts = rendered(_body(definition), read_module(definition.module).names)
    return tuple(dict.fromkeys(found for part in parts if (found := _referred(part))))


def _body(definition: Definition) -> list[ast.stmt]:
    module = read_module(definition.module)
    return module.loose if definition.name == "*" else module.definitions[definition.name]


def _within(name: str, whole: str) -> bool:
    """Whether a dotted name is another, or stands below it."""
    return f"{name}.".startswith(f"{whole}.")


def _meant(part: str | Reference) -> list[str | Definition]:
    if isinstance(part, str):
        return [part]
    if any(_within(f"{part.module}.{part.name}", one) for one in NEUTRAL):
        return ["neutral"]
    if found := _referred(part):
        return [found]
    if part.is_of_lib and path_of(part.module).exists():  # a module as a value: all that it has
        return [Definition(part.module, name) for name in read_module(part.module).definitions]
    return [f"import {part.module}"]


def _digests() -> Digests[Definition]:
    return _assuming.get() or _usual()


@cache
def _usual() -> Digests[Definition]:
    return Digests(_parts, same.table())


_assuming: ContextVar[Digests[Definition] | None] = ContextVar("_assuming", default=None)
"""The digests within `assuming`."""
