"""The modules of lib as digests see them: what each defines at its top level, and what its names stand for."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lib import compute
from lib.digest.names import Members, Names, Reference
from lib.digest.syntax import private_members


@dataclass(frozen=True)
class Module:
    """A module's top level: its definitions, what its names stand for, and what else it does on import."""

    name: str
    definitions: Mapping[str, list[ast.stmt]]
    names: Names
    loose: list[ast.stmt]


@cache
def read_module(name: str) -> Module:
    """A module of lib, parsed."""
    tree = ast.parse(path_of(name).read_text(encoding="utf-8"))
    found: dict[str, list[ast.stmt]] = {}
    loose: list[ast.stmt] = []
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom) or _is_idle(statement):
            continue
        defined = defined_by(statement)
        for one in defined:  # a name may be defined in several steps, kept in their order
            found.setdefault(one, []).append(statement)
        if not defined:
            loose.append(statement)
    return Module(name, found, names_of(tree, name, found), loose)


def names_of(tree: ast.Module, module: str, defined: Iterable[str] = ()) -> Names:
    """What the names at a module's top level stand for."""
    package = module if path_of(module).name == "__init__.py" else module.rpartition(".")[0]
    names = Names(package, attribute, private)
    queue: list[ast.AST] = list(tree.body)
    while queue:
        node = queue.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            names.targets.update(names.imported(node))
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.ExceptHandler):
            queue += ast.iter_child_nodes(node)
    names.targets.update({one: Reference(module, one) for one in defined})
    return names


def defined_by(statement: ast.stmt) -> list[str]:
    """The names that a statement at the top level defines or changes."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return [statement.name]
    if isinstance(statement, ast.AnnAssign | ast.AugAssign):
        return _roots(statement.target)
    if isinstance(statement, ast.Assign):
        return [name for target in statement.targets for name in _roots(target)]
    if isinstance(statement, getattr(ast, "TypeAlias", ())):
        return [statement.name.id]
    return []


def _roots(target: ast.expr) -> list[str]:
    """The names at the root of a target: `a` for `a`, `a.b` and `a[b]`."""
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Attribute | ast.Subscript | ast.Starred):
        return _roots(target.value)
    return [name for part in getattr(target, "elts", []) for name in _roots(part)]


def _is_idle(statement: ast.stmt) -> bool:
    """Whether a statement at the top level does nothing when another module imports this one."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return True
    if isinstance(statement, ast.Assign) and any("__all__" in _roots(target) for target in statement.targets):
        return True
    idle = ("TYPE_CHECKING", "__name__ == '__main__'")
    return isinstance(statement, ast.If) and ast.unparse(statement.test) in idle


def path_of(module: str) -> Path:
    """The file of a module, whether or not it exists."""
    path = compute.ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def attribute(owner: Reference, name: str) -> Reference | None:
    """What a name in a module of lib stands for, through any re-exports: a module or a definition; None for neither."""
    whole = f"{owner.module}.{name}"
    if path_of(owner.module).exists():
        module = read_module(owner.module)
        if name in module.definitions:
            return Reference(owner.module, name)
        passed_on = module.names.targets.get(name)
        if passed_on and passed_on != Reference(owner.module, name):  # equal where a package imports its own module
            return module.names.resolved(passed_on)
    return Reference(whole) if path_of(whole).exists() else None


@cache
def private(base: Reference) -> Members | None:
    """The private members of a class of lib; None where they are not all known, or `base` is not a class."""
    module = read_module(base.module)
    node = module.definitions.get(base.name, [None])[0]
    return private_members(node, module.names) if isinstance(node, ast.ClassDef) else None


def forget() -> None:
    """Drop what is cached, so that modules are read anew: their files may have changed."""
    read_module.cache_clear()
    private.cache_clear()
