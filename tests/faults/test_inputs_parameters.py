"""Parameters that a stranger may type: a command refuses them in a sentence, or runs what was asked for, as such."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from projects import Project

from lib import book, compute
from lib.parameters import Parameter, check
from lib.run import __main__ as command
from lib.run import execute, measuring, profiles
from lib.run.run import Run

TRIALS, EXECUTED = 500, 6
LONGEST_FOLDER = 143
"""In bytes: what an encrypted file system takes."""

FIXED = {"deadline": None, "database": None, "derandomize": True, "phases": [Phase.explicit, Phase.generate]}
"""The same trials each time, and the first that fails as it is."""

ODD = [
    *("", " ", "0", "-0", "-0.0", "1", "01", "0x1F", "1_0", "+1", "1e3", "1e-3", "1e999", "1" + "0" * 400, "9" * 5000),
    *("nan", "inf", "-inf", "None", "true", "True", "yes", "[1]", "{[]: 1}", "(" * 300, "-" * 5000 + "1", "1 # c"),
    *("digits", "mnist ", "digits+mnist", "../..", "a/b", "~", "$HOME", "%s", "{seed}", "=", "a=b", "é", "\udcff"),
    *(
        "٣",
        "1\n2",
        "1\x00",
        "'1'",
        '"',
        "\\",
        "1 if 1 else 2",
        "f'{1}'",
        "__import__('os')",
        "1j",
        "2**3",
        "1,2",
        "0:3",
    ),
]
"""What is no value of most parameters."""


def spelled(value: object) -> SearchStrategy[str]:
    """A value as people write it."""
    if isinstance(value, bool):
        return st.sampled_from([str(value), str(value).lower(), str(value).upper()])
    ways = [str(value), f" {value} ", f"+{value}"]
    ways += [f"{value:.17e}", f"{value:.20f}"] if isinstance(value, float) else []
    ways += [hex(value), f"{value:_}"] if isinstance(value, int) else []
    return st.just(value) if isinstance(value, str) else st.sampled_from(ways)


def within(parameter: Parameter) -> SearchStrategy:
    """Values that a parameter takes, its ends among them."""
    if parameter.type is bool:
        return st.booleans()
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    low, high = parameter.low, parameter.high
    if parameter.type is int:
        return st.integers(int(low), int(high)) | st.sampled_from([int(low), int(high)])
    return st.floats(low, high) | st.sampled_from([low, high])


@st.composite
def asked(draw: DrawFn) -> tuple[str, dict[str, str], dict[str, object] | None]:
    """A notebook, parameters as text, and what these mean; None where some may mean nothing."""
    notebook = draw(st.sampled_from(book.chapters()))
    declared = profiles.declared(notebook)
    names = draw(st.lists(st.sampled_from(sorted(declared)), max_size=5, unique=True))
    meant = {name: draw(within(declared[name])) for name in names}
    texts = {name: draw(spelled(value)) for name, value in meant.items()}
    if draw(st.booleans()):
        return notebook, texts, meant
    odd = st.sampled_from(ODD) | st.text(max_size=8) | st.integers().map(str) | st.floats().map(repr)
    name = draw(st.sampled_from(sorted(declared)) | odd.filter(lambda text: "=" not in text and "\0" not in text))
    return notebook, texts | {name: draw(odd.filter(lambda text: "\0" not in text))}, None


class Executed:
    """The runs that commands would have executed."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.runs: list[Run] = []
        patch.setattr(compute, "RUNS", folder)
        patch.setattr(measuring, "fill", lambda runs, **options: [])
        patch.setattr(execute, "execute", lambda run, *, force=False: self.runs.append(run))

    def by(self, notebook: str, texts: Mapping[str, str]) -> tuple[int, list[Run]]:
        """How a command ends, and what it executes."""
        self.runs.clear()
        pairs = [f"--parameter={name}={text}" for name, text in texts.items()]
        return command.main(["execute", notebook, *pairs]), list(self.runs)


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Executed:
    return Executed(monkeypatch, tmp_path / "runs")


@pytest.mark.campaign
@pytest.mark.survives(
    "inputs",
    "The notebooks are given made-up parameters: right ones in every spelling, wrong names, types, ranges, odd texts.",
    "Each is refused in a sentence before anything runs, or runs with these values, in a folder of this name.",
    times=500,
)
def test_parameters_are_refused_or_run_under_their_own_name(
    executed: Executed, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    counts = {True: 0, False: 0}

    @settings(max_examples=TRIALS, **FIXED)
    @given(asked())
    def tried(one: tuple) -> None:
        notebook, texts, meant = one
        status, runs = executed.by(notebook, texts)
        counts[status == 0] += 1
        said = capsys.readouterr()
        if status:
            assert status == 1 and not runs and said.err.startswith("error: ") and "Traceback" not in said.err
            assert not (tmp_path / "runs").exists()
            as_a_whole = any(word in said.err for word in ("leave", "is larger than"))
            assert meant is None or as_a_whole, "what is in range is refused where the values do not go together"
            return
        (run,) = runs
        meant = meant if meant is not None else dict(run.given)
        assert run.given == meant and run.values == profiles.values(notebook, "quick", {}) | meant
        assert all(type(run.values[name]) is one.type for name, one in profiles.declared(notebook).items())
        known_again(run)
        held_by_the_chapter(run)

    tried()
    assert min(counts.values()) > TRIALS / 5, "both are tried often"


@pytest.mark.campaign
@pytest.mark.survives(
    "inputs",
    "Texts that are no value of most parameters are given to parameters of each type, and as their names.",
    "Each is refused in a sentence, or is a value of that type.",
    times=5,
)
@pytest.mark.parametrize("text", [text for text in ODD if "\0" not in text], ids=ascii)
def test_odd_texts_are_refused_or_are_values(executed: Executed, capsys: pytest.CaptureFixture, text: str) -> None:
    of_types = {one.type: name for name, one in profiles.declared("fragile_neurons").items()}
    of_types[float] = "eps_train"
    for kind, name in of_types.items():
        status, runs = executed.by("mitigation" if kind is float else "fragile_neurons", {name: text})
        said = capsys.readouterr().err
        assert status == 1 and said.startswith("error: ") and not runs if status else type(runs[0].given[name]) is kind
    status, runs = executed.by("mitigation", {text: "1"})
    assert status == 1 and not runs and "no parameter named" in capsys.readouterr().err


def known_again(run: Run) -> None:
    """Its name says what it was given, to the last digit, and its results are found under it."""
    told = dict(pair.split("=") for pair in profiles.parts(run.name)[1:])
    assert check(profiles.declared(run.notebook), told) == run.given
    again = Run.of(run.notebook, run.profile, run.given)
    found = Run.of_results({"notebook": run.notebook, "profile": run.name, "parameters": dict(run.values)})
    assert run.name == again.name == found.name and run.values == again.values == found.values
    assert run.folder.parent == compute.RUNS and len(run.folder.name.encode()) <= LONGEST_FOLDER
    assert "/" not in run.name and run.folder.name.isprintable()
    json.dumps(dict(run.values), allow_nan=False)


def held_by_the_chapter(run: Run) -> None:
    """The chapter has cells for these values, each with a name of its own."""
    cells = [cell for one in (run.experiment, type(run.experiment).of(run.values)) for cell in one.cells()]
    assert (
        len(cells)
        and len({cell.name for cell in cells}) == len(set(cells))
        and set(run.experiment.needed()) <= set(cells)
    )


@pytest.mark.campaign
@pytest.mark.survives(
    "inputs",
    "Made-up parameters are given to a small notebook, which is executed with them.",
    "What it writes says these values, and lies under their name.",
    times=6,
)
def test_what_is_executed_has_these_values(project: Project) -> None:
    eps = st.floats(0, 1)

    @settings(max_examples=EXECUTED, suppress_health_check=list(HealthCheck), **FIXED)
    @given(st.integers(0, 8).flatmap(_both), eps.flatmap(_both))
    def tried(seed: tuple[int, str], eps: tuple[float, str]) -> None:
        assert command.main(["execute", "tiny", f"--parameter=seed={seed[1]}", f"--parameter=eps={eps[1]}"]) == 0
        name = f"quick+eps={eps[0] + 0.0}+seed={seed[0]}"
        found = project.results(name)
        assert (found["profile"], found["parameters"]["seed"]) == (name, seed[0])
        assert found["parameters"]["eps"] == found["metrics"]["eps"] == eps[0]

    tried()


def _both(value: float) -> SearchStrategy[tuple[float, str]]:
    return st.tuples(st.just(value), spelled(value))
