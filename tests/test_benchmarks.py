"""The benchmarks measure side by side, count only equal results, and their page shows what was measured."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from standing_clock import Clock

from benchmarks import __main__ as bench
from benchmarks import aims, attacks, scan, steps, timing, training
from benchmarks.timing import Contender, Row
from lib import compute
from lib.site import benchmarks as page_on_speed

CPU = torch.device("cpu")
CLOCK = Clock()
"""By which what sleeps is timed, so that each takes its own time and no more."""
LITTLE = bench.Size(
    rounds=1,
    attacked=20,
    batch_size=10,
    train_images=128,
    scanned=2,
    epochs=1,
    resnet_images=20,
    resnet50=steps.Size(images=8, epochs=1, batch_size=4),
    madry=steps.Size(images=8, epochs=1, batch_size=4, attack_steps=2),
)


def asleep(seconds: float, score: float = 1.0) -> Callable[[], timing.Run]:
    """What prepares a run that takes that long and returns its score."""

    def run() -> float:
        CLOCK.sleep(seconds)
        return score

    return lambda: run


def failing(good_runs: int = 0) -> Callable[[], timing.Run]:
    """What prepares a run that raises after some good ones."""
    count = itertools.count()

    def run() -> float:
        if next(count) >= good_runs:
            raise RuntimeError("it | broke")
        return 1.0

    return lambda: run


def row(**contenders: Callable[[], timing.Run]) -> Row:
    """A row of contenders, of which `ours` is ours."""
    made = [Contender(name, prepare, ours=name.startswith("ours")) for name, prepare in contenders.items()]
    return Row("Sleeping", 10, made, lambda result: result, "success rate", tolerance=0.01, aim=1.5)


def measured(rounds: int = 3, least_seconds: float = 0, **contenders: Callable[[], timing.Run]) -> dict:
    """That row, timed by the clock of the tests, under made-up conditions."""
    facts = {"device": "cpu", "threads": 1, "cores": 2, "versions": {"torch": "2.14"}, "load_at_start": 0.1}
    facts |= {"started": "2026-01-02T03:04:05+00:00", "load_at_end": 0.9}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timing, "time", CLOCK)
        return timing.measure(row(**contenders), rounds, CPU, least_seconds=least_seconds) | {"conditions": facts}


def test_the_ratio_is_that_to_the_fastest_peer() -> None:
    result = measured(ours=asleep(0.01), slow=asleep(0.06), fast=asleep(0.03))
    assert result["ratios"]["ours"]["against"] == "fast"
    assert result["ratios"]["ours"]["median"] == pytest.approx(3, rel=0.1)
    assert result["counts"]


def test_the_ratio_is_taken_round_by_round() -> None:
    """A machine that is ten times slower in one round is so for both."""
    entries = {
        "ours": {"ours": True, "seconds": [1.0, 10.0, 2.0], "score": 1.0, "error": None},
        "peer": {"ours": False, "seconds": [2.0, 20.0, 4.0], "score": 1.0, "error": None},
    }
    ratio = timing.judge(entries, 0.01)["ratios"]["ours"]
    assert ratio == {"median": 2, "low": 2, "high": 2, "against": "peer"}


def test_contenders_take_turns_and_each_is_first_in_turn() -> None:
    order = []

    def noted(name: str) -> Callable[[], timing.Run]:
        return lambda: lambda: order.append(name) or 1.0

    measured(ours=noted("ours"), a=noted("a"), b=noted("b"))
    assert order[-9:] == ["ours", "a", "b", "a", "b", "ours", "b", "ours", "a"]


def test_short_runs_are_repeated_and_the_time_is_that_of_one() -> None:
    calls = itertools.count()

    def counted() -> float:
        next(calls)
        return asleep(0.002)()()

    result = measured(1, least_seconds=0.05, ours=lambda: counted, peer=asleep(0.002))
    (seconds,) = result["contenders"]["ours"]["seconds"]
    assert seconds == pytest.approx(0.002, rel=0.1) and next(calls) > 10


def test_unequal_results_do_not_count() -> None:
    result = measured(ours=asleep(0.001, 0.90), peer=asleep(0.002, 0.92), other=asleep(0.002, 0.90))
    assert not result["counts"]
    assert measured(ours=asleep(0.001, 0.90), peer=asleep(0.002, 0.905))["counts"]


@pytest.mark.parametrize("good_runs", [0, 4])
def test_a_peer_that_fails_is_reported_and_the_others_are_measured(good_runs: int) -> None:
    """On the way, too: here after warming up."""
    result = measured(5, ours=asleep(0.001), broken=failing(good_runs), peer=asleep(0.002))
    assert result["contenders"]["broken"]["error"] == "RuntimeError: it | broke"
    assert result["ratios"]["ours"]["against"] == "peer"
    assert "broken failed: RuntimeError: it | broke" in bench.report("row", result)
    page = page_on_speed.fragments({"cpu": {"row": result}}, "_generated")
    assert "failed: RuntimeError: it \\| broke" in page["times"]


def test_a_peer_that_cannot_be_had_is_reported() -> None:
    def missing() -> timing.Run:
        raise ImportError("no such package")

    result = measured(ours=asleep(0.001), peer=missing)
    assert result["contenders"]["peer"]["error"] == "ImportError: no such package"
    assert result["ratios"] == {}
    assert not result["counts"]
    assert page_on_speed.reached(result, None) == "no ratio: peer failed"


@pytest.fixture(scope="module")
def little(all_digits, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """All rows, on next to nothing."""
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(training.fit.__kwdefaults__, "snapshots", tmp_path_factory.mktemp("snapshots"))
        patch.setitem(timing.measure.__kwdefaults__, "least_seconds", 0.0)
        return dict(bench.run(bench.ROWS, LITTLE, all_digits))


def test_every_row_has_a_ratio_and_no_contender_fails(little: dict[str, dict]) -> None:
    assert list(little) == bench.ROWS
    errors = [
        (name, one, entry["error"]) for name, result in little.items() for one, entry in result["contenders"].items()
    ]
    assert [found for found in errors if found[2]] == []
    assert all(result["ratios"] for result in little.values())
    assert {len(entry["seconds"]) for result in little.values() for entry in result["contenders"].values()} == {1}


def test_the_peers_do_the_same_work(little: dict[str, dict]) -> None:
    assert [name for name in ("fgsm", "bim-10", "pgd-40", "scan") if not little[name]["counts"]] == []
    assert set(attacks.PEERS) < set(little["fgsm"]["contenders"])


def test_the_example_reads_the_same_images(digits) -> None:
    x, y = digits.x_train[:64], digits.y_train[:64]
    for loader in (training.example_loader(x, y), training.tensor_loader(x, y)):
        ((data, target),) = loader
        order = data.flatten(1).sum(1).argsort()
        expected = x.flatten(1).sum(1).argsort()
        torch.testing.assert_close(data[order], x[expected])
        assert target[order].tolist() == y[expected].tolist()


def test_the_plain_scan_leaves_the_network_as_it_was(digits) -> None:
    model = scan.build(scan.resnet, 0, CPU, name="resnet18", images="digits").eval()
    before = scan.first_convolution(model).weight.clone()
    correct = scan.one_by_one(model, digits.x_test[:2], digits.y_test[:2])
    assert correct.shape == (64, 2)
    assert torch.equal(scan.first_convolution(model).weight, before)


def test_rows_of_other_devices_and_other_rows_stay(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.json"
    bench.keep(path, "cuda", "fgsm", {"old": 1})
    bench.keep(path, "cpu", "scan", {"old": 2})
    results = bench.keep(path, "cpu", "fgsm", {"new": 3})
    assert results == json.loads(path.read_text())
    assert results == {"cuda": {"fgsm": {"old": 1}}, "cpu": {"fgsm": {"new": 3}, "scan": {"old": 2}}}
    assert list(results["cpu"]) == ["fgsm", "scan"]


# ---- The page ----


def with_ratio(median: float, high: float, aim: float = 1.3, **changed: object) -> dict:
    """A row whose ratio is this."""
    ratio = {"median": median, "low": median - 0.1, "high": high, "against": "peer"}
    return {"ratios": {"ours": ratio}, "counts": True, "aim": aim} | changed


def test_an_aim_is_reached_or_missed_by_what_the_ratio_says() -> None:
    assert page_on_speed.reached(with_ratio(1.3, 1.4), "ours") == "yes"
    assert page_on_speed.reached(with_ratio(1.297, 1.4), "ours") == "yes"  # what the page shows is 1.30
    assert page_on_speed.reached(with_ratio(1.1, 1.2), "ours") == "missed by 0.20"
    assert page_on_speed.reached(with_ratio(1.25, 1.35), "ours") == "missed by 0.05 (within the rounds' quartiles)"
    unequal = with_ratio(9, 9, counts=False, score_name="success rate", tolerance=0.01)
    assert page_on_speed.reached(unequal, "ours") == "does not count: success rate differs by more than 0.01"


def test_the_page_shows_what_the_file_holds(little: dict[str, dict], tmp_path: Path) -> None:
    recorded, target = tmp_path / "recorded", tmp_path / "book"
    for name, result in little.items():
        results = bench.keep(recorded / "benchmarks.json", "cpu", name, result)
    bench.chart.draw(results, recorded)
    generated = target / "_generated"
    generated.mkdir(parents=True)
    page = page_on_speed.stage(target, generated, recorded)
    for result in little.values():
        for ours, ratio in result["ratios"].items():
            assert f"{ratio['median']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]" in page["benchmarks_ratios"]
            assert f"{ours}: {ratio['median']:.2f}, aim {result['aim']:g}" in page["benchmarks_chart"]
        for name, entry in result["contenders"].items():
            cells = f"{result['title']} | {name} |"
            assert any(
                line.startswith(f"| {cells}") and f"{entry['score']:.3f}" in line
                for line in page["benchmarks_times"].splitlines()
            )
    assert "Not measured on a GPU." in page["benchmarks_summary"]
    for picture in (page_on_speed.CHART, page_on_speed.PARTS_CHART):
        assert (generated / picture).read_bytes() == (recorded / picture).read_bytes()
    for name, result in little.items():
        cells = f"| {result['title']} | – | – | {result['aims']['cuda']:g} | not measured on a GPU |"
        assert cells in page["benchmarks_ratios"], name
    for name in ("resnet-50", "madry"):
        assert f"| {little[name]['title']} | CPU |" in page["benchmarks_parts"]
        whole = sum(little[name]["parts"].values())
        for part, seconds in little[name]["parts"].items():
            assert f"{part} {seconds / whole:.0%}" in page["benchmarks_parts"]
    assert "What a step is made of is not measured on a GPU." in page["benchmarks_parts"]


def test_equal_work_is_counted_apart_from_stopping_early() -> None:
    contenders = {"ours": asleep(0.01), "ours, stopping early": asleep(0.002), "peer": asleep(0.01)}
    page = page_on_speed.fragments({"cpu": {"row": measured(**contenders)}}, "_generated")
    said = "On the CPU, 0 of 1 rows reach their aim where all do the same work; stopping early, 1 of 1 do."
    assert page["summary"].startswith(said)


def test_without_a_recorded_run_the_page_says_so(tmp_path: Path) -> None:
    page = page_on_speed.stage(tmp_path, tmp_path / "_generated", tmp_path / "nothing here")
    assert "make bench" in page["benchmarks_ratios"]


@pytest.mark.parametrize(("start", "end", "expected"), [(0.1, 1.9, False), (1.5, 1.9, True), (0.1, 5.0, True)])
def test_a_busy_machine_is_named(start: float, end: float, expected: bool) -> None:
    result = measured(ours=asleep(0.001), peer=asleep(0.002))
    result["conditions"] |= {"threads": 2, "load_at_start": start, "load_at_end": end}
    page = page_on_speed.fragments({"cpu": {"row": result}}, "_generated")["conditions"]
    assert ("other work" in page) == expected


def test_everything_that_the_page_includes_is_there() -> None:
    text = (compute.ROOT / "book" / "benchmarks.md").read_text()
    fragments = page_on_speed.fragments({}, "_generated")
    assert {line.split("benchmarks_")[1][:-3] for line in text.splitlines() if "_generated/" in line} == set(fragments)


def test_each_peer_s_seconds_stand_beside_ours() -> None:
    result = measured(**{name: asleep(0.001) for name in ("ours", "ours_too", "peer")})
    for name, seconds in {"ours": [1.0, 2.0, 3.0], "ours_too": [9.0], "peer": [5.0, 3.0, 30.0]}.items():
        result["contenders"][name]["seconds"] = seconds
    table = page_on_speed.fragments({"cpu": {"row": result}}, "_generated")["times"]
    assert "| peer | 2.50 | 5 [3, 30] | 2 |" in table and "| ours\\_too | 4.50 | 9 [9, 9] |" in table


def test_what_is_measured_on_a_gpu_is_not_said_to_be_missing() -> None:
    result = measured(ours=asleep(0.001), peer=asleep(0.002)) | {"aims": {"cpu": 1.2, "cuda": 6.0}}
    page = page_on_speed.fragments({"cpu": {"row": result}}, "_generated")
    assert "| Sleeping | – | – | 6 | not measured on a GPU | – | GPU |" in page["ratios"]
    both = page_on_speed.fragments({"cpu": {"row": result}, "cuda": {"row": result}}, "_generated")
    assert "not measured" not in both["ratios"] + both["summary"].lower()
    assert both["ratios"].count("| Sleeping |") == 2


def test_every_row_has_an_aim_on_both_kinds_of_device(little: dict[str, dict]) -> None:
    assert list(aims.AIMS) == bench.ROWS
    assert all(result["aim"] == result["aims"]["cpu"] for result in little.values())
    assert aims.aims("resnet-50", torch.device("cuda"))["aim"] == 6.0
    assert aims.aims("madry", torch.device("mps"))["aim"] == aims.AIMS["madry"]["cpu"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["fgsm", "--device", "cuda"])
    assert "no CUDA device" in capsys.readouterr().err


def test_a_row_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["nonsense"])
    assert "there are: fgsm" in capsys.readouterr().err
