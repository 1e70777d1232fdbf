"""What the page of the chapter on mitigation says besides its answers: tables, sentences, listings."""

import re
from dataclasses import replace
from pathlib import Path

import mitigation_records as made
import nbformat
import numpy as np
import pytest
import torch
import yaml
from mitigation_records import EXPERIMENT, LIKENESS, detector, networks, outcome, searches, substitute, targeted

from lib import book
from lib.attack import GradientStep
from lib.chapters.mitigation import frames, here, summary
from lib.chapters.mitigation.contradictions import CONTRADICTIONS
from lib.chapters.mitigation.listings import LISTINGS, tried
from lib.chapters.mitigation.measure_attacks import Curve
from lib.chapters.mitigation.measure_digits import Pictures, PicturesRecord
from lib.chapters.mitigation.measure_retraining import BoundaryRecord, Surroundings
from lib.measure.boundary import Slice
from lib.measure.red_flags import Probes, flags

THREE = [0.99] * 3
SUBSTITUTES = [substitute(0.8, 0.5)] * 3
DETECTORS = [detector(1.0, 0.7, 0.9)] * 3


def first_numbers(column: object) -> list[str]:
    """The means of a column of measurements."""
    return [str(cell).split()[0] if cell else "" for cell in column]


# Tables


def test_the_code_line_runs_once_its_name_is_one_and_is_then_the_step_without_the_sign(linear: torch.nn.Module) -> None:
    x, y = torch.rand(3, 1, 28, 28), torch.tensor([0, 1, 0])
    gradient = GradientStep(clip=None).gradient(linear, x, y)
    found = [tried(one, image=x, x=x, ε=0.3, data_grad=gradient) for one in LISTINGS]
    assert [said.split(":")[0] for said, _ in found] == ["SyntaxError", "SyntaxError", "runs"]
    torch.testing.assert_close(found[-1][1], GradientStep(eps=0.3, clip=None)(linear, x, y))


def test_the_tables_of_the_paper_s_own_faults_have_all_of_them() -> None:
    assert frames.listings()["what happens"].str.startswith(("SyntaxError", "runs")).all()
    assert len(frames.listings()) == len(LISTINGS) and len(frames.contradictions()) == len(CONTRADICTIONS)
    assert here.listings() == "In this run: of 2 lines as printed, none run as Python."


def test_the_table_of_what_is_left_has_both_readers_of_both_inputs() -> None:
    assert frames.survival(LIKENESS).iloc[-1].to_dict() == {
        "eps": "0.90",
        "network, attacked": "0.00",
        "nearest neighbour, attacked": "0.12",
        "network, random signs": "0.10",
        "nearest neighbour, random signs": "0.50",
        "correlation with clean": "-0.50",
    }


def test_the_worst_of_all_attacks_is_taken_image_by_image() -> None:
    found = outcome([0.8] * 3, [0.5] * 3, [0.3] * 3)
    rows = frames.strongest(found, EXPERIMENT.held_out, searches(0.2, 0.2, 0.2))
    assert first_numbers(rows["accuracy"]) == ["0.500", "0.300", "0.200", "0.200"]
    assert here.strongest(found, EXPERIMENT, searches(0.2, 0.2, 0.2)) == (
        "In this run: 20.0% of 200 held-out images are classified correctly under all three attacks."
    )


def test_retrained_networks_have_a_row_for_each_attack_that_made_their_images() -> None:
    rows = frames.retrained(outcome([0.8] * 3), targeted(0.7))
    assert rows["attack"].tolist() == ["none", *["untargeted"] * 3] * 2 + ["targeted"] * 4
    assert rows["eps"].tolist()[-4:] == ["0.3", "0.9"] * 2
    assert first_numbers(rows["stale FGSM"]) == ["0.800"] * 8 + ["0.700"] * 4


def test_an_image_gets_past_where_it_is_misclassified_and_raises_no_alarm() -> None:
    rows = frames.detector([detector(known=1.0, informed=0.5)] * 2).set_index("input")
    passed = rows["misclassified and unnoticed"].str.split().str[0]
    assert passed["FGSM"] == "0.000"  # all above every clean image
    assert passed["PGD that knows the detector"] == "0.500"  # the second half is below, and misclassified
    assert rows["AUC, black pixels alone"].str.split().str[0]["FGSM"] == "0.000"  # made up as the opposite


def test_substitutes_have_a_row_for_each_number_of_questions() -> None:
    rows = frames.without_weights(SUBSTITUTES)
    assert first_numbers(rows["accuracy, original"]) == ["0.990", "0.900", "0.800", "0.500", "0.100"]
    assert first_numbers(rows["substitute agrees with the original"]) == ["", "", "0.710", "0.910", ""]
    assert rows["input"][3] == "FGSM through a substitute of 5,000 questions"


# Sentences


def test_sentences_say_what_the_records_say() -> None:
    found = networks(clean=THREE, fgsm=[0.1] * 3, step=[0.95] * 3, signs=[0.5] * 3, targeted=[0.2] * 3)
    assert here.untargeted(found) == (
        "In this run: at eps 0.3 the 3 networks classify 10.0% of the images correctly under FGSM, 0.0% under PGD, "
        "95.0% under the code line, 50.0% under random signs; 99.0% without an attack."
    )
    assert here.targeted(found) == (
        "In this run: at eps 0.9 the 3 networks classify 20.0% of the images correctly under targeted FGSM, and 0.0% "
        "as its target; under random signs 50.0% correctly. At eps 0.45 PGD brings 80.0% to its target."
    )
    assert here.targeted(found[:1]).startswith("In this run: at eps 0.9 the network classifies 20.0% of the images")
    assert here.survival(LIKENESS) == (
        "In this run: at eps 0.9 the nearest training image is of the right class for 12% of the attacked digits and "
        "for 50% of those under random signs. Under random signs the network misclassifies 90%."
    )
    after = outcome([0.8] * 3, [0.2] * 3)
    assert here.retrained(after, EXPERIMENT) == (
        "In this run: at eps 0.3 the 3 retrained networks classify 80.0% of the images retrained on correctly, "
        "80.0% of held-out stale images, and 20.0% of held-out fresh ones."
    )
    assert here.answer(found, after, EXPERIMENT) == (
        "In this run: on fresh images accuracy under FGSM is 0.100 before retraining and 0.200 after it, "
        "under PGD 0.000 before and 0.000 after. On clean images it is 0.990 before and 0.900 after."
    )
    assert here.retrained_targeted(targeted(0.9, 0.2)) == (
        "In this run: with targeted images at eps 0.3, the 3 retrained networks classify 90.0% of the images retrained "
        "on correctly, 90.0% of held-out stale images, and 20.0% of held-out fresh ones. At eps 0.9 it is 90.0%, 90.0% "
        "and 20.0%."
    )
    assert here.reading(after, targeted(), EXPERIMENT).startswith(
        "In this run: 6 of 30 readings give the printed accuracy; 1 of the 2 nearest"
    )
    assert here.detector(DETECTORS).startswith(
        "In this run: on average over 3 detectors, the AUC is 1.000 for FGSM, 0.900 for random signs and 0.700 for "
        "an attack that knows the detector;"
    )
    assert here.detector(DETECTORS[:1]).startswith("In this run: the AUC is 1.000 for FGSM")
    assert here.without_weights(SUBSTITUTES) == (
        "In this run: the 3 original networks classify 80.0% correctly under FGSM through a substitute of 100 "
        "questions, and 50.0% through one of 5,000. Under random signs it is 90.0%, under FGSM through the network "
        "itself 10.0%."
    )


def test_one_network_is_spoken_of_as_one() -> None:
    (found,), after = networks(clean=[0.9]), {key: of[:1] for key, of in outcome([0.8] * 3, [0.2] * 3).items()}
    assert here.untargeted([found]).startswith("In this run: at eps 0.3 the network classifies ")
    assert here.retrained(after, EXPERIMENT).startswith(
        "In this run: at eps 0.3 the retrained network classifies 80.0% of "
    )
    assert here.without_weights(SUBSTITUTES[:1]).startswith("In this run: the original network classifies ")


def test_the_commonest_error_is_named() -> None:
    classes = np.where((made.LABELS == 3) & (np.arange(made.N) < 200), 8, made.LABELS).astype(np.uint8)
    (found,) = networks(clean=[0.99])
    found = replace(found, fgsm=Curve((0.3,), classes[None]))
    assert here.confusions([found], 0.3) == (
        "In this run: the commonest error is 3 taken for 8, in 50% of that digit's images; "
        "8 is named most often, for 15% of all images."
    )


def test_changed_digits_are_counted_against_what_they_were_taken_for() -> None:
    images = np.zeros((3, 1, 2, 2), np.float32)
    named = [
        Pictures(eps, images, np.array(read)) for eps, read in ((0, [1, 2, 3]), (0.3, [1, 2, 8]), (0.9, [8, 8, 8]))
    ]
    assert here.digits(PicturesRecord(*named)) == (
        "In this run: of 3 digits, 1 changes its class at eps 0.3 and 3 at eps 0.9."
    )
    said = here.attacked(PicturesRecord(*named))
    assert said == "In this run: the network gives 1 of these 3 digits another class once they are attacked."


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (0.2, 0.1, "nearer after"),
        (0.1, 0.2, "farther after"),
        (0.1, 0.1, "as far before as"),
        (0.1, np.inf, "more than 1"),
    ],
)
def test_the_boundary_is_nearer_or_farther(before: float, after: float, said: str) -> None:
    plane = Slice(np.zeros(1), np.zeros(1), np.zeros((1, 1)))
    around = [Surroundings(plane, np.full(3, where), np.full(3, np.inf)) for where in (before, after)]
    assert said in here.boundary(BoundaryRecord(*around))


@pytest.mark.parametrize(("zeros", "said"), [(False, "0 of 7 signs are raised."), (True, "1 of 7 signs is raised: ")])
def test_raised_signs_are_counted_and_named(zeros: bool, said: str) -> None:
    right, wrong, labels = np.full(50, True), np.full(50, False), np.arange(50, dtype=np.uint8) % 10
    found = Probes(labels, wrong, wrong, wrong, right, right, wrong, np.full(50, zeros))
    assert said in here.red_flags(flags(found, right))


# Headline numbers


def numbers() -> dict[str, float]:
    return summary.headline(networks(clean=THREE), outcome([0.8] * 3), DETECTORS, SUBSTITUTES, EXPERIMENT)


def test_headline_numbers_are_those_that_have_ranges() -> None:
    expected = yaml.safe_load((Path(__file__).parent / "expected.yaml").read_text())["mitigation"]
    found = numbers()
    assert found.keys() == expected.keys()
    assert (found["detector_auc"], found["adaptive_auc"], found["signs_auc"]) == pytest.approx((1.0, 0.7, 0.9))
    assert (found["clean_accuracy"], found["stale_accuracy"]) == pytest.approx((0.99, 0.8))
    assert (found["substitute_of_100_accuracy"], found["substitute_accuracy"]) == pytest.approx((0.8, 0.5))


def test_every_number_that_the_prose_shows_is_in_the_summary() -> None:
    cells = nbformat.read(book.source("mitigation"), as_version=4).cells
    shown = {name for cell in cells for name in re.findall(r"{glue:text}`answer-([\w-]+)", cell.source)}
    found = summary.summary(networks(clean=THREE), outcome([0.8] * 3), searches(0.0, 0.1, 0.5), made.EXPERIMENT)
    assert shown == found.keys()
    assert found["fresh"] == pytest.approx(0.2) and found["worst"] == 0 and found["data"] == "MNIST"


def test_the_code_of_the_notebook_fits_a_page() -> None:
    cells = nbformat.read(book.source("mitigation"), as_version=4).cells
    lines = [line for cell in cells if cell.cell_type == "code" for line in cell.source.splitlines()]
    assert max(map(len, lines)) <= 79
