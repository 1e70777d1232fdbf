"""A network of one's own is judged by the functions that judge the book's, and doubted by the same signs."""

import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
import torch
from judged import Around, nearest_mean

from lib import compute, data
from lib.chapters.common_ground.defences import DEFENCES
from lib.chapters.common_ground.first import held_out
from lib.chapters.common_ground.judging import WORST, judge_network
from lib.judge import Verdict, beside, judge, keep, words, written
from lib.judge.card import card
from lib.judge.images import sample
from lib.judge.page import page
from lib.judge.verdict import COLUMNS
from lib.measure.intervals import rate

ASKED = {"steps": 2, "queries": 20, "n_lbfgs": 1}
RADII = (0.05, 0.3)
SCHEMA = json.loads((compute.ROOT / "lib" / "judge" / "verdict.schema.json").read_text())


@pytest.fixture(scope="module")
def verdict(few_to_judge, networks_to_judge) -> Verdict:
    network, other = networks_to_judge
    return judge(network, eps=RADII, n_images=40, other=other, name="the nearest  $mean_", **ASKED)


def test_the_numbers_are_those_of_the_chapter_to_the_bit(verdict, few_to_judge, networks_to_judge) -> None:
    network, other = networks_to_judge
    for eps in RADII:
        expected, found = judge_network(network, held_out("digits", 40), eps, other=other, **ASKED), verdict.at[eps]
        assert list(found.outcomes) == list(expected.outcomes) == list(COLUMNS)
        for one, two in ((found.outcomes, expected.outcomes), (found.checks, expected.checks)):
            assert all(np.array_equal(one[name], two[name]) for name in two) and one.keys() == two.keys()
        assert np.array_equal(found.distances, expected.distances) and np.array_equal(found.y, expected.y)
        assert verdict.flags(eps) == expected.flags
        assert verdict.safe(eps) == rate([expected.worst]) == verdict.measured(eps, WORST)
    assert 0 < verdict.safe(0.05).mean < verdict.measured(0.05, "clean").mean  # something to tell apart


def test_what_is_not_there_is_named_with_what_is(verdict) -> None:
    with pytest.raises(LookupError, match=r"no column 'PGD' in this verdict; there are worst case, clean, .*PGD-40"):
        verdict.measured(0.05, "PGD")
    for asks in (verdict.safe, verdict.flags, verdict.raised, lambda eps: verdict.measured(eps, "clean")):
        with pytest.raises(LookupError, match=r"no eps 0\.2 in this verdict; there are 0\.05, 0\.3"):
            asks(0.2)


def test_numbers_of_numpy_are_numbers(few_to_judge, networks_to_judge) -> None:
    network, other = networks_to_judge
    counts = {name: np.int64(count) for name, count in ASKED.items()}
    found = judge(network, eps=np.float32(0.1), n_images=np.int64(20), other=other, **counts)
    assert found.n == 20 and found.safe(0.1) == found.safe(np.float32(0.1)) == found.measured(0.1, WORST)
    jsonschema.validate(json.loads(json.dumps(written.as_json(found))), SCHEMA)


def test_parameters_that_are_frozen_are_counted(digits, few_to_judge, networks_to_judge) -> None:
    frozen = nearest_mean(digits).requires_grad_(False)
    assert judge(frozen, other=networks_to_judge[1], **ASKED).subject.parameters == 784 * 10 + 10


def test_a_network_is_transferred_through_as_in_the_book_s_rows(few_to_judge) -> None:
    experiment = beside.experiment("digits")
    assert {cell.setting.other for cell in experiment.attacked()} == {beside.trained_apart(sample("digits", 10))}
    assert beside.experiment("cifar10") is None


def rounded(x: torch.Tensor) -> torch.Tensor:
    """Four grey levels, through which no gradient passes."""
    return (3 * x).round() / 3


def detached(x: torch.Tensor) -> torch.Tensor:
    """The same images, from which autograd knows no way back."""
    return x.detach()


@pytest.mark.parametrize(
    ("cheat", "why"),
    [(rounded, "it is zero on every image"), (detached, "autograd finds no way from the logits to the images")],
)
def test_a_defence_that_hides_its_gradient_raises_red_flags_and_is_judged_by_what_needs_none(
    cheat, why, few_to_judge, networks_to_judge, tmp_path
) -> None:
    network, other = networks_to_judge
    found = judge(Around(network, before=cheat), eps=(0.3,), n_images=40, other=other, **ASKED | {"queries": 200})
    clean, *followed, left = (found.measured(0.3, name).mean for name in ("clean", "FGSM", "BIM-10", "PGD-40", WORST))
    assert found.is_void and set(followed[:2]) == {clean} and left < clean / 2
    up = {flag.name for flag in found.raised(0.3)}
    assert {"gradients are zero", "black box beats white box", "search beats white box"} <= up
    assert "a huge eps does not break it" in up
    told = " ".join(card(found).split())
    assert "compared with nothing" in words.compared(found, 0.3, beside.rows("digits", 0.3))
    assert f"! NO GRADIENT REACHES THE IMAGES: {why}." in told and told.count("(void)") == 6
    assert f"worst case ≤ {left:.3f} [" in told and words.cell(found, 0.3, WORST).endswith("] (void)")
    assert page(found, {0.3: None}, tmp_path).count("<br><small>void</small>") == 5


def test_without_another_network_there_is_no_transfer_and_that_is_said(
    few_to_judge, networks_to_judge, tmp_path
) -> None:
    network, _ = networks_to_judge
    path = tmp_path / "own.npz"
    np.savez(path, x=few_to_judge.x_test[:40].cpu().numpy(), y=few_to_judge.y_test[:40].cpu().numpy().astype(np.int32))
    found = judge(network, data=path, eps=(0.1,), **ASKED)
    assert found.measured(0.1, "transfer") is None and "transfer" not in found.at[0.1].outcomes
    assert "black box beats white box" not in {flag.name for flag in found.flags(0.1)} and len(found.flags(0.1)) == 6
    assert found.subject.origin == "all 40 images of own.npz"
    told = " ".join(card(found).split())
    assert (
        "No transfer was tried" in told
        and "--other module:function, or other= in Python" in told
        and "not measured" in told
    )
    shown = written.as_json(found)
    jsonschema.validate(shown, SCHEMA)
    assert shown["at"][0]["accuracy"]["transfer"] is None and shown["attacks"]["transferred_through"] is None
    assert "The book judges no network on own.npz" in words.compared(found, 0.1, beside.rows(found.subject.data, 0.1))


def test_the_json_holds_every_image_and_where_it_comes_from(verdict, few_to_judge, tmp_path) -> None:
    found = json.loads(written.write(verdict, tmp_path).read_text())
    jsonschema.validate(found, SCHEMA)
    assert [one["eps"] for one in found["at"]] == list(RADII)
    for one in found["at"]:
        of = verdict.at[one["eps"]]
        for column in COLUMNS:
            kept = np.array(list(one["accuracy"][column]["correct"])) == "1"
            assert np.array_equal(kept, of.outcomes[column]) and one["accuracy"][column]["mean"] == kept.mean()
        assert len(one["lbfgs"]["l2"]) == 1
    assert found["data"]["indices"] == data.sample(few_to_judge.y_test, verdict.n).tolist()
    assert found["data"]["classes"] == few_to_judge.y_test[found["data"]["indices"]].tolist()
    assert found["provenance"]["versions"]["torch"] and len(found["network"]["weights"]) == 64


@pytest.mark.parametrize("damage", ["network", "data", "at", "provenance"])
def test_the_schema_asks_for_each_part(damage, verdict) -> None:
    found = written.as_json(verdict)
    del found[damage]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SCHEMA)


def test_the_card_has_each_attack_once_with_its_interval(verdict) -> None:
    told = card(verdict)
    for column in COLUMNS:
        line = next(line for line in told.splitlines() if line.startswith(f"{column} "))
        assert all(words.share(verdict.measured(eps, column)) in line for eps in RADII)
    assert all(len(line) <= 72 for line in told.splitlines() if "[" in line)


def test_a_notebook_has_the_table_the_json_and_the_page_by_one_call_each(verdict, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(verdict) == card(verdict) and str(verdict.safe(0.3)) == f"{verdict.safe(0.3):.3f}"
    index = keep(verdict, "found/here")
    assert index == tmp_path / "found" / "here" / "page" / "index.html" and "verdict.json" in index.read_text()
    assert json.loads((tmp_path / "found" / "here" / "verdict.json").read_text()) == written.as_json(verdict)


def test_the_page_shows_the_book_s_rows_and_what_is_missing_as_missing(verdict, tmp_path) -> None:
    rows = {eps: beside.rows("digits", eps) for eps in RADII}
    none = {name: np.zeros_like(hits) for name, hits in verdict.at[0.3].correct.items()}
    assert rows[0.05] is None and len(rows[0.3].known) == len(DEFENCES)
    text = page(verdict, rows, tmp_path)
    assert (tmp_path / "eps-0.3.svg").exists() and (tmp_path / "eps-0.05.svg").exists()
    assert "The book judges no network on digits at this eps." in text
    assert (
        text.count("the nearest $mean_") > 2
        and r"# the nearest \$mean\_ under attack" in text
        and text.count("PGD training (Madry 2018)") >= 1
    )
    fooled = beside.Known([replace(verdict.at[0.3], correct=none)], "fooled (F.)", 1)
    least = beside.Rows(rows[0.3].experiment, [fooled, fooled])
    assert "Of the book's 2 networks, 2 have a lower worst case." in words.compared(verdict, 0.05, least)
    missing = [beside.Known([], "nobody (N.)", 3)]
    text = page(verdict, rows | {0.3: beside.Rows(rows[0.3].experiment, missing)}, tmp_path)
    (line,) = [line for line in text.splitlines() if "nobody (N.)" in line]
    assert line.count("<td>not measured</td>") == len(COLUMNS) + 2 and "<td>0 of 3</td>" in line
    assert "are not measured yet" in text
