"""Digests of definitions by what they consist of: words, and other definitions, even in circles."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from lib.digest.text import sha256


class Named(Protocol):
    """What has a name of its own, wherever it stands."""

    @property
    def name(self) -> str:
        """The name."""
        ...


D = TypeVar("D", bound=Named)


@dataclass
class Digests(Generic[D]):
    """The digests of definitions, including those that refer to each other in a circle.

    Parameters
    ----------
    parts
        What a definition consists of, in order: texts, and the definitions that it refers to.
    same
        What the digest of a definition as written counts as, by its name and that digest. By the digest alone, all
        constants of one value would count as another one.
    then
        Digests that definitions are assumed to have still, by `str` of the definition.
    """

    parts: Callable[[D], Sequence[str | D]]
    same: Mapping[tuple[str, str], str] = field(default_factory=dict)
    then: Mapping[str, str] = field(default_factory=dict)
    assumed: dict[str, str] = field(default_factory=dict)
    """The entries of `then` that differ from the actual digest: what has changed, not what merely refers to it."""
    _written: dict[D, str] = field(default_factory=dict)
    _known: dict[D, str] = field(default_factory=dict)
    _circles: dict[D, int] = field(default_factory=dict)
    _order: dict[D, int] = field(default_factory=dict)
    _low: dict[D, int] = field(default_factory=dict)
    _stack: list[D] = field(default_factory=list)

    def of(self, definition: D) -> str:
        """The digest that a definition counts as having."""
        if definition not in self._known:
            self._visit(definition)
        return self._known[definition]

    def as_written(self, definition: D) -> str:
        """The digest of a definition as it is written, whatever it counts as."""
        self.of(definition)
        return self._written[definition]

    def counts_as_another(self, definition: D) -> bool:
        """Whether a definition counts as having another digest than the one of what is written."""
        return self.of(definition) != self._written[definition]

    def circle(self, definition: D) -> int:
        """A number that is the same for definitions that refer to each other in a circle, and for no others."""
        self.of(definition)
        return self._circles[definition]

    def references(self, definition: D) -> list[D]:
        """The definitions that one refers to."""
        return list(dict.fromkeys(part for part in self.parts(definition) if not isinstance(part, str)))

    def _visit(self, one: D) -> None:
        """Visit by Tarjan's algorithm: a circle is closed after everything that it refers to."""
        self._order[one] = self._low[one] = len(self._order)
        self._stack.append(one)
        for other in self.references(one):
            if other not in self._order:
                self._visit(other)
                self._low[one] = min(self._low[one], self._low[other])
            elif other in self._stack:
                self._low[one] = min(self._low[one], self._order[other])
        if self._low[one] == self._order[one]:
            at = self._stack.index(one)
            circle, self._stack[at:] = self._stack[at:], []
            self._close(circle)

    def _close(self, circle: list[D]) -> None:
        """Digest the members of a circle by what each refers to, refined once for each member of the circle."""
        within = dict.fromkeys(circle, "circle")
        for _ in circle:
            known = self._known | within
            within = {
                one: sha256("\n".join(part if isinstance(part, str) else known[part] for part in self.parts(one)))
                for one in circle
            }
        self._written |= within
        self._known |= {one: self._counted(one, digest) for one, digest in within.items()}
        self._circles |= dict.fromkeys(circle, len(self._known))

    def _counted(self, one: D, written: str) -> str:
        digest = self.same.get((one.name, written), written)
        then = self.then.get(str(one), digest)
        if then != digest:
            self.assumed[str(one)] = then
        return then
