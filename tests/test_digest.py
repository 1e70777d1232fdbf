"""A digest follows what code does and what it reaches, not what it is called, where it stands or how it is written."""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lib import compute
from lib.digest import code, values
from lib.digest.code import Definition, changed_files, code_digest, definitions, of_definition, roots_of
from lib.digest.text import sha256

CODE = '''
def halve(x):
    """Half of x."""
    return x / 2
'''

REFORMATTED = '''
# A comment.
def halve(
    x: float,
) -> float:
    """One half of x,

    in other words."""
    "a note"
    return (x / 2)  # exactly
'''


def test_prose_formatting_and_annotations_do_not_count() -> None:
    assert code_digest(CODE) == code_digest(REFORMATTED)


@pytest.mark.parametrize("edit", [("x / 2", "x / 3"), ("(x)", "(x=1)"), ("halve", "half"), ("return ", "yield ")])
def test_what_is_written_counts(edit: tuple[str, str]) -> None:
    assert code_digest(CODE) != code_digest(CODE.replace(*edit))


def test_a_string_that_is_used_counts() -> None:
    assert code_digest("print('a')") != code_digest("print('b')")


def test_the_digest_does_not_hang_on_the_version_of_python() -> None:
    # Seen in Python 3.11, 3.12 and 3.13, whose syntax trees differ in their empty fields.
    source = "class A:\n    def f(self, x: int = 1, *y) -> None:\n        return lambda: (x, None, f'{y}', [])\n"
    assert code_digest(source) == "42a2e81ae0268b7d053c3ffcb47d6edff933e746b53ec416defbef0e5179f574"


FAKE = {
    "lib/__init__.py": "",
    "lib/low.py": """
        import math
        SCALE = 2
        UNUSED = 3
        FIRST, SECOND = 1, 2

        def _double(x):
            return SCALE * x

        def triple(x):
            return UNUSED * math.sqrt(x)

        def even(n):
            return n == 0 or odd(n - 1)

        def odd(n):
            return n != 0 and even(n - 1)

        def first():
            return FIRST
        """,
    "lib/high.py": """
        from dataclasses import dataclass
        from lib import low
        from lib.low import _double

        class Base:
            offset = 1

            def _step(self, x):
                return _double(x)

            def __call__(self, x):
                return self._step(x) + self.offset

        class Derived(Base):
            def _step(self, x):
                return super()._step(x) + 1

        @dataclass(frozen=True)
        class Setting:
            steps: int = 40
            name: str = "a"

            def __str__(self):
                return "a setting"

        RULES = {"double": _double, "triple": low.triple}

        def through_the_module(x):
            return low.triple(x)

        def imported_inside(x):
            from lib.low import triple
            return triple(x)

        def by_rule(name, x):
            return RULES[name](x)

        def of_a_setting(x):
            return Setting().steps * x

        def alone(low, triple=1):
            UNUSED = low
            return [triple for triple in UNUSED]
        """,
    "lib/passing/__init__.py": "from lib.low import triple\nfrom lib.passing.own import mine\n",
    "lib/passing/own.py": "from lib.passing import triple\n\ndef mine(x):\n    return triple(x)\n",
}


@dataclass
class Repository:
    """A small package named lib, which stands in for ours."""

    root: Path

    def write(self, path: str, source: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source)
        code.forget()

    def edit(self, module: str, old: str, new: str) -> None:
        path = f"lib/{module}.py"
        source = (self.root / path).read_text()
        assert old in source
        self.write(path, source.replace(old, new))

    def add(self, module: str, source: str) -> None:
        path = f"lib/{module}.py"
        self.write(path, (self.root / path).read_text() + f"\n{source}\n")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    monkeypatch.setattr(compute, "ROOT", tmp_path)
    fake = Repository(tmp_path)
    for path, source in FAKE.items():
        fake.write(path, textwrap.dedent(source))
    yield fake
    code.forget()


def of(place: str) -> str:
    return of_definition(Definition(*place.rsplit(".", 1)))


EDITS = {
    "an operator": ("lib.high.Derived", "low", "SCALE * x", "SCALE + x"),
    "a constant": ("lib.high.Derived", "low", "SCALE = 2", "SCALE = 4"),
    "a class attribute": ("lib.high.Derived", "high", "offset = 1", "offset = 2"),
    "a method": ("lib.high.Base", "high", "+ self.offset", "- self.offset"),
    "through a module's name": ("lib.high.through_the_module", "low", "UNUSED *", "UNUSED +"),
    "through an import inside": ("lib.high.imported_inside", "low", "UNUSED *", "UNUSED +"),
    "through what passes it on": ("lib.passing.triple", "low", "UNUSED *", "UNUSED +"),
    "through what passes itself on": ("lib.passing.own.mine", "low", "UNUSED *", "UNUSED +"),
    "in a registry": ("lib.high.by_rule", "low", "SCALE * x", "SCALE + x"),
    "a registry's order": (
        "lib.high.by_rule",
        "high",
        '"double": _double, "triple": low.triple',
        '"triple": low.triple, "double": _double',
    ),
    "a registry's key": ("lib.high.by_rule", "high", '"double"', '"twice"'),
    "a field's default": ("lib.high.of_a_setting", "high", "steps: int = 40", "steps: int = 20"),
    "the order of fields": (
        "lib.high.Setting",
        "high",
        'steps: int = 40\n    name: str = "a"',
        'name: str = "a"\n    steps: int = 40',
    ),
    "a decorator": ("lib.high.Setting", "high", "frozen=True", "frozen=False"),
    "in a circle": ("lib.low.even", "low", "n != 0", "n > 0"),
    "one of two names defined together": ("lib.low.first", "low", "return FIRST", "return SECOND"),
    "another library's function": ("lib.low.triple", "low", "math.sqrt", "math.exp"),
    "an override that no longer overrides": (
        "lib.high.Derived",
        "high",
        "    def _step(self, x):\n        return super",
        "    def _stop(self, x):\n        return super",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_changed(repository: Repository, name: str) -> None:
    root, module, old, new = EDITS[name]
    digest, roots = of(root), [Definition(*root.rsplit(".", 1))]
    before = definitions(roots)
    assert changed_files(before, roots) == []
    repository.edit(module, old, new)
    assert of(root) != digest
    assert changed_files(before, roots) == [f"lib/{module}.py"], "the file that was edited, not one that only uses it"


OTHERS = {
    "what is not reached": ("lib.high.Derived", "low", "UNUSED = 3", "UNUSED = 4"),
    "a name that a function binds itself": ("lib.high.alone", "low", "UNUSED = 3", "UNUSED = 4"),
    "a function that an argument hides": ("lib.high.alone", "low", "UNUSED *", "UNUSED +"),
    "what something is called": ("lib.high.Setting", "high", 'return "a setting"', 'return "another"'),
    "an annotation": ("lib.high.of_a_setting", "high", "steps: int", "steps: float"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_hangs_on(repository: Repository, name: str) -> None:
    root, module, old, new = OTHERS[name]
    digest = of(root)
    repository.edit(module, old, new)
    assert of(root) == digest


ROOTS = [
    *("lib.high.Derived", "lib.high.by_rule", "lib.high.through_the_module", "lib.high.imported_inside"),
    *("lib.low.even", "lib.low.first", "lib.passing.own.mine", "lib.high.alone"),
]


def moved(repository: Repository) -> None:
    """All of low into another module, which is imported under another name."""
    repository.write("lib/deep/__init__.py", "")
    repository.write("lib/deep/down.py", (repository.root / "lib/low.py").read_text())
    repository.edit(
        "high",
        "from lib import low\nfrom lib.low import",
        "from lib.deep import down as low\nfrom lib.deep.down import",
    )
    repository.write("lib/passing/__init__.py", "from lib.deep.down import triple\n")


def renamed_private_function(repository: Repository) -> None:
    repository.edit("low", "_double", "_twice")
    repository.edit("high", "_double", "_twice")


def renamed_private_method(repository: Repository) -> None:
    repository.edit("high", "_step", "_advance")


def split(repository: Repository) -> None:
    """A file in two, the old one passing on what it had."""
    source = (repository.root / "lib/low.py").read_text()
    at = source.index("def even")
    repository.write("lib/low.py", source[:at] + "from lib.rest import even, odd, first\n")
    repository.write("lib/rest.py", "from lib.low import FIRST\n" + source[at:])


def other_spelling(repository: Repository) -> None:
    repository.edit("low", "import math", "from math import sqrt")
    repository.edit("low", "math.sqrt(", "sqrt(")
    repository.edit("high", "return low.triple(x)", "from lib.low import triple as thrice\n    return thrice(x)")


def more(repository: Repository) -> None:
    repository.add("low", "def quadruple(x):\n    return 4 * x")
    repository.add("high", "def another(x):\n    return 5 * x")


@pytest.mark.parametrize("move", [moved, renamed_private_function, renamed_private_method, split, other_spelling, more])
def test_a_move_is_no_change(repository: Repository, move: Callable[[Repository], None]) -> None:
    roots = [Definition(*root.rsplit(".", 1)) for root in ROOTS]
    digests, before = list(map(of, ROOTS)), definitions(roots)
    move(repository)
    assert list(map(of, ROOTS)) == digests
    assert changed_files(before, roots) == []


def test_a_definition_is_found_by_what_it_is_called(repository: Repository) -> None:
    repository.write("lib/passing/__init__.py", "def own(x):\n    return x\n")
    for one in [*(Definition(*root.rsplit(".", 1)) for root in ROOTS[:6]), Definition("lib.passing", "own")]:
        assert Definition.parse(str(one)) == one


def test_what_a_module_does_on_import_counts(repository: Repository) -> None:
    before = of("lib.high.Derived")
    repository.add("low", "print(SCALE)")
    assert of("lib.high.Derived") != before


def test_what_it_does_when_run_as_a_script_and_what_it_exports_do_not(repository: Repository) -> None:
    before = of("lib.high.Derived")
    repository.add("low", "__all__ = ['triple']\nif __name__ == '__main__':\n    print(SCALE)")
    assert of("lib.high.Derived") == before


def test_a_name_defined_in_two_steps_counts_with_both(repository: Repository) -> None:
    repository.add("low", "TABLE = {'a': 1}\nTABLE['b'] = 2\nTABLE |= {'c': 3}\n\ndef look(x):\n    return TABLE[x]")
    digests = [of("lib.low.look")]
    for old, new in (("{'a': 1}", "{'a': 5}"), ("['b'] = 2", "['b'] = 6"), ("'c': 3", "'c': 7")):
        repository.edit("low", old, new)
        digests.append(of("lib.low.look"))
    assert len(set(digests)) == 4


def test_a_module_as_a_value_counts_with_all_that_it_has(repository: Repository) -> None:
    repository.add("high", "def look(name):\n    return getattr(low, name)")
    before = of("lib.high.look")
    repository.edit("low", "UNUSED = 3", "UNUSED = 4")
    assert of("lib.high.look") != before


def test_what_keeps_results_is_no_part_of_them(repository: Repository) -> None:
    repository.write("lib/files.py", "def keep(x):\n    return x\n")
    repository.add("high", "def kept(x):\n    from lib.files import keep\n    return keep(x)")
    before = of("lib.high.kept")
    repository.edit("files", "return x", "return (x, x)")
    assert of("lib.high.kept") == before


def test_a_page_follows_what_it_is_shown_with_and_a_cell_does_not(repository: Repository) -> None:
    repository.write("lib/show/words.py", "WORD = 'holds'\n")
    repository.write("lib/show/cards.py", "from lib.show.words import WORD\n\ndef card(x):\n    return WORD, x\n")
    repository.add("high", "def answered(x):\n    from lib.show.cards import card\n    return card(x)")
    roots = [Definition("lib.high", "answered")]
    cell, page = definitions(roots), definitions(roots, "lib.show")
    assert set(page) - set(cell) == {"lib/show/cards.py: card", "lib/show/words.py: WORD"}
    repository.edit("show/words", "holds", "stands")
    assert changed_files(cell, roots) == []
    assert changed_files(page, roots, "lib.show") == ["lib/show/words.py"]
    repository.edit("show/cards", "return WORD, x", "return x, WORD")
    assert changed_files(page, roots, "lib.show") == ["lib/show/words.py"], "what names it is not looked at further"
    repository.edit("show/words", "stands", "holds")
    assert changed_files(page, roots, "lib.show") == ["lib/show/cards.py"]


def test_a_page_follows_which_of_what_it_knows_it_is_shown_with(repository: Repository) -> None:
    """Neither function changes, and both are known to the page: it is shown with the other one in each place."""
    repository.write("lib/show/lines.py", "def narrow(x):\n    return x\n\ndef wide(x):\n    return x, x\n")
    repository.add("high", "from lib.show import lines\n\ndef drawn(x):\n    return lines.narrow(x), lines.wide(-x)")
    roots = [Definition("lib.high", "drawn")]
    cell, page = definitions(roots), definitions(roots, "lib.show")
    repository.edit("high", "lines.narrow(x), lines.wide(-x)", "lines.wide(x), lines.narrow(-x)")
    assert changed_files(cell, roots) == []
    assert changed_files(page, roots, "lib.show") == ["lib/high.py"]


def test_pages_that_did_not_follow_it_are_not_called_stale_for_that(repository: Repository) -> None:
    """Pages were once recorded by digests that leave out what shows them, and still count."""
    repository.write("lib/show/lines.py", "def wide(x):\n    return x, x\n")
    repository.add("high", "from lib.show import lines\n\ndef drawn(x):\n    return lines.wide(x)")
    roots = [Definition("lib.high", "drawn")]
    page = definitions(roots) | definitions([Definition("lib.show.lines", "wide")])
    assert changed_files(page, roots, "lib.show") == []
    repository.edit("show/lines", "x, x", "x, x, x")
    assert changed_files(page, roots, "lib.show") == ["lib/show/lines.py"]


def test_a_page_follows_each_name_of_its_own_code(repository: Repository) -> None:
    """One of two constants becomes what the other one is: no digest is new."""
    repository.write("lib/sizes.py", "FEW = 10\nMANY = 20\n")
    roots = [Definition("lib.sizes", "FEW"), Definition("lib.sizes", "MANY")]
    page = definitions(roots)
    repository.edit("sizes", "FEW = 10", "FEW = 20")
    assert changed_files(page, roots) == ["lib/sizes.py"]


def test_an_import_of_everything_is_refused(repository: Repository) -> None:
    repository.add("high", "from lib.low import *")
    with pytest.raises(ValueError, match="hides what code depends on"):
        of("lib.high.alone")


def test_what_lib_does_not_define_has_no_digest(repository: Repository) -> None:
    with pytest.raises(LookupError, match="defines no nothing"):
        of("lib.low.nothing")
    for one in (Definition("lib.gone", "*"), Definition.parse("lib/gone.py: *"), Definition.parse("no name")):
        with pytest.raises(LookupError, match="defines no"):
            of_definition(one)


def test_a_package_may_pass_on_its_own_module(repository: Repository) -> None:
    repository.write("lib/passing/__init__.py", "from lib.passing import own\nfrom lib.low import triple\n")
    assert roots_of("from lib import passing\npassing.own.mine(1)") == [Definition("lib.passing.own", "mine")]


@pytest.mark.parametrize(
    "source",
    [
        "from lib import low\nlow.triple(0.1)",
        "from lib.low import triple\ntriple(0.1)",
        "from lib import low as a\na.triple(0.1)",
        "from lib.low import triple as thrice\nthrice(0.1)",
        "import lib.low\nlib.low.triple(0.1)",
        "def attack():\n    from lib.low import triple\n    return triple(0.1)",
    ],
)
def test_the_roots_of_a_notebook_are_what_its_code_names(repository: Repository, source: str) -> None:
    assert roots_of(source) == [Definition("lib.low", "triple")]


def test_other_packages_are_no_roots(repository: Repository) -> None:
    assert roots_of("import torch\nfrom library import thing\ntorch.zeros(thing)") == []


# Values


@dataclass(frozen=True)
class Point:
    x: float
    kind: object = None


class Small(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Flatten(), nn.Linear(4, 2))


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return Small()


def frozen() -> nn.Module:
    model = network()
    model[1].weight.requires_grad_(False)
    return model


DIFFERENT = [
    *(0, 0.0, False, None, "0", b"0", (0,), [0], {"a": 0}, {"b": 0}, {0}, {"a": 0, "b": 1}, {"b": 1, "a": 0}),
    *(Point(0.0), Point(1.0), Point(0.0, "a"), Point(0.0, torch.relu.__class__), Point(0.0, Point)),
    *(torch.zeros(2), torch.zeros(2, dtype=torch.float64), torch.zeros(1, 2), torch.ones(2), np.zeros(3)),
    *(network(), network(1), frozen(), nn.Sequential(*network()), partial(round, 2.5), partial(round, 1.5)),
]


def test_values_that_differ_have_digests_that_differ() -> None:
    digests = [values.digest(value) for value in DIFFERENT]
    assert len(set(digests)) == len(digests)


def test_values_that_are_equal_have_one_digest() -> None:
    for build in (lambda: Point(0.1, (1, 2)), network, lambda: torch.arange(4), lambda: {"a": {1, 2, 3}}):
        assert values.digest(build()) == values.digest(build())
    x = torch.arange(12.0).view(3, 4)
    assert values.digest(x.t().contiguous().t()) == values.digest(x), "however it lies in memory"


def test_code_in_a_value_counts_by_what_it_does() -> None:
    assert values.described(sha256)[:2] == ("code", of_definition(Definition("lib.digest.text", "sha256")))
    assert values.described(round) == "builtins.round"


@pytest.mark.parametrize("value", [lambda: 0, object(), iter([])])
def test_what_has_no_name_or_no_parts_has_no_digest(value: object) -> None:
    with pytest.raises(TypeError, match="has no digest"):
        values.digest(value)
