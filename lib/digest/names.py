"""What names stand for: imports and attributes traced to their definitions, and the names that a scope itself binds."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reference:
    """What a name stands for: a module, or, with a `name`, something in it."""

    module: str
    name: str = ""

    @property
    def is_of_lib(self) -> bool:
        """Whether its module is one of lib."""
        return self.module.split(".")[0] == "lib"


@dataclass
class Names:
    """What the names at a module's top level stand for.

    Parameters
    ----------
    package
        The package that relative imports start from.
    find
        Gives what an attribute of a module of lib stands for, or None.
    private
        Gives the private members of a class of lib, or None where a base may have some that are not known.
    targets
        What each name stands for, as its import says; `resolved` follows it to the definition.
    """

    package: str = ""
    find: Callable[[Reference, str], Reference | None] = lambda owner, name: None
    private: Callable[[Reference], "Members | None"] = lambda base: None
    targets: dict[str, Reference] = field(default_factory=dict)

    def imported(self, node: ast.Import | ast.ImportFrom) -> dict[str, Reference]:
        """The names that an import binds.

        Raises
        ------
        ValueError
            On `import *`, which does not say what it binds.
        """
        if isinstance(node, ast.Import):
            whole = {alias.asname: Reference(alias.name) for alias in node.names if alias.asname}
            first = [alias.name.split(".")[0] for alias in node.names if not alias.asname]
            return whole | {name: Reference(name) for name in first}
        base = node.module or ""
        if node.level:
            above = self.package.rsplit(".", node.level - 1)[0] if node.level > 1 else self.package
            base = ".".join(filter(None, [above, base]))
        bound = {}
        for alias in node.names:
            if alias.name == "*":
                raise ValueError(f"line {node.lineno}: `import *` hides what code depends on")
            found = Reference(base, alias.name)
            bound[alias.asname or alias.name] = found if found.is_of_lib else Reference(f"{base}.{alias.name}")
        return bound

    def resolved(self, reference: Reference) -> Reference:
        """Where a name of lib is defined: the module that it is imported from may only re-export it."""
        if not reference.name:
            return reference
        return self.find(Reference(reference.module), reference.name) or reference


Members = dict[str, list["str | Reference"]]
"""A class's private members by name, and what takes the place of each: nothing outside the class uses these names."""


SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bound_names(body: Sequence[ast.AST]) -> set[str]:
    """The names that a body itself binds, not those bound in its functions, classes and comprehensions."""
    found: set[str] = set()
    queue = list(body)
    while queue:
        node = queue.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
        if isinstance(node, COMPREHENSIONS):
            queue += [one for one in ast.walk(node) if isinstance(one, ast.NamedExpr)]
        elif not isinstance(node, SCOPES):
            queue += ast.iter_child_nodes(node)
    return found


def declared_global(body: Sequence[ast.AST]) -> set[str]:
    """The names that a body declares `global`."""
    return {name for part in body for node in ast.walk(part) if isinstance(node, ast.Global) for name in node.names}


def stored_names(target: ast.expr) -> set[str]:
    """The names that an assignment's target binds."""
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def private_names(node: ast.ClassDef) -> list[str]:
    """A class's private methods, fields and attributes, in the order in which they first appear."""
    found: dict[str, None] = {}
    for part in ast.walk(node):
        name = None
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            name = part.name
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and _in_class_body(node, part):
            name = part.id
        elif isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
            name = part.attr if isinstance(part.value, ast.Name) and part.value.id in ("self", "cls") else None
        if name and name.startswith("_") and not name.endswith("__"):
            found[name] = None
    return list(found)


def _in_class_body(node: ast.ClassDef, name: ast.Name) -> bool:
    targets = [t for s in node.body if isinstance(s, ast.Assign) for t in s.targets]
    targets += [s.target for s in node.body if isinstance(s, ast.AnnAssign)]
    return name in targets
