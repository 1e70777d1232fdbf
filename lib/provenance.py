"""Which code a result depends on, as digests of its syntax: prose, comments and docstrings do not count.

A digest covers a definition and, step by step, every definition of `lib` that it names. So a result goes stale
when a function that it uses changes, and not when its module gains another.
"""

import ast
import copy
import hashlib
import subprocess
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from lib import compute

Definition = tuple[str, str]
"""A module of lib and a name on its top level; the name "*" stands for what the module does on import."""


def sha256(text: str) -> str:
    """The hexadecimal SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def code_digest(source: str) -> str:
    """The digest of Python code without comments and docstrings."""
    return sha256(_dump(_without_docstrings(ast.parse(source))))


def definition_digests(roots: Iterable[Definition]) -> dict[str, str]:
    """A digest for each module of lib that the definitions in `roots` reach: of all that they reach in it."""
    reached: dict[str, dict[str, str]] = {}
    queue = list(roots)
    while queue:
        module, name = queue.pop()
        if name in reached.setdefault(module, {}):
            continue
        index = _index(module)
        if name in index.imported:  # passed on from another module
            queue.append(index.imported[name])
        node = index.nodes.get(name)
        if node is None:
            continue
        reached[module][name] = _dump(node)
        queue += [(module, "*"), *_references(node, index)]
    return {module: sha256(repr(sorted(parts.items()))) for module, parts in sorted(reached.items()) if parts}


def notebook_roots(code: str) -> list[Definition]:
    """The definitions of lib that a notebook's code names."""
    tree = ast.parse(code)
    index = _Index(_module_path("lib"), tree)
    tree.body = [statement for statement in tree.body if not isinstance(statement, ast.Import | ast.ImportFrom)]
    return _references(tree, index)


def commit() -> str | None:
    """The commit the code is at, with "+changes" where the working tree differs; None outside a checkout."""
    try:
        head = _git("rev-parse", "HEAD")
        return head + ("+changes" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(compute.ROOT), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


class _Index:
    """A module's top-level definitions, and what its imports from lib are called in it."""

    def __init__(self, path: Path, tree: ast.Module) -> None:
        self.path = path
        self.nodes: dict[str, ast.Module] = {}
        self.modules: dict[str, str] = {}
        self.imported: dict[str, Definition] = {}
        loose = ast.Module(body=[], type_ignores=[])
        for statement in tree.body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self._add_import(statement)
            elif names := _names_defined(statement):
                for name in names:  # one after the other, where a name is defined in several steps
                    self.nodes.setdefault(name, ast.Module(body=[], type_ignores=[])).body.append(statement)
            else:
                loose.body.append(statement)
        self.nodes["*"] = loose

    def _add_import(self, statement: ast.Import | ast.ImportFrom) -> None:
        for alias in statement.names:
            bound = alias.asname or alias.name
            if isinstance(statement, ast.Import):
                if alias.name.startswith("lib."):
                    self.modules[bound] = alias.name
            elif statement.module and statement.module.split(".")[0] == "lib":
                whole = f"{statement.module}.{alias.name}"
                if _module_path(whole).exists():
                    self.modules[bound] = whole
                else:
                    self.imported[bound] = (statement.module, alias.name)


def _references(tree: ast.AST, index: _Index) -> list[Definition]:
    found: list[Definition] = []
    own = index.path.relative_to(compute.ROOT).with_suffix("").as_posix().replace("/", ".")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):  # an import inside a function
            inner = _Index(index.path, ast.Module(body=[node], type_ignores=[]))
            found += inner.imported.values()
            found += [(module, name) for module in inner.modules.values() for name in _index(module).nodes]
        elif isinstance(node, ast.Attribute) and (base := index.modules.get(ast.unparse(node.value))):
            found.append((base, node.attr))
        elif isinstance(node, ast.Name):
            if node.id in index.imported:
                found.append(index.imported[node.id])
            elif node.id in index.nodes:
                found.append((own, node.id))
    return found


def _names_defined(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return [statement.name]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    if isinstance(statement, ast.Assign):
        return [node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return []


def forget() -> None:
    """Read modules anew: their files may have changed since."""
    _index.cache_clear()


@lru_cache
def _index(module: str) -> _Index:
    path = _module_path(module)
    return _Index(path, _without_docstrings(ast.parse(path.read_text())))


def _module_path(module: str) -> Path:
    path = compute.ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _dump(value: object) -> str:
    """A syntax tree as text, without its empty fields: each version of Python has others, and ast.dump shows them."""
    if isinstance(value, list):
        return f"[{', '.join(map(_dump, value))}]"
    if not isinstance(value, ast.AST):
        return repr(value)
    parts = [f"{name}={_dump(part)}" for name, part in ast.iter_fields(value) if part is not None and part != []]
    return f"{type(value).__name__}({', '.join(parts)})"


def _without_docstrings(tree: ast.Module) -> ast.Module:
    tree = copy.deepcopy(tree)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # A bare string does nothing, wherever it stands: docstrings, and the notes below assignments.
            node.body = [statement for statement in body if not _is_bare_string(statement)] or [ast.Pass()]
    return tree


def _is_bare_string(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
