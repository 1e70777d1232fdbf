"""The grid of a sweep, what is refused before anything runs, and the curves that are drawn of its results."""

from pathlib import Path

import pandas as pd
import pytest
from swept import NOTEBOOK, PARAMETERS, Anything

from lib import book as the_book
from lib import compute
from lib.evidence import cluster as cluster_module
from lib.files import LONGEST_NAME
from lib.parameters import ParameterError
from lib.run import profiles
from lib.run.run import Run
from lib.sweep import dask, figures, grid, page, sweep
from lib.sweep.grid import Sweep

pytest.importorskip("distributed", reason="no Dask: it comes with the extra `sweep`")

# ---- The grid ----


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_notebook) -> Path:
    """A notebook and a profile, for what runs nothing."""
    write_notebook(tmp_path / f"{NOTEBOOK}.ipynb", PARAMETERS)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "quick.yaml").write_text("mitigation: {seeds: 3}\n")
    monkeypatch.setattr(the_book, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(the_book, "experiment", lambda name: Anything)
    monkeypatch.setattr(compute, "RUNS", tmp_path / "runs")
    return tmp_path


def parse(*pairs: str) -> dict:
    return grid.parse(NOTEBOOK, "quick", pairs)


def test_lists_and_ranges(book: Path) -> None:
    assert parse("eps=0.1, 0.20,1", "seed=0:3,7,9:5:-2") == {"eps": [0.1, 0.2, 1.0], "seed": [0, 1, 2, 7, 9]}
    assert parse("loss=plain,plain+noise", "eps=0.1,0.10") == {"loss": ["plain", "plain+noise"], "eps": [0.1]}


def test_every_combination_is_a_point(book: Path) -> None:
    points = grid.points(parse("eps=0.1,0.2", "seed=0:2"))
    assert points == [{"eps": eps, "seed": seed} for eps in (0.1, 0.2) for seed in (0, 1)]


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([], "nothing to sweep"),
        (["epz=0.1,0.2"], "no parameter named epz; there are:\n  seed: int"),
        (["eps=0.1,much"], "eps is 'much'; it takes float"),
        (["eps=0.1,1.5"], "eps is 1.5, out of \\[0, 1\\]"),
        (["eps=0:1"], "eps is '0:1'; it takes float"),
        (["seed=95:105"], "seed is 100, out of"),
        (["seed=3:3"], "seed=3:3 holds no value"),
        (["seed=0:3:0"], "steps of 0"),
        (["eps=0.1,,0.2"], "a value is missing"),
        (["loss=plane"], "one of plain, plain\\+noise"),
        (["eps=0.1", "eps=0.2"], "eps is given twice"),
        (["eps"], "write name=value"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_runs(book: Path, pairs: list[str], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        sweep.run(NOTEBOOK, "quick", pairs)
    assert not (book / "runs").exists()


def test_a_name_that_is_no_folders_is_refused(book: Path) -> None:
    with pytest.raises(ParameterError, match="cannot name a sweep"):
        sweep.run(NOTEBOOK, "quick", ["eps=0.1"], name="../quick")
    assert not (book / "runs").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"resources": {"GPU": 1}}, "--scheduler"), ({"workers": 2, "scheduler": "tcp://127.0.0.1:1"}, "one of the two")],
)
def test_what_no_cluster_is_there_for_is_refused_at_once(asked: dict, said: str) -> None:
    with pytest.raises(cluster_module.EngineError, match=said):
        list(dask.run([Run(NOTEBOOK, "quick", {})], **asked))


def test_a_cluster_that_is_not_there_is_said_so(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_S", 0.5)
    with pytest.raises(cluster_module.EngineError, match="no Dask scheduler answers at tcp:"):
        sweep.run(NOTEBOOK, "quick", ["eps=0.1"], scheduler="tcp://127.0.0.1:1")


def test_why_a_task_failed_is_a_line() -> None:
    from distributed import KilledWorker

    killed = KilledWorker("a task", None, allowed_failures=2)
    assert cluster_module.reason(killed).startswith("3 workers died of it")
    assert cluster_module.reason(ValueError("a reason\nand more")) == "ValueError: a reason"


def test_a_worker_with_another_copy_of_the_book_refuses(book: Path) -> None:
    one, another = (Run.of(NOTEBOOK, "quick", {"eps": eps}) for eps in (0.1, 0.2))
    outcome = dask.one_run(another, one.digests() | {"lib": {"lib/attack/gradient.py: FGSM": "another"}})
    assert outcome.error == "the worker's copy of the book is another one: parameters, lib/attack/gradient.py differ"
    assert not (book / "runs").exists()


def test_the_name_of_a_run_gives_its_values_back(book: Path) -> None:
    given = {"eps": 1e-5, "loss": "plain+noise", "rounds": 3}
    run = Run.of(NOTEBOOK, "quick", given)
    assert profiles.parts(run.name) == ["quick", "eps=1e-05", "loss=plain+noise", "rounds=3"]
    assert Run.of_results({"notebook": NOTEBOOK, "profile": run.name, "parameters": run.values}) == run


def test_a_long_grid_has_a_short_name(book: Path) -> None:
    names = [grid.name(NOTEBOOK, "quick", parse(f"seed=0:{end}")) for end in (2, 60, 61)]
    assert names[0] == "mitigation+quick+seed=0,1"
    assert len(set(names)) == 3
    assert max(map(len, names)) <= LONGEST_NAME


# ---- Curves ----


def numeric(value: object) -> bool:
    return not isinstance(value, str)


def swept(values: dict[str, list], seeds: int = 1) -> tuple[Sweep, pd.DataFrame]:
    """A sweep that is done, of a notebook whose one metric is the sum of the numbers it is given."""
    made = {"device": "a CPU", "finished": "2026-01-02T03:05:07+00:00"}
    facts = {"seconds": {"all": 1.0}, "claims": [], "parameters": {"seeds": seeds}, "provenance": made}
    runs = [
        (
            Run(NOTEBOOK, "quick", point | {"seeds": seeds}, point),
            facts | {"metrics": {"sum": sum(filter(numeric, point.values()))}},
        )
        for point in grid.points(values)
    ]
    return Sweep(NOTEBOOK, "quick", "", values, runs, []), sweep.table(runs)


def test_runs_share_networks_whichever_parameter_counts_up_from_the_seed() -> None:
    def runs(**more: int) -> bool:
        given = {"sweep_seeds": 1, "tutorial_seeds": 1, "seeds": 1} | more
        points = [Run.of("adversarial_training", "quick", given | {"seed": seed}) for seed in (0, 1, 2)]
        return Sweep(
            "adversarial_training", "quick", "", {"seed": [0, 1, 2]}, [(one, {}) for one in points], []
        ).overlapping

    assert not runs()
    assert all(runs(**{name: 2}) for name in ("sweep_seeds", "tutorial_seeds", "seeds"))


@pytest.mark.parametrize(
    ("values", "axis"),
    [
        ({"seed": [0, 1], "loss": ["a", "b"], "eps": [0.1, 0.2]}, "eps"),
        ({"seed": [0, 1], "loss": ["a", "b"]}, "loss"),
        ({"seed": [0, 1], "eps": [0.1]}, "seed"),
        ({"eps": [0.1]}, "eps"),
    ],
)
def test_the_axis_is_a_swept_number_and_seldom_the_seed(values: dict, axis: str) -> None:
    assert grid.axis(values) == axis


def test_one_line_a_value_of_the_second_parameter() -> None:
    found = figures.lines(*swept({"eps": [0.2, 0.1], "rounds": [1, 2], "loss": ["a"]}))
    means = {label: {value: point.mean for value, point in line.items()} for label, line in found.items()}
    assert means == {"rounds=1": {0.1: 1.1, 0.2: 1.2}, "rounds=2": {0.1: 2.1, 0.2: 2.2}}
    assert all(point.low is None for line in found.values() for point in line.values())


class Seeded(Anything):
    """As many networks as `seeds` says, from `seed` upwards, and something that hangs on no seed."""

    def cells(self) -> list:
        return ["the data", *range(self.seed, self.seed + self.seeds)]


@pytest.fixture
def of_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(the_book, "experiment", lambda name: Seeded)


def test_seeds_are_the_spread(of_seeds) -> None:
    (line,) = figures.lines(*swept({"eps": [0.5], "rounds": [0, 1], "seed": [0, 2, 4]}, seeds=2)).values()
    assert line[1].mean == pytest.approx(3.5)
    assert line[1].per_network == (1.5, 3.5, 5.5)
    assert line[1].low == pytest.approx(3.5 - 4.3027 * 2 / 3**0.5, abs=1e-3)


def test_runs_that_share_networks_have_no_interval(of_seeds) -> None:
    (line,) = figures.lines(*swept({"eps": [0.5], "rounds": [0, 1], "seed": [0, 2, 4]}, seeds=3)).values()
    assert line[1].mean == pytest.approx(3.5)
    assert line[1].low is None


def test_each_run_is_told_with_the_folder_that_it_is_in() -> None:
    found, rows = swept({"eps": [0.1], "a_parameter_with_a_name" * 10: [1]})
    ((run, _),) = found.runs
    assert run.name != run.folder.name and f">runs/{run.folder.name}<" in page._runs(found, rows)


@pytest.mark.parametrize("name", the_book.notebooks())
def test_no_parameter_has_the_name_of_a_column(name: str) -> None:
    assert not set(profiles.declared(name)) & set(sweep.COLUMNS)
