"""Plans and filling in one process: by worth, within a time, and through any kill."""

import itertools
import multiprocessing
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import standing_clock
import toy
from scratch import PATIENCE_S, until

from lib.evidence import cells, cluster, fill, plan, store
from lib.evidence.cells import Cell, Part
from lib.train import turns
from lib.train.turns import Busy


@dataclass(frozen=True)
class Setting:
    seed: int = 0
    eps: float = 0.3

    def __str__(self) -> str:
        return f"seed {self.seed}, eps {self.eps:g}"


@dataclass(frozen=True)
class Found:
    number: int


FOUND = Found(1)


def measured(setting: Setting) -> Found:
    return Found(setting.seed)


def failing(setting: Setting) -> Found:
    raise ZeroDivisionError("on purpose")


PART, FAILING = Part("toy", "curve", measured), Part("toy", "failing", failing)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    found = [tmp_path / "here", tmp_path / "recorded"]
    monkeypatch.setattr(cells, "FOLDERS", found)
    yield found


def wanted(count: int) -> list[Cell]:
    return [PART(Setting(seed)) for seed in range(count)]


def test_what_is_missing_comes_by_worth() -> None:
    PART(Setting(1)).get()
    found = [*wanted(3), FAILING(Setting())]
    order = [str(task.cell.part.name) + str(task.cell.setting.seed) for task in plan.missing(found, ["toy.failing"])]
    assert order == ["failing0", "curve0", "curve2"]
    assert [task.cell.part.name for task in plan.missing(found, ["toy"])] == ["curve", "curve", "failing"]


def test_time_is_estimated_from_the_cells_most_alike() -> None:
    PART(Setting(1)).get()
    made = PART(Setting(1)).made
    known = [
        replace(made, setting="seed 5, eps 0.1", seconds=10.0),
        replace(made, setting="seed 6, eps 0.1", seconds=12.0),
        replace(made, setting="seed 5, eps 0.3", seconds=100.0),
    ]
    assert plan.estimate(PART(Setting(7, 0.1)), known) == 12.0
    assert plan.estimate(PART(Setting(7, 0.3)), known) == 100.0
    assert plan.estimate(FAILING(Setting()), known) is None


@dataclass(frozen=True)
class Aged:
    """Trained for some epochs, which a chapter writes before the word or after it."""

    words: str

    def __str__(self) -> str:
        return f"resnet18 on digits, {self.words}, seed 0"


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("epoch 50", 500.0),
        ("epoch 5", 50.0),
        ("epoch 10", 100.0),
        ("50 epochs", 500.0),
        ("1 epoch", 10.0),
        ("20 epochs, then 30 epochs", 500.0),
        ("not trained", 100.0),
    ],
)
def test_what_trains_for_longer_takes_longer(words: str, seconds: float) -> None:
    PART(Setting(1)).get()
    known = [replace(PART(Setting(1)).made, setting=str(Aged("epoch 10")), seconds=100.0)]
    assert plan.estimate(PART(Aged(words)), known) == pytest.approx(seconds)


def test_what_was_made_on_another_device_is_scaled_by_what_both_have_made(monkeypatch: pytest.MonkeyPatch) -> None:
    PART(Setting(1)).get()
    base = PART(Setting(1)).made

    def made(device: str, part: str, setting: str, seconds: float) -> store.Made:
        return replace(base, device=device, part=part, setting=setting, seconds=seconds)

    cpu = [made("cpu", "train", "seed 0", 100.0), made("cpu", "train", "seed 1", 200.0)]
    cpu += [made("cpu", "scan", "seed 0", 30.0), made("cpu", "failing", "seed 0, eps 0.3", 600.0)]
    cell = FAILING(Setting())
    assert plan.planned(cell, cpu, "card") == plan.Task(cell, None), "nothing is known of how fast the card is"
    card = [made("card", "train", "seed 0", 10.0), made("card", "train", "seed 1", 20.0)]
    assert plan.planned(cell, [*cpu, *card], "card") == plan.Task(cell, 60.0, is_scaled=True)
    card += [made("card", "scan", "seed 0", 12.0)]
    assert plan.planned(cell, [*cpu, *card], "card").seconds == pytest.approx(600 * (0.1 + 0.4) / 2), "a part each"
    other = [made("old card", "failing", "seed 0, eps 0.3", 50.0), made("old card", "scan", "seed 0", 12.0)]
    assert plan.planned(cell, [*cpu, *card, *other], "card").seconds == pytest.approx(150), "by what is known best"
    own = made("card", "failing", "seed 9, eps 0.1", 7.0)
    assert plan.planned(cell, [*cpu, *card, own], "card") == plan.Task(cell, 7.0), "its own comes before all others'"
    tasks = [plan.planned(one, [*cpu, *card], "card") for one in (cell, SLOW(Setting()))]
    assert "~2.5 + ?" in plan.listed(tasks) and "~" not in plan.listed(tasks[1:])

    monkeypatch.setattr("lib.provenance.describe_device", lambda: "another device")
    (task,) = plan.missing([PART(Setting(2))])
    assert task.seconds is None, "what is kept was made elsewhere"


@dataclass(frozen=True)
class OfImages:
    dataset: str
    seed: int = 0

    def __str__(self) -> str:
        return f"seed {self.seed}"


@dataclass(frozen=True)
class Judged:
    trained: OfImages


def test_what_was_made_of_other_images_is_scaled_by_what_was_made_of_both() -> None:
    PART(Setting(1)).get()
    base = PART(Setting(1)).made

    def made(data: str, part: str, seconds: float, seed: int = 0) -> store.Made:
        return replace(base, device="cpu", data={data: {}}, part=part, setting=f"seed {seed}", seconds=seconds)

    few = [made("digits", "curve", 3.0), made("digits", "failing", 20.0)]
    cell = FAILING(OfImages("mnist"))
    assert plan.planned(FAILING(OfImages("digits")), few, "cpu") == plan.Task(FAILING(OfImages("digits")), 20.0)
    assert plan.planned(cell, few, "cpu") == plan.Task(cell, None), "digits say nothing of MNIST by themselves"
    many = [*few, made("mnist", "curve", 45.0)]
    assert plan.planned(cell, many, "cpu") == plan.Task(cell, 300.0, is_scaled=True)
    assert plan.planned(cell, [*many, made("mnist", "failing", 250.0, seed=1)], "cpu") == plan.Task(cell, 250.0)
    within = FAILING(Judged(OfImages("mnist")))
    assert plan.planned(within, many, "cpu").seconds == 300.0, "the data set of a setting within"


def test_filling_makes_what_is_missing_and_goes_on_after_a_failure() -> None:
    failed = fill.fill(plan.missing([FAILING(Setting()), *wanted(2)]))
    assert failed == {FAILING(Setting()): "ZeroDivisionError: on purpose"}
    assert [task.cell for task in plan.missing(wanted(2))] == []


def slow(setting: Setting) -> Found:
    """Work that takes a thousand seconds by the clock of the tests, and is there to be interrupted for a minute."""
    fill.time.sleep(1000)
    for _ in range(6000):
        time.sleep(0.01)
    return FOUND


SLOW = Part("toy", "slow", slow)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> standing_clock.Clock:
    """What filling goes by: within a time, what the machine takes is no matter."""
    made = standing_clock.Clock()
    standing_clock.put(made, fill, by=monkeypatch.setattr)
    return made


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Cell]:
    """The cells that are begun, in this order."""
    found, measured = [], Cell.measured
    monkeypatch.setattr(Cell, "measured", lambda cell: found.append(cell) or measured(cell))
    return found


def test_within_a_time_nothing_is_begun_that_cannot_end_and_what_takes_longer_is_interrupted(
    clock: standing_clock.Clock, begun: list[Cell]
) -> None:
    tasks = [plan.Task(SLOW(Setting(1)), 1000.0), plan.Task(PART(Setting()), 0.1), plan.Task(SLOW(Setting(2)), None)]
    assert not fill.fill(tasks, within=0.5)
    assert begun == [PART(Setting()), SLOW(Setting(2))]
    assert [task.cell for task in tasks if task.cell.is_kept] == [PART(Setting())]


def test_a_cell_that_another_process_is_at_is_left_to_it(tmp_path: Path) -> None:
    cell = PART(Setting())
    with cell.alone(wait=False):
        context = multiprocessing.get_context("fork")
        queue = context.Queue()

        def other() -> None:
            try:
                with PART(Setting()).alone(wait=False):
                    queue.put("held")
            except Busy as error:
                queue.put(str(error))

        process = context.Process(target=other)
        process.start()
        assert queue.get(timeout=PATIENCE_S) == "toy: curve, seed 0, eps 0.3"
        process.join()


def test_time_is_spent_on_what_fits_and_others_are_waited_for_in_peace(
    clock: standing_clock.Clock, begun: list[Cell]
) -> None:
    """Where another process is at the last cell that fits, what does not fit is begun instead."""
    tasks = [plan.Task(PART(Setting()), 0.1), plan.Task(SLOW(Setting(1)), 1000.0)]
    with PART(Setting()).alone(wait=False):
        fill.fill(tasks, within=1.0)
        assert begun == [SLOW(Setting(1))] and not any(task.cell.is_kept for task in tasks)
        assert fill.POLL_S not in clock.naps
        clock.naps.clear()
        fill.fill(tasks[:1], within=1.2)
    assert clock.naps == pytest.approx([fill.POLL_S, fill.POLL_S, 0.2], abs=0.1)


def trained(setting: Setting) -> Found:
    """Of two networks: seed 0 and 1 share one, seed 2 has its own."""
    with turns.in_turn(cells.FOLDERS[0] / "networks" / str(setting.seed // 2)):
        return Found(setting.seed)


@contextmanager
def taken(training: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Another holds a training until somebody says that they wait for it; what is said."""
    begun, heard, said = threading.Event(), threading.Event(), []

    def hold() -> None:
        with turns.in_turn(training):
            begun.set()
            heard.wait(PATIENCE_S)

    def hear(words: str, **_: object) -> None:
        said.append(words)
        heard.set()

    monkeypatch.setattr(turns, "print", hear, raising=False)
    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait()
    try:
        yield said
    finally:
        heard.set()
        thread.join()


TRAINED = Part("toy", "trained", trained)


def test_a_network_that_another_process_trains_is_waited_for_only_where_nothing_else_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tasks = [plan.Task(TRAINED(Setting(seed)), None) for seed in range(3)]
    with taken(cells.FOLDERS[0] / "networks" / "0", monkeypatch) as said:
        assert not fill.fill(tasks)
    made = sorted((task.cell for task in tasks), key=lambda cell: cell.path.stat().st_mtime_ns)
    assert made == [tasks[2].cell, tasks[0].cell, tasks[1].cell]
    assert said == ["waiting for another process, which trains the same network"]


def test_whoever_has_worked_on_a_cell_for_some_time_waits_rather_than_do_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with taken(tmp_path, monkeypatch) as said, turns.impatient(seconds=0), turns.in_turn(tmp_path):
        assert said == ["waiting for another process, which trains the same network"]


def test_what_another_process_failed_at_is_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    tasks = [plan.Task(FAILING(Setting()), None), *plan.missing(wanted(1))]
    first, second = (fill.fill(tasks, failures=tmp_path / "notes") for _ in range(2))
    assert first == second == {FAILING(Setting()): "ZeroDivisionError: on purpose"}
    (note,) = (tmp_path / "notes").iterdir()
    note.write_text("what the other one said")
    assert fill.fill(tasks, failures=tmp_path / "notes") == {FAILING(Setting()): "what the other one said"}


def test_no_other_process_looks_between_a_failure_and_its_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cell, looked = FAILING(Setting()), []

    def look(**options: object) -> None:
        with pytest.raises(Busy), FAILING(Setting()).alone(wait=False):
            pass
        looked.append(options)

    monkeypatch.setattr(fill.traceback, "print_exc", look)
    fill.fill([plan.Task(cell, None)], failures=tmp_path)
    assert len(looked) == 1 and (tmp_path / cell.digest).exists()


def _ends(past: float, within: float = 0.002) -> bool:
    """Whether work that lasts so many seconds longer than there is time comes to its end."""
    clock = fill.Deadline(within)

    def work() -> None:
        while clock.left > -past:
            pass

    try:
        clock.call(work)
        return True
    except fill.OutOfTime:
        return False
    finally:
        sum(range(100))  # where an interrupt that comes late would arrive


def test_an_interrupt_that_comes_as_the_work_ends_stops_that_and_nothing_after_it() -> None:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # the clock's thread runs when it is due, not when this one lets go
    try:
        for early in range(-100, 200, 3):
            _ends(-early * 1e-6)
        assert _ends(-60, within=60) and not _ends(60)
    finally:
        sys.setswitchinterval(usual)


# Threads


def test_processes_share_the_cores_and_what_a_user_has_set_stays_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """MKL with other threads than OMP's trains networks that differ in their last bits."""
    for name in cluster.THREADS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cluster, "cores", lambda: 8)
    assert cluster.threads(2) == dict.fromkeys(cluster.THREADS, "4")
    assert cluster.threads(9) == dict.fromkeys(cluster.THREADS, "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert cluster.threads(2) == {"OMP_NUM_THREADS": "3"}


# Kills


def contents(folder: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    monkeypatch.setattr(cells, "FOLDERS", [folder / "evidence"])
    found = [cell.read() for cell in toy.wanted(count)]
    assert all(found), "every cell is kept, and whole"
    return [record.weights.tobytes() + repr(record.losses).encode() for record, _ in found]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    process = toy.process(folder, 3)
    process.start()
    process.join()
    return folder


def files(folder: Path) -> set[tuple[str, int]]:
    """Which cells are kept, and since when; a file that was being written has a name with a dot in front."""
    return {(path.name, path.stat().st_mtime_ns) for path in (folder / "evidence").glob("toy/[!.]*.npz")}


def ended(folder: Path, draw: random.Random | None) -> bool:
    """Whether a process came to its end before it was killed: after as many epochs, and a moment, as are drawn."""
    before = trained_in(folder)
    process = toy.process(folder, 3)
    process.start()
    if draw:
        few = draw.randrange(3)
        until(lambda: trained_in(folder) >= before + few or process.exitcode is not None)
        time.sleep(draw.uniform(0, 0.1))
        draw.choice([process.kill, process.kill, process.terminate])()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL, -signal.SIGTERM)
    return process.exitcode == 0


def trained_in(folder: Path) -> int:
    """How many epochs were trained there."""
    return toy.epochs(folder).stat().st_size if toy.epochs(folder).exists() else 0


@pytest.mark.survives(
    "kills",
    "A process that trains and measures is ended by SIGKILL or SIGTERM, again and again.",
    "No cell that was kept is made again; in the end all are those of an undisturbed process, to the bit.",
    times=20,
)
def test_twenty_kills_at_random_moments_lose_nothing(
    tmp_path: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, kills = random.Random(0), 0
    for number in itertools.count():
        folder, kept, before = tmp_path / str(number), set(), kills
        folder.mkdir()
        while not ended(folder, draw if kills < 20 else None):
            kills += 1
            assert kept <= files(folder), "what was kept stays, and is not made again"
            kept = files(folder)
        assert kept <= files(folder)
        assert contents(folder, 3, monkeypatch) == contents(undisturbed, 3, monkeypatch)
        assert not list((folder / "evidence").rglob(store.ASIDE))
        assert 0 <= trained_in(folder) - 3 * toy.EPOCHS <= kills - before, "each costs an epoch at most"
        if kills == 20:
            break


@pytest.mark.survives("side by side", "Two processes measure the same cells at once.", "Each cell is made once.")
def test_two_at_once_make_each_cell_once(tmp_path: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [toy.process(tmp_path, 3) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    made = (tmp_path / "made.txt").read_text().split()
    assert len(made) == len(set(made)) == 3
    assert contents(tmp_path, 3, monkeypatch) == contents(undisturbed, 3, monkeypatch)
