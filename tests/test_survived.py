"""The page on what the book survives is made from a run of just those tests that make the faults."""

import json
from collections.abc import Mapping
from pathlib import Path

import campaign
import pytest

from lib.ledger.results import RECORDED
from lib.site import survives

RECORD = RECORDED / survives.FILE
AGAIN = "the tests were changed since `make test-faults` was run: run it again"

SUITE = """\
import pytest

@pytest.mark.survives("disk", "A {disk} is full for `a_b`.", "It is | named.", times=5)
@pytest.mark.parametrize("case", [0, 1, 2])
def test_disk(case):
    if case == 2:
        pytest.skip("no disk")

@pytest.mark.survives(kind="kills", tried="It is ended.", happens="It goes on.")
@pytest.mark.campaign
def test_kill():
    assert OUTCOME

def test_other():
    assert False
"""
INI = "[pytest]\nmarkers =\n survives\n campaign\n"


def told(entry: Mapping) -> list[str]:
    return [entry[name] for name in campaign.TELLS]


def test_the_record_has_the_tests_that_carry_the_marker_with_their_words() -> None:
    recorded = {entry["test"]: entry for entry in json.loads(RECORD.read_text(encoding="utf-8"))["tests"]}
    marked = campaign.marked()
    assert marked and recorded.keys() == marked.keys(), AGAIN
    for test, marker in marked.items():
        entry = recorded[test]
        assert told(entry) == [marker.kind, marker.tried, marker.happens], f"{test}: {AGAIN}"
        assert entry["times"] % marker.times == 0 and (entry["times"] or entry["outcome"] == "skipped"), test
    assert [test for test, entry in recorded.items() if entry["outcome"] == "failed"] == []


def ran(folder: Path, name: str, suite: str, only: str = "") -> tuple[int, dict]:
    """The exit status of such tests, and the record that was written of them."""
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / f"{name}.py").write_text(suite)
    (folder / "pytest.ini").write_text(INI)
    target = folder / "recorded" / survives.FILE
    quiet = ["-q", "--import-mode=importlib", "-p", "no:cacheprovider", "-c", str(folder / "pytest.ini")]
    asked = ["-m", "survives", "--survived", str(target), "-k", only, str(folder)]
    status = pytest.main([*quiet, *asked], plugins=[campaign])
    return status, json.loads(target.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("outcome", "status"), [("True", 0), ("False", 1)])
def test_a_run_is_recorded_test_by_test_and_the_page_tells_it(tmp_path: Path, outcome: str, status: int) -> None:
    name = f"test_{outcome.lower()}"  # pytest imports a module of one name once
    ended, record = ran(tmp_path, name, SUITE.replace("OUTCOME", outcome))
    assert ended == status
    kill, disk = record["tests"]
    assert [kill["test"], disk["test"]] == [f"tests/{name}.py::test_kill", f"tests/{name}.py::test_disk"]
    assert kill["outcome"] == ("passed" if outcome == "True" else "failed") and kill["times"] == 1
    assert (disk["outcome"], disk["why"], disk["times"]) == ("skipped", "no disk", 10), "five in each case that ran"
    assert {test: told(entry) for test, entry in zip(("test_kill", "test_disk"), record["tests"], strict=True)} == {
        test.partition("::")[2]: [one.kind, one.tried, one.happens]
        for test, one in campaign.marked(tmp_path / "tests").items()
    }

    page = survives.fragment(tmp_path / "recorded")
    assert "2 faults were tried, in 11 trials." in page and "1 could not be tried in full" in page
    assert ("In each the book did what the tables say." in page) == (outcome == "True")
    assert ("**failed**" in page) == (outcome == "False")
    assert r"| A \{disk\} is full for `a_b`. | It is \| named. | 10 | not tried in full: no disk |" in page
    assert page.index("## Kills") < page.index("## Disk") and "## Downloads" not in page


def test_a_run_of_some_tests_leaves_what_the_record_has_of_the_others(tmp_path: Path) -> None:
    ran(tmp_path, "test_before", SUITE.replace("OUTCOME", "True"))
    target = tmp_path / "recorded" / survives.FILE
    kept = json.loads(target.read_text(encoding="utf-8"))
    for one in kept["tests"]:
        one["finished"] = "2020-01-02T03:04:05+00:00"
    gone = kept["tests"][0] | {"test": "tests/test_before.py::test_gone"}
    target.write_text(json.dumps({"tests": [*kept["tests"], gone]}))
    (tmp_path / "tests" / "test_before.py").write_text(SUITE.replace("It goes on.", "It ends."))
    _, record = ran(tmp_path, "test_after", SUITE.replace("OUTCOME", "True"), only="test_after")
    assert [(one["test"], one["finished"] == "2020-01-02T03:04:05+00:00") for one in record["tests"]] == [
        ("tests/test_after.py::test_kill", False),
        ("tests/test_after.py::test_disk", False),
        ("tests/test_before.py::test_disk", True),
    ]
    page = survives.fragment(tmp_path / "recorded")
    assert "- 2 faults: " in page and "- 1 fault: 2020-01-02 03:04" in page


def test_without_a_record_the_page_says_what_makes_one(tmp_path: Path) -> None:
    assert survives.fragment(tmp_path) == "Nothing is recorded yet: `make test-faults` tries it."


@pytest.mark.parametrize(
    "suite",
    [
        "import pytest\npytestmark = pytest.mark.survives('disk', 'a', 'b')\n",
        "import pytest\nclass TestAll:\n    @pytest.mark.survives('disk', 'a', 'b')\n    def test_it(self): ...\n",
        "import pytest\nWORD = 'a'\n@pytest.mark.survives('disk', WORD, 'b')\ndef test_it(): ...\n",
        "import pytest\n@pytest.mark.survives('discs', 'a', 'b')\ndef test_it(): ...\n",
    ],
)
def test_a_marker_whose_words_cannot_be_told_from_the_source_is_refused(tmp_path: Path, suite: str) -> None:
    (tmp_path / "test_suite.py").write_text(suite)
    with pytest.raises(ValueError):
        campaign.marked(tmp_path)
