"""Content digests of code: what a definition does, whatever its name and wherever it is.

A definition's digest is that of its syntax, in which every name that stands for something of `lib` is replaced by the
digest of what it stands for, as in the language Unison. Module paths, private names, comments, docstrings and type
annotations are left out. So moving a function or renaming a helper changes no digest. Changing an operator, a default,
a constant or the order of a registry changes the digest of everything that reaches it. The exception is a change that
is known to alter no result (`lib.digest.same`): the definition then keeps the digest that it had before.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial

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
"""What stores, names, times or shows results, or decides how the functions that produce them are run, and so alters no
result: it is left out of all digests."""


@dataclass(frozen=True, order=True)
class Definition:
    """A name at the top level of a module of lib; the name "*" stands for what the module does on import."""

    module: str
    name: str

    @property
    def file(self) -> str:
        """The file that contains it, relative to the repository."""
        return path_of(self.module).relative_to(compute.ROOT).as_posix()

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"

    @classmethod
    def parse(cls, text: str) -> "Definition":
        """The definition whose `str` is `text`."""
        file, _, name = text.partition(": ")
        return cls(file.removesuffix(".py").removesuffix("/__init__").replace("/", "."), name)


def code_digest(source: str) -> str:
    """The digest of a piece of Python as it is written, without comments, docstrings and annotations."""
    parts = []
    for statement in without_strings(ast.parse(source).body):
        parts += [getattr(statement, "name", ""), *map(str, rendered([statement], Names()))]
    return sha256("\n".join(parts))


def of_definition(definition: Definition) -> str:
    """The digest of a definition.

    Raises
    ------
    LookupError
        Where lib has no definition of that name.
    """
    return _digests().of(_at_home(definition))


def as_written(definition: Definition) -> str:
    """The digest of a definition's own code, whatever it counts as; raises as `of_definition` does."""
    return _digests().as_written(_at_home(definition))


@contextmanager
def assuming(then: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Assume that what has changed gives the same results: within the block, it has the digest that it had before.

    Parameters
    ----------
    then
        The earlier digests by `str` of the definition, as `definitions` gave them.

    Yields
    ------
    dict
        What is assumed to be the same: the earlier digest, by `str` of the definition. It fills up as digests are
        taken. A definition that merely names a changed one is not included.
    """
    digests = Digests(_parts, same.table(), then)
    token = _assuming.set(digests)
    try:
        yield digests.assumed
    finally:
        _assuming.reset(token)


def definitions(roots: Iterable[Definition], also: str = "") -> dict[str, str]:
    """The digest of every definition that the roots reach, themselves included, by `str` of the definition.

    Parameters
    ----------
    also
        A name in `NEUTRAL` whose definitions count all the same: `lib.show` decides no number, but pages depend on it.
    """
    return {str(one): _digests(also).of(one) for one in sorted(_all(roots, also))}


def changed_files(then: Mapping[str, str], roots: Iterable[Definition], also: str = "") -> list[str]:
    """The files in which something that these roots reach has changed.

    A definition that merely names a changed one does not count. Neither does what is reached only through a definition
    that counts as unchanged: such a helper may be new.

    Parameters
    ----------
    then
        What `definitions` gave before, with the same `also` or without it.
    """
    known, homes = set(then.values()), {_home(root) for root in roots}
    found = set()
    digests = _digests(also)

    def is_known(one: Definition) -> bool:
        own = {digests.of(one), _digests().of(one)}
        if one in homes and str(one) in then:  # nothing here names it that would have another digest
            return then[str(one)] in own
        return bool(own & known)

    for one in _all(roots, also, beneath=lambda one: not digests.counts_as_another(one)):
        others = {other for other in digests.references(one) if digests.circle(other) != digests.circle(one)}
        if not is_known(one) and all(map(is_known, others)):
            found.add(one.file)
    return sorted(found)


def differing_files(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """The files of the definitions whose digests are in only one of two results of `definitions`."""
    only = set(one.values()) ^ set(other.values())
    return sorted({str(name).partition(":")[0] for of in (one, other) for name, digest in of.items() if digest in only})


def roots_of(code: str) -> list[Definition]:
    """The definitions of lib that a notebook's code names."""
    tree = ast.parse(code)
    names = names_of(tree, "notebook")
    body = [statement for statement in tree.body if not isinstance(statement, ast.Import | ast.ImportFrom)]
    return sorted({home for part in rendered(body, names) if (home := _referred(part))})


def forget() -> None:
    """Drop what is cached, so that modules are read anew: their files may have changed."""
    modules.forget()
    for cached in (_parts, _usual):
        cached.cache_clear()


def _all(
    roots: Iterable[Definition], also: str = "", beneath: Callable[[Definition], bool] = lambda one: True
) -> Iterator[Definition]:
    """What the roots reach, themselves included, but not through a definition for which `beneath` is False."""
    seen: set[Definition] = set()
    queue = [home for root in roots if (home := _home(root))]
    while queue:
        one = queue.pop()
        if one not in seen:
            seen.add(one)
            yield one
            if beneath(one):
                queue += _digests(also).references(one)


def _at_home(definition: Definition) -> Definition:
    if home := _home(definition):
        return home
    raise LookupError(f"{definition.module} defines no {definition.name}")


def _home(definition: Definition) -> Definition | None:
    """The definition where it is written, since its module may only re-export it; None where lib has none."""
    if definition.name == "*":
        return definition if path_of(definition.module).exists() else None
    return _referred(attribute(Reference(definition.module), definition.name))


def _referred(part: object) -> Definition | None:
    if not isinstance(part, Reference) or not part.name or not part.is_of_lib:
        return None
    there = path_of(part.module).exists() and part.name in read_module(part.module).definitions
    return Definition(part.module, part.name if there else "*")


# Digests of definitions


@cache
def _parts(definition: Definition, also: str = "") -> tuple[str | Definition, ...]:
    """A definition's syntax as words, and as definitions where it refers to something of lib."""
    module = read_module(definition.module)
    parts: list[str | Definition] = []
    body = _body(definition)
    if definition.name != "*":
        parts += [f"name {defined_by(statement).index(definition.name)}" for statement in body]  # of `a, b = 1, 2`
        parts += [Definition(definition.module, "*")] if module.loose else []
    for part in rendered(body, module.names):
        parts += _meant(part, also)
    return tuple(parts)


def _body(definition: Definition) -> list[ast.stmt]:
    module = read_module(definition.module)
    return module.loose if definition.name == "*" else module.definitions[definition.name]


def _within(name: str, whole: str) -> bool:
    """Whether a dotted name equals another or is below it."""
    return f"{name}.".startswith(f"{whole}.")


def _meant(part: str | Reference, also: str) -> list[str | Definition]:
    if isinstance(part, str):
        return [part]
    if any(_within(f"{part.module}.{part.name}", one) for one in NEUTRAL if one != also):
        return ["neutral"]
    if found := _referred(part):
        return [found]
    if part.is_of_lib and path_of(part.module).exists():  # a module as a value: all its definitions
        return [Definition(part.module, name) for name in read_module(part.module).definitions]
    return [f"import {part.module}"]


def _digests(also: str = "") -> Digests[Definition]:
    return _usual(also) if also else _assuming.get() or _usual()


@cache
def _usual(also: str = "") -> Digests[Definition]:
    return Digests(partial(_parts, also=also), same.table())


_assuming: ContextVar[Digests[Definition] | None] = ContextVar("_assuming", default=None)
"""The digests within `assuming`."""
