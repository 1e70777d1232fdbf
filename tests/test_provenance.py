"""Digests follow what code does and what it reaches, not how it is written or what stands beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lib import compute, provenance
from lib.provenance import code_digest, definition_digests, notebook_roots

CODE = '''
def halve(x):
    """Half of x."""
    return x / 2
'''

REFORMATTED = '''
# A comment.
def halve(
    x,
):
    """One half of x,

    in other words."""
    "a note"
    return (x / 2)  # exactly
'''


def test_prose_and_formatting_do_not_count():
    assert code_digest(CODE) == code_digest(REFORMATTED)


@pytest.mark.parametrize("edit", [("x / 2", "x / 3"), ("(x)", "(x=1)"), ("halve", "half"), ("return ", "yield ")])
def test_code_counts(edit):
    assert code_digest(CODE) != code_digest(CODE.replace(*edit))


def test_a_string_that_is_used_counts():
    assert code_digest("print('a')") != code_digest("print('b')")


def test_the_digest_does_not_hang_on_the_version_of_python():
    # Seen in Python 3.11, 3.12 and 3.13, whose syntax trees differ in their empty fields.
    source = "class A:\n    def f(self, x: int = 1, *y) -> None:\n        return lambda: (x, None, f'{y}', [])\n"
    assert code_digest(source) == "54a9194e4b9d06e903bbdb99e2a3a4825d938623d72a8bc8109daeb14202ac2a"


FAKE = {
    "__init__": "",
    "low": """
        SCALE = 2
        UNUSED = 3

        def double(x):
            return SCALE * x

        def triple(x):
            return UNUSED * x
        """,
    "high": """
        from lib import low
        from lib.low import double

        class Base:
            def __call__(self, x):
                return double(x)

        class Derived(Base):
            pass

        def through_the_module(x):
            return low.triple(x)

        def imported_inside(x):
            from lib.low import triple
            return triple(x)

        def alone(x):
            return x
        """,
}


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """A function that edits a module of a small package named lib, which stands in for ours."""
    for module, source in FAKE.items():
        path = tmp_path / "lib" / f"{module}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(line.removeprefix("        ") for line in source.splitlines()))
    monkeypatch.setattr(compute, "ROOT", tmp_path)
    provenance._index.cache_clear()

    def apply(module: str, old: str = "", new: str = "", *, add: str = "") -> None:
        path = tmp_path / "lib" / f"{module}.py"
        source = path.read_text()
        assert old in source
        path.write_text((source.replace(old, new) if old else source) + f"\n{add}\n")
        provenance._index.cache_clear()

    yield apply
    provenance._index.cache_clear()


def reached(*roots: str) -> dict[str, str]:
    return definition_digests([tuple(root.rsplit(".", 1)) for root in roots])


@pytest.mark.parametrize(
    ("root", "edit_of_low"),
    [
        ("lib.high.Derived", ("SCALE * x", "SCALE + x")),
        ("lib.high.Derived", ("SCALE = 2", "SCALE = 4")),
        ("lib.high.through_the_module", ("UNUSED * x", "UNUSED + x")),
        ("lib.high.imported_inside", ("UNUSED * x", "UNUSED + x")),
        ("lib.low.double", ("SCALE = 2", "SCALE = 4")),
    ],
)
def test_what_a_definition_calls_counts_across_modules(root, edit_of_low, edit):
    before = reached(root)
    edit("low", *edit_of_low)
    after = reached(root)
    assert before.keys() == after.keys()
    assert {module for module in before if before[module] != after[module]} == {"lib.low"}


@pytest.mark.parametrize(
    ("root", "edit_of_low"),
    [
        ("lib.high.Derived", ("UNUSED * x", "UNUSED + x")),
        ("lib.high.through_the_module", ("SCALE * x", "SCALE + x")),
        ("lib.high.alone", ("SCALE * x", "SCALE + x")),
    ],
)
def test_what_a_definition_does_not_call_does_not_count(root, edit_of_low, edit):
    before = reached(root)
    edit("low", *edit_of_low)
    assert reached(root) == before


def test_a_new_definition_does_not_count(edit):
    before = reached("lib.high.Derived")
    edit("low", add="def quadruple(x):\n    return 4 * x")
    edit("high", add="def another(x):\n    return 5 * x")
    assert reached("lib.high.Derived") == before


def test_what_a_module_does_on_import_counts(edit):
    before = reached("lib.high.Derived")
    edit("low", add="print(SCALE)")
    assert reached("lib.high.Derived") != before


def test_a_name_defined_in_two_steps_counts_with_both(edit):
    edit("low", add="TABLE = {'a': 1}\nTABLE['b'] = 2\n\ndef look(x):\n    return TABLE[x]")
    digests = [reached("lib.low.look")]
    edit("low", "{'a': 1}", "{'a': 5}")
    digests.append(reached("lib.low.look"))
    edit("low", "['b'] = 2", "['b'] = 6")
    digests.append(reached("lib.low.look"))
    assert digests[0] != digests[1] != digests[2]


def test_a_name_that_a_module_passes_on_is_followed_home(edit):
    before = reached("lib.high.double")
    edit("low", "SCALE * x", "SCALE + x")
    assert reached("lib.high.double") != before


@pytest.mark.parametrize(
    "code",
    [
        "from lib.attack import gradient\ngradient.FGSM(0.1)",
        "from lib.attack.gradient import FGSM\nFGSM(0.1)",
        "from lib.attack import gradient as a\na.FGSM(0.1)",
        "from lib.attack.gradient import FGSM as sign\nsign(0.1)",
        "import lib.attack.gradient\nlib.attack.gradient.FGSM(0.1)",
        "def attack():\n    from lib.attack.gradient import FGSM\n    return FGSM(0.1)",
    ],
)
def test_notebook_roots_finds_what_the_code_names(code):
    assert set(notebook_roots(code)) == {("lib.attack.gradient", "FGSM")}


def test_a_notebook_does_not_hang_on_all_of_a_module_that_it_imports(edit):
    code = "from lib import low\nlow.double(1)"
    before = definition_digests(notebook_roots(code))
    edit("low", "UNUSED * x", "UNUSED + x")
    assert definition_digests(notebook_roots(code)) == before
    edit("low", "SCALE * x", "SCALE + x")
    assert definition_digests(notebook_roots(code)) != before


def test_other_packages_are_no_roots():
    assert notebook_roots("import torch\nfrom library import thing\ntorch.zeros(thing)") == []
