"""Python's syntax as words and references, without comments, docstrings and type annotations."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lib.digest.names import Members, Names, Reference, bound_names, declared_global, private_names, stored_names

FOR_PEOPLE = ("__str__", "__repr__")
"""Methods that say what something is called; no result may depend on them."""

FIELD_MARKS = ("ClassVar", "InitVar", "KW_ONLY")
"""Annotations that change what a dataclass makes of a line; all others are for people only."""


def rendered(body: Sequence[ast.stmt], names: Names) -> Iterator[str | Reference]:
    """Statements as words and references; the name of a function or class at the top level is left out."""
    yield from _Renderer(names).block(body)


def private_members(node: ast.ClassDef, names: Names) -> Members | None:
    """A class's private members, each by its number in the class that it belongs to.

    None where a base is neither of lib nor in `EMPTY_BASES`: its private members are not known.
    """
    found: Members = {}
    for base in node.bases:
        target = _base(base, names)
        if target is None:
            return None
        if target.is_of_lib:
            inherited = names.private(target)
            if inherited is None:
                return None
            found |= {name: parts if len(parts) > 1 else [target, *parts] for name, parts in inherited.items()}
        elif target.module not in EMPTY_BASES:
            return None
    own = [name for name in private_names(node) if name not in found]
    return found | {name: [f"private {number}"] for number, name in enumerate(own)}


EMPTY_BASES = ("abc.ABC", "typing.Protocol", "typing.Generic")
"""Bases without private members that could clash with a class's own."""


def _base(base: ast.expr, names: Names) -> Reference | None:
    base = base.value if isinstance(base, ast.Subscript) else base
    renderer = _Renderer(names)
    found = renderer.whole(base)
    return names.resolved(found) if found else None


@dataclass
class _Frame:
    """The names that a function or a class body binds, and what its imports stand for."""

    bound: set[str]
    imports: dict[str, Reference] = field(default_factory=dict)
    is_class: bool = False


class _Renderer:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.frames: list[_Frame] = []
        self.private: Members = {}

    # Names

    def target(self, name: str) -> Reference | None:
        """What a name stands for; None where it is local, or built into Python."""
        for depth, frame in enumerate(reversed(self.frames)):
            if frame.is_class and depth:
                continue  # methods do not see what the class body binds
            if name in frame.imports:
                return self.names.resolved(frame.imports[name])
            if name in frame.bound:
                return None
        found = self.names.targets.get(name)
        return self.names.resolved(found) if found else None

    def of_Name(self, node: ast.Name) -> Iterator[str | Reference]:
        found = self.target(node.id)
        yield found if found else f"Name {node.id}"

    def of_Attribute(self, node: ast.Attribute) -> Iterator[str | Reference]:
        """`module.name` as what it stands for, any other attribute as it is written."""
        found = self.whole(node)
        if found:
            yield found
            return
        yield "Attribute("
        yield from self.value(node.value)
        yield from self.member(node.attr)
        yield ")"

    def whole(self, node: ast.expr) -> Reference | None:
        """What a name, or a chain of attributes that starts at a module, stands for; else None."""
        if isinstance(node, ast.Name):
            return self.target(node.id)
        if not isinstance(node, ast.Attribute):
            return None
        owner = self.whole(node.value)
        if owner is None or owner.name:
            return None
        if owner.is_of_lib:
            return self.names.find(owner, node.attr)
        return Reference(f"{owner.module}.{node.attr}")

    def member(self, name: str) -> Iterator[str | Reference]:
        """The name of an attribute or a method, or its number in the class if it is private."""
        yield " "
        yield from self.private.get(name, [name])
        yield " "

    # Statements

    def block(self, body: Sequence[ast.stmt]) -> Iterator[str | Reference]:
        for statement in without_strings(body) or [ast.Pass()]:
            yield from self.value(statement)

    def value(self, value: Any) -> Iterator[str | Reference]:
        special = getattr(self, f"of_{type(value).__name__}", None)
        if special:
            yield from special(value)
        elif isinstance(value, ast.AST):
            yield from self.plain(value)
        elif isinstance(value, list):
            yield "["
            for item in value:
                yield from self.value(item)
                yield ","
            yield "]"
        else:
            yield repr(value)

    def plain(self, node: ast.AST, *left_out: str) -> Iterator[str | Reference]:
        """A node by its fields, without empty ones: which of these there are depends on the version of Python."""
        yield f"{type(node).__name__}("
        for label, part in ast.iter_fields(node):
            if part is None or part == [] or label in ("ctx", "type_comment", "kind", *left_out):
                continue
            yield f"{label}="
            if label == "body" and isinstance(part, list):
                yield from self.block(part)
            else:
                yield from self.value(part)
        yield ")"

    def of_arg(self, node: ast.arg) -> Iterator[str | Reference]:
        yield f"arg {node.arg} "

    def of_AnnAssign(self, node: ast.AnnAssign) -> Iterator[str | Reference]:
        in_class = bool(self.frames) and self.frames[-1].is_class
        if not in_class and node.value is None:
            return
        mark = next((one for one in FIELD_MARKS if one in ast.unparse(node.annotation)), "") if in_class else ""
        yield f"{'Field' if in_class else 'Assign'}({mark}"
        if in_class and isinstance(node.target, ast.Name):
            yield from self.member(node.target.id)
        else:
            yield from self.value(node.target)
        if node.value is not None:
            yield from self.value(node.value)
        yield ")"

    def of_Assign(self, node: ast.Assign) -> Iterator[str | Reference]:
        in_class = bool(self.frames) and self.frames[-1].is_class
        yield "Assign("
        for target in node.targets:
            if in_class and isinstance(target, ast.Name):
                yield from self.member(target.id)
            else:
                yield from self.value(target)
        yield from self.value(node.value)
        yield ")"

    def of_Import(self, node: ast.Import) -> Iterator[str | Reference]:
        """Yield nothing: what an import binds counts where it is used."""
        if self.frames:
            self.frames[-1].imports.update(self.names.imported(node))
        return
        yield

    of_ImportFrom = of_Import

    def of_FunctionDef(self, node: ast.FunctionDef) -> Iterator[str | Reference]:
        yield from self.value(node.decorator_list)
        yield f"{type(node).__name__}("
        if self.frames:
            yield from self.member(node.name) if self.frames[-1].is_class else [f" {node.name} "]
        yield from self.inside(node, node.args, node.body)
        yield ")"

    of_AsyncFunctionDef = of_FunctionDef

    def of_Lambda(self, node: ast.Lambda) -> Iterator[str | Reference]:
        yield "Lambda("
        yield from self.inside(node, node.args, [ast.Return(node.body)])
        yield ")"

    def inside(self, node: ast.AST, arguments: ast.arguments, body: list) -> Iterator[str | Reference]:
        """A function's arguments and body; the defaults belong to the surrounding scope."""
        yield from self.value([*arguments.defaults, *(one for one in arguments.kw_defaults)])
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [one for one in (arguments.vararg, arguments.kwarg) if one]
        bound = {one.arg for one in every} | bound_names(body)
        self.frames.append(_Frame(bound - declared_global(body)))
        yield from self.plain(arguments, "defaults", "kw_defaults")
        yield from self.block(body)
        self.frames.pop()

    def of_ClassDef(self, node: ast.ClassDef) -> Iterator[str | Reference]:
        yield from self.value(node.decorator_list)
        yield "ClassDef("
        if self.frames:
            yield f" {node.name} "
        yield from self.value(node.bases)
        yield from self.value(node.keywords)
        outer = self.private
        self.private = outer | (private_members(node, self.names) or {})
        self.frames.append(_Frame(bound_names(node.body), is_class=True))
        yield from self.block([one for one in node.body if getattr(one, "name", "") not in FOR_PEOPLE])
        self.frames.pop()
        self.private = outer
        yield ")"

    def comprehension(self, node: ast.AST) -> Iterator[str | Reference]:
        bound = {name for one in node.generators for name in stored_names(one.target)}
        self.frames.append(_Frame(bound))
        yield from self.plain(node)
        self.frames.pop()

    of_ListComp = of_SetComp = of_DictComp = of_GeneratorExp = comprehension


def without_strings(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements that are not bare strings: no docstrings, and no notes below assignments."""
    return [statement for statement in body if not _is_bare_string(statement)]


def _is_bare_string(statement: ast.stmt) -> bool:
    value = getattr(statement, "value", None)
    return isinstance(statement, ast.Expr) and isinstance(value, ast.Constant) and isinstance(value.value, str)
