"""Cells are kept whole, believed only where they are what was written, and made once."""

import errno
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lib.evidence import carry, cells, plan, store
from lib.evidence.cells import Cell, Part
from lib.evidence.records import from_arrays, to_arrays


@dataclass(frozen=True, eq=False)
class Curve:
    eps: list[float]
    correct: dict[str, NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Found:
    numbers: NDArray[np.float32]
    curves: dict[str, Curve]
    name: str
    distances: tuple[float, ...] = ()
    nothing: float | None = None
    by_eps: dict[float, int] = field(default_factory=dict)


FOUND = Found(
    np.array([0.1, np.nan, np.inf], np.float32),
    {"FGSM": Curve([0.0, 0.1 + 0.2], {"original": np.array([[True, False, True]])})},
    "a word, and é",
    (1e-300, 1 / 3),
    None,
    {0.1: 1, 1 / 3: 2},
)


def test_a_record_is_read_back_to_the_bit() -> None:
    back = from_arrays(Found, to_arrays(FOUND))
    assert back.numbers.dtype == np.float32 and back.numbers.tobytes() == FOUND.numbers.tobytes()
    curve = back.curves["FGSM"]
    assert isinstance(curve, Curve) and curve.eps == [0.0, 0.1 + 0.2]
    assert curve.correct["original"].dtype == bool and curve.correct["original"].tolist() == [[True, False, True]]
    assert (back.name, back.distances, back.nothing, back.by_eps) == (
        *(FOUND.name, FOUND.distances, None),
        FOUND.by_eps,
    )


@pytest.mark.parametrize("numbers", [torch.zeros(2), [0.0, 1.0]])
def test_what_is_no_array_is_refused_where_one_is_declared(numbers: object) -> None:
    with pytest.raises(TypeError, match=r"a record has a (Tensor|list) where its field is an array"):
        to_arrays(replace(FOUND, numbers=numbers))


def test_a_measurement_says_what_it_returns_before_it_is_made() -> None:
    def silent(setting):
        raise AssertionError

    with pytest.raises(TypeError, match="silent does not say what it returns"):
        Part("toy", "silent", silent)


@dataclass
class Changing:
    seed: int = 0


@pytest.mark.parametrize("setting", [Changing(), {"seed": 0}])
def test_a_setting_that_can_change_is_refused(setting: object) -> None:
    with pytest.raises(TypeError, match=f"a {type(setting).__name__} can change: a setting has to be"):
        Part("toy", "measured", measured)(setting)


@dataclass(frozen=True)
class Other:
    something: int


def test_a_record_of_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match="no Other"):
        from_arrays(Other, to_arrays(FOUND))


@dataclass(frozen=True)
class Whole:
    alpha: int


@dataclass(frozen=True)
class Decimal:
    alpha: float


def test_a_number_that_its_field_would_round_is_refused() -> None:
    assert from_arrays(Decimal, to_arrays(Whole(2))) == Decimal(2.0)
    with pytest.raises(ValueError, match="no Whole: its fields change what was written"):
        from_arrays(Whole, to_arrays(Decimal(2.5)))


@dataclass(frozen=True)
class Setting:
    seed: int = 0
    eps: float = 0.3

    def __str__(self) -> str:
        return f"seed {self.seed}, eps {self.eps:g}"


CALLS: list[Setting] = []


def measured(setting: Setting) -> Found:
    CALLS.append(setting)
    return replace(FOUND, numbers=np.arange(setting.seed + 3, dtype=np.float32))


def failing(setting: Setting) -> Found:
    raise ZeroDivisionError("on purpose")


PART, FAILING = Part("toy", "curve", measured), Part("toy", "failing", failing)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    found = [tmp_path / "here", tmp_path / "recorded"]
    monkeypatch.setattr(cells, "FOLDERS", found)
    CALLS.clear()
    yield found


def test_a_cell_is_measured_once_and_then_read() -> None:
    first, again = PART(Setting()).get(), PART(Setting()).get()
    assert [Setting()] == CALLS and first.numbers.tolist() == again.numbers.tolist() == [0.0, 1.0, 2.0]


def test_a_cell_says_where_it_comes_from() -> None:
    cell = PART(Setting(2))
    cell.get()
    made = cell.made
    assert (made.chapter, made.part, made.setting) == ("toy", "curve", "seed 2, eps 0.3")
    assert made.digest == cell.digest and made.seconds >= 0 and made.versions["torch"]
    assert cell.path.name.startswith("curve-seed-2-eps-0.3-") and cell.path.parent.name == "toy"


def test_another_setting_and_other_code_are_other_cells() -> None:
    digests = {PART(Setting()).digest, PART(Setting(1)).digest, PART(Setting(eps=0.1)).digest}
    assert len(digests | {FAILING(Setting()).digest}) == 4


def test_a_recorded_cell_is_found_and_new_ones_go_to_the_first_folder(folders: list[Path]) -> None:
    cell = PART(Setting())
    cell.get()
    shutil.move(folders[0] / "toy", folders[1] / "toy")
    assert cell.path.is_relative_to(folders[1]) and len(PART(Setting()).get().numbers) == 3 and len(CALLS) == 1
    PART(Setting(1)).get()
    assert PART(Setting(1)).path.is_relative_to(folders[0])


def test_a_cell_is_found_by_its_digest_whatever_it_is_called() -> None:
    cell = PART(Setting())
    cell.get()
    cell.path.rename(cell.path.with_name(f"called-otherwise-{cell.digest[:16]}.npz"))
    assert cell.is_kept and len(cell.get().numbers) == 3 and len(CALLS) == 1


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def another_program(path: Path) -> None:
    path.write_text("<html>404</html>")


def arrays_alone(path: Path) -> None:
    np.savez(path, x=np.zeros(3))


def edited(path: Path) -> None:
    """A number changed by someone who knows the format, and not the digest in it."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    numbers = next(name for name, array in arrays.items() if array.dtype == np.float32)
    arrays[numbers] = arrays[numbers] + 1
    np.savez(path, **arrays)


def of_another_cell(path: Path) -> None:
    other = PART(Setting(9))
    other.get()
    shutil.copy(other.path, path)


@pytest.mark.parametrize("spoil", [damage, cut_off, empty, another_program, arrays_alone, edited, of_another_cell])
@pytest.mark.survives(
    "disk",
    "One byte of a kept cell is changed; it is cut off, emptied, edited by hand, or another cell's file.",
    "It is named, set aside and measured again. It is never believed, and nothing is deleted.",
)
def test_what_is_no_cell_is_set_aside_and_made_anew(spoil, capsys: pytest.CaptureFixture[str]) -> None:
    cell = PART(Setting())
    cell.get()
    spoil(cell.path)
    spoiled = cell.path.read_bytes()
    CALLS.clear()
    assert cell.get().numbers.tolist() == [0.0, 1.0, 2.0] and [Setting()] == CALLS
    assert (cell.path.parent / store.ASIDE / cell.path.name).read_bytes() == spoiled, "nothing is deleted"
    said = capsys.readouterr().err
    assert str(cell.path) in said and "is no cell of this book" in said and said.count("\n") == 1


@contextmanager
def no_file_can_be_opened() -> Iterator[None]:
    """As where a process has as many files open as the system allows it."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.survives(
    "disk",
    "A kept cell cannot be read just now: too many files are open.",
    "The error names the cell, which stays where it is and is read the next time.",
)
def test_a_cell_that_cannot_be_read_just_now_stays(folders: list[Path]) -> None:
    cell = PART(Setting())
    cell.get()
    said = r"cannot be read now, and stays as it is \(.*\): '.*curve-seed-0.*\.npz'"
    for look in (cell.read, lambda: cell.contents):
        with pytest.raises(OSError, match=said) as caught, no_file_can_be_opened():
            look()
        assert caught.value.errno == errno.EMFILE
    assert not list(folders[0].rglob(store.ASIDE))
    assert len(cell.get().numbers) == 3 and len(CALLS) == 1


def test_a_disk_that_does_not_answer_is_no_damage(monkeypatch: pytest.MonkeyPatch, folders: list[Path]) -> None:
    """Given a path, zipfile says of such a disk that the file is no zip file."""
    cell = PART(Setting())
    cell.get()

    class Failing(io.FileIO):
        def readinto(self, *_: object) -> int:
            raise OSError(errno.EIO, "Input/output error")

        readall = read = readinto

    with monkeypatch.context() as patch:
        for where in ("io.open", "builtins.open"):
            patch.setattr(where, lambda path, *_, **__: Failing(path))
        with pytest.raises(OSError, match=r"\(Input/output error\): '.*curve-seed-0"):
            cell.read()
    assert not list(folders[0].rglob(store.ASIDE)) and cell.read()


def test_a_cell_that_cannot_be_read_is_left_out_of_an_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    PART(Setting()).get()
    with monkeypatch.context() as patch:
        patch.setattr(np, "load", lambda *_, **__: raised(PermissionError(errno.EACCES, "Permission denied")))
        assert list(plan.experience()) == []
    assert len(list(plan.experience())) == 1


def test_a_measurement_that_fails_leaves_nothing(folders: list[Path]) -> None:
    with pytest.raises(ZeroDivisionError):
        FAILING(Setting()).get()
    assert not list(folders[0].glob("toy/*"))


def test_a_full_disk_leaves_nothing_and_names_the_file(monkeypatch: pytest.MonkeyPatch, folders: list[Path]) -> None:
    def full(*arguments, **arrays) -> None:
        arguments[0].write(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez_compressed", full)
        with pytest.raises(OSError, match=r"curve-seed-0.*\.npz.*No space left.*MB"):
            PART(Setting()).get()
    assert not list(folders[0].glob("toy/*"))
    assert len(PART(Setting()).get().numbers) == 3


def test_a_damaged_cell_is_missing() -> None:
    cell = PART(Setting())
    cell.get()
    cut_off(cell.path)
    assert [task.cell for task in plan.missing([cell])] == [cell] and not cell.is_kept


@pytest.mark.survives(
    "disk",
    "A damaged cell lies on a disk that may only be read.",
    "It is named and ignored; a recorded one takes its place.",
)
def test_a_damaged_cell_that_cannot_be_moved_is_ignored(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a disk that can only be read, it is not looked at for ever; a recorded one takes its place."""
    cell = PART(Setting())
    cell.get()
    recorded = folders[1] / "toy" / cell.path.name
    recorded.parent.mkdir(parents=True)
    shutil.copy(cell.path, recorded)
    cut_off(cell.path)

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "replace", refuse)
    CALLS.clear()
    assert len(cell.get().numbers) == 3 and not CALLS
    assert "cannot be moved (Read-only file system) and is ignored" in capsys.readouterr().err
    recorded.unlink()
    assert cell.read() is None


def test_a_cell_of_a_chapter_that_is_no_name_is_not_taken_over(
    tmp_path: Path, folders: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    cell = PART(Setting())
    record, made = cell.make()
    store.write(cell.path, record, replace(made, chapter="../../elsewhere"))
    carry.export([cell], tmp_path / "cells.zip")
    cell.path.unlink()
    assert carry.bring(tmp_path / "cells.zip") == carry.Brought(0, 0)
    assert "left out" in capsys.readouterr().err and not list(tmp_path.rglob("elsewhere"))


def test_a_whole_cell_that_its_record_s_fields_cannot_hold_is_an_error_and_stays(monkeypatch) -> None:
    """An annotation is in no digest: to set cells aside for one would throw away what took hours."""
    cell = PART(Setting())
    cell.get()
    monkeypatch.setattr(Part, "record", Other)
    with pytest.raises(TypeError, match="is whole, but Other has other fields now"):
        cell.read()
    assert cell.path.exists() and not list(cell.path.parent.rglob(store.ASIDE))


# Carrying


def wanted(count: int) -> list[Cell]:
    return [PART(Setting(seed)) for seed in range(count)]


def test_cells_go_to_another_machine_and_back(tmp_path: Path, folders: list[Path]) -> None:
    for cell in wanted(3):
        cell.get()
    target = tmp_path / "cells.zip"
    assert carry.export([*wanted(3), PART(Setting(9))], target) == carry.Exported(3, 0, 0)
    wanted(1)[0].path.unlink()
    CALLS.clear()
    assert carry.bring(target) == carry.Brought(1, 2)
    assert [len(cell.get().numbers) for cell in wanted(3)] == [3, 4, 5] and not CALLS


def test_a_whole_cell_takes_the_place_of_a_damaged_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cell = PART(Setting())
    cell.get()
    carry.export([cell], tmp_path / "cells.zip")
    cut_off(cell.path)
    assert carry.bring(tmp_path / "cells.zip") == carry.Brought(1, 0)
    CALLS.clear()
    assert len(cell.get().numbers) == 3 and not CALLS and not capsys.readouterr().err


@pytest.mark.survives(
    "disk",
    "A file of cells from another machine holds what is no cell, or is no such file.",
    "What is no cell is named and left out; a file that is none is refused in one line.",
)
def test_what_is_no_cell_is_not_taken_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import zipfile

    cell = PART(Setting())
    cell.get()
    target = tmp_path / "cells.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("toy/note.txt", "hello")
        archive.write(cell.path, "../../outside-0123456789abcdef.npz")
    cell.path.unlink()
    assert carry.bring(target) == carry.Brought(0, 0)
    assert capsys.readouterr().err.count("left out") == 2 and not list(tmp_path.rglob("outside*"))
    target.write_text("nothing")
    with pytest.raises(carry.CarryError, match="no file of cells"):
        carry.bring(target)


def test_of_an_archive_that_is_damaged_in_a_place_the_rest_is_taken_over(tmp_path: Path, capsys) -> None:
    import zipfile

    cells = [cell for cell in wanted(3) if cell.get()]
    target = tmp_path / "cells.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.mkdir("toy")  # as `zip -r` writes it
        for cell in cells:
            archive.write(cell.path, f"toy/{cell.path.name}")
        place = archive.getinfo(f"toy/{cells[1].path.name}").header_offset
    spoilt = bytearray(target.read_bytes())
    spoilt[place + len(cells[1].path.name) + 60] ^= 0xFF
    target.write_bytes(spoilt)
    for cell in cells:
        cell.path.unlink()
    assert carry.bring(target) == carry.Brought(2, 0) and [cell.is_kept for cell in cells] == [True, False, True]
    assert f"toy/{wanted(3)[1].path.name}: left out, it cannot be read" in capsys.readouterr().err


def test_cells_that_cannot_be_read_just_now_are_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folders: list[Path]
) -> None:
    cell, target = PART(Setting()), tmp_path / "cells.zip"
    cell.get()
    carry.export([cell], target)
    cell.path.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(np, "load", lambda *_, **__: raised(OSError(errno.EIO, "Input/output error")))
        with pytest.raises(carry.CarryError, match=r"cells\.zip cannot be taken over .*Input/output error"):
            carry.bring(target)
    assert carry.bring(target) == carry.Brought(1, 0)


def raised(error: Exception) -> None:
    raise error
