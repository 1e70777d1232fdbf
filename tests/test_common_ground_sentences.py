"""What the page on the common ground says of rows, on made-up ones, and by which names."""

import re

import nbformat
import numpy as np
from test_common_ground_answers import all_rows, judgement

from lib import book
from lib.chapters.common_ground import frames, here
from lib.chapters.common_ground.defences import AT_RANDOM, DEFENCES, FROM_PAPERS, NONE, PGD_TRAINING, YARDSTICKS, titled
from lib.chapters.common_ground.measure import Change, FilterFound
from lib.chapters.common_ground.rows import ALIKE, LESS, MORE, Row


def test_every_defence_is_named_by_its_paper():
    assert titled("retrained") == "retraining (Sharna)" and titled(NONE) == "no defence"
    assert titled("your own") == "your own"
    known = set()
    for entry in (book.PAGES / "references.bib").read_text(encoding="utf-8").split("\n@")[1:]:
        first, year = re.search(r"author\s*= \{(\w+)", entry), re.search(r"year\s*= \{(\d+)", entry)
        known |= {" ".join(one[1] for one in (first, year) if one)}
    by = {name: re.search(r"\((.+)\)$", titled(name)) for name in (*FROM_PAPERS, PGD_TRAINING)}
    assert all(found and found[1] in known for found in by.values()), "author, and year where the paper has one"


def test_the_page_explains_every_defence_by_the_name_that_its_rows_have():
    cells = nbformat.read(book.source("common_ground"), as_version=4).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert [name for name in DEFENCES if f"**{titled(name)}**" not in prose] == []


def test_sentences_say_what_the_rows_say():
    of = all_rows(AutoAttack=0)
    best_of_all = titled(FROM_PAPERS[-1])
    assert here.image_by_image(of, 0.3) == (
        f"In this run: at eps 0.3 the first network of {best_of_all} classifies a share of 0.60 of all 50 images "
        "correctly both without an attack and under FGSM; a share of 0.12 is safe from all attacks."
    )
    often_wrong = of[0.3] | {FROM_PAPERS[-1]: Row([judgement(clean=20, AutoAttack=10)])}
    assert here.image_by_image({0.3: often_wrong}, 0.3).endswith(
        " Accuracy under FGSM, 0.60, is higher, since it also counts images that are misclassified without an attack "
        "and not under FGSM."
    )
    assert here.what_is_left(of).startswith(
        f"In this run: at eps 0.1 the best of the papers' defences is {best_of_all}, with 0.60 under FGSM and 0.12 "
        "safe from all attacks; PGD, rising eps has 0.16. At eps 0.3"
    )
    assert here.defences(of).startswith(
        "In this run: at eps 0.1 FGSM overlooks most for the network without a defence: 0.60 under FGSM, 0.00 safe "
        "from all attacks; under random signs accuracy is 1.00. At eps 0.3"
    )
    alike = dict.fromkeys(DEFENCES, Row([judgement(FGSM=10, transfer=10)]))
    assert here.defences({0.1: alike}) == (
        "In this run: at eps 0.1 FGSM overlooks nothing: what is safe from it is safe from all attacks."
    )
    costs = dict.fromkeys(DEFENCES, 2.0)
    assert here.price(of, costs).startswith(
        "In this run: at eps 0.1, compared with no defence, PGD, rising eps changes clean accuracy by -0.010 and the "
        "safe share by +0.160, for 2.0 times the computation."
    )
    curve = {0.1: {"removal": [[1.0, 0.2], [1.0, 0.4]], NONE: [[0.9, 0.0]]}, 0.3: {NONE: [[0.9, 0.1]]}}
    assert here.over_eps([0.0, 0.5], curve) == (
        "In this run: at eps 0.5 accuracy is highest for removal (Khorasani 2025), 0.30, of those trained at eps "
        "0.1, and for the network without a defence, 0.10, of those trained at eps 0.3."
    )
    assert here.over_eps([0.0, 0.5], curve | {0.1: {NONE: [[0.9, 0.01]]}}) == (
        "In this run: at eps 0.5 accuracy is highest for the network without a defence, 0.10, of those trained at "
        "eps 0.3; of those trained at eps 0.1 every one has less than 0.02."
    )
    nothing = {0.3: {"removal": [[1.0, 0.01]], NONE: [[0.9, 0.0]]}}
    assert here.over_eps([0.0, 0.5], nothing) == "In this run: at eps 0.5 every defence has an accuracy below 0.02."
    count = 2 * len(DEFENCES)
    assert here.flags(all_rows(FGSM=17)) == (
        f"In this run: 2 of {count} rows raise a flag (one step beats many steps: 2)."
    )
    assert here.flags(all_rows()) == f"In this run: 0 of {count} rows raise a flag."


def test_a_reading_of_the_filter_that_does_nothing_is_named():
    before = np.array([1.5, 0.5])
    found = {"a": Change(2, 1, before, before), "b": Change(1, 3, before, before * 0)}
    assert here.filtered(FilterFound(np.ones((2, 3), bool), found)) == (
        "In this run: readings that change no singular value: 1 of 2 (a)."
    )


def test_yardsticks_that_answer_all_images_alike_are_counted():
    of = all_rows(clean=50)
    fit = {name: Row([judgement(clean=50, FGSM=45, transfer=45, AutoAttack=40)] * 2) for name in YARDSTICKS}
    of = {eps: rows | fit for eps, rows in of.items()}
    assert here.yardsticks(of) == "In this run: all 8 networks serve as yardsticks."
    failed, weak = judgement(clean=5, FGSM=5), judgement(clean=50, FGSM=20)
    of[0.1] = of[0.1] | {YARDSTICKS[0]: Row([failed, weak])}
    assert here.yardsticks(of) == (
        "In this run: of 8 networks these are no yardstick. Nearly one answer to all images: 1 of PGD training (Madry "
        "2018) at eps 0.1; less than half of clean accuracy is safe from all attacks: 1 of PGD training (Madry 2018) "
        "at eps 0.1."
    )


def test_the_opening_says_which_defences_work():
    alike = here.which_work(all_rows(AutoAttack=0))
    assert alike.startswith("At eps 0.1 none of the papers' defences is shown to do better than having none. At eps")
    assert alike.endswith("For comparison, training on PGD images (PGD, rising eps): 0.16.")
    assert here.beside(all_rows(AutoAttack=0)).startswith(
        "At eps 0.1 the best of the papers' defences has 0.12, no defence 0.00, a difference which may be chance."
    )
    of = {name: Row([judgement(AutoAttack=20)]) for name in DEFENCES}
    of |= {NONE: Row([judgement(AutoAttack=10)]), "removal": Row([judgement(AutoAttack=0)])}
    of |= {name: of[NONE] for name in FROM_PAPERS[-3:]}
    told = here.which_work({0.1: of})
    assert told.startswith(
        "At eps 0.1 the share of images safe from every attack is 0.20 without a defence, 0.40 with fine-tuning "
        "(Biswari), 0.40 with retraining (Sharna). For comparison, training on PGD images ("
    )
    assert here.beside({0.1: of}) == (
        "At eps 0.1, of the papers' other defences, 3 do not differ from the control beyond chance, and 1 has a "
        "smaller share."
    )
    assert here.why({0.1: of}) == (
        "At eps 0.1 accuracy with fine-tuning (Biswari) is 0.60 under FGSM; a share of 0.40 is safe from all attacks."
    )


def test_the_tables_say_how_the_defences_lie_to_no_defence_and_under_transfer():
    of = all_rows(AutoAttack=8)
    at_random = of[0.1] | {AT_RANDOM: of[0.1]["removal"]}
    frame = frames.against_controls({0.1: at_random}).set_index("defence")
    assert list(frame["its control"]) == [
        "random removal" if one.startswith("removal") else "no defence" for one in frame.index
    ]
    difference = frame.loc["removal (Khorasani 2025)", "safe from all, minus its control"]
    assert difference.startswith("+0.000 ["), "its own control, and not no defence"
    assert set(frame["which is"]) <= {MORE, ALIKE, LESS}
    alike = {NONE: of[0.1][NONE]} | dict.fromkeys((*FROM_PAPERS, AT_RANDOM), of[0.1][NONE])
    assert set(frames.against_controls({0.1: alike})["which is"]) == {ALIKE}
    assert here.groups({0.1: alike}) == (
        "In this run: at eps 0.1, of 6 defences none keeps more images safe than the control does, none keeps fewer."
    )
    assert here.transferred(of).count("under transfer") == 4
    assert here.networks(of).startswith("The dots lie nowhere so far apart")
    apart = Row([judgement(AutoAttack=0), judgement(AutoAttack=40)])
    failed = {0.3: {NONE: Row([judgement()] * 2), PGD_TRAINING: apart}}
    assert here.networks(failed).endswith(f"no network has: {titled(PGD_TRAINING)} at eps 0.3.")
    assert here.networks({0.3: {NONE: Row([judgement()])}}).startswith("One network of each kind was trained")


def test_madry_s_farthest_figure_is_named():
    assert here.published([]).startswith("In this run: Madry's own network was not trained, so this page does not show")
    assert here.published([judgement(clean=49, FGSM=48, AutoAttack=30)]) == (
        "In this run: the farthest from its published figure is AutoAttack, by -0.285."
    )
