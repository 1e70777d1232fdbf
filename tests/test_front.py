"""The front page: what chapters found, in the words of their openings, with pictures of their runs."""

import base64
import json
from pathlib import Path

import nbformat
import pytest
from test_pages import RUN

from lib import book
from lib.ledger.claims import paper
from lib.run.run import Run
from lib.show.glue import RECORD
from lib.site import front, opening, pages
from lib.site.pictures import picture
from lib.site.render import SiteError

CARD = """# Title

**The question.** Does it hold {cite:year}`somebody`?

**The paper** says so.

**What we found.** Accuracy under {term}`PGD` is {glue:text}`answer-left:.3f`
on {glue:text}`answer-data`, as {doc}`the primer <primer>` says.

**Why.** So.

Of {glue:text}`answer-seeds` networks."""
CAPTION = "What to {term}`see <sight>` {cite:p}`there`."
PNG = base64.b64encode(b"a picture").decode()


def figure(name: str) -> nbformat.NotebookNode:
    """A cell that has drawn a figure of this name."""
    shown = {"figure": {"name": name, "caption": CAPTION}, "image": {"alt": f"alt of {name}"}}
    output = nbformat.v4.new_output("display_data", {"image/png": PNG})
    return nbformat.v4.new_code_cell("draw()", outputs=[output], metadata={"mystnb": shown})


def executed(**glued: object) -> nbformat.NotebookNode:
    """A chapter's notebook as a run leaves it: its card, what it has glued, and two figures."""
    outputs = [
        nbformat.v4.new_output(
            "display_data",
            {f"{RECORD}text/plain": repr(value)},
            metadata={"scrapbook": {"name": f"answer-{name}", "mime_prefix": RECORD}},
        )
        for name, value in glued.items()
    ]
    cells = [nbformat.v4.new_markdown_cell(CARD), nbformat.v4.new_code_cell("glue_all()", outputs=outputs)]
    return nbformat.v4.new_notebook(cells=[*cells, figure("first"), figure("second")])


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run of a chapter whose page keeps the prose that it was run with."""
    monkeypatch.setattr(pages, "take_prose", lambda *_: None)
    (tmp_path / "mitigation.json").write_text(json.dumps(RUN))
    nbformat.write(executed(left=0.12345, data="MNIST"), tmp_path / "mitigation.ipynb")
    return Run("mitigation", "quick", RUN["parameters"], {}, tmp_path)


def test_an_opening_is_told_with_the_numbers_of_its_run_and_without_roles(run: Run) -> None:
    told = opening.of_run("mitigation", run)
    assert told == opening.Opening("Does it hold?", "Accuracy under PGD is 0.123 on MNIST, as *the primer* says.")


def test_a_number_that_the_run_has_not_glued_is_an_error(run: Run) -> None:
    nbformat.write(executed(data="MNIST"), run.target)
    with pytest.raises(SiteError, match="opening of mitigation shows answer-left, which its run did not glue"):
        opening.of_run("mitigation", run)


def test_a_chapter_that_was_not_run_has_found_nothing() -> None:
    assert opening.of_run("mitigation", None).found == ""
    assert front.finding("mitigation", None) == front.NOT_RUN


def test_a_chapter_that_was_not_run_still_has_its_question() -> None:
    assert opening.of_run("mitigation", None).question.endswith("?")


def test_a_picture_has_its_name_its_description_and_its_caption() -> None:
    first, second = picture(executed()), picture(executed(), "second")
    assert (first.png, first.alt, first.caption) == (b"a picture", "alt of first", "What to see.")
    assert second.alt == "alt of second"
    assert picture(executed(), "third") is None and picture(executed(), tag="card") is None
    tagged = executed()
    tagged.cells[-1].metadata["tags"] = ["card"]
    assert picture(tagged, tag="card").alt == second.alt


def test_the_cards_link_their_chapters_and_show_what_was_measured(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "_generated"
    folder.mkdir()
    staged = front.stage({"mitigation": run}, folder)
    cards = staged["cards"]
    for name in book.papers():
        assert f":link: {name}\n" in cards and paper(name).idea.split()[0] in cards
    assert "Accuracy under PGD is 0.123" in cards and ":img-alt: alt of first" in cards and "on digits." in cards
    assert cards.count(front.NOT_RUN) == len(book.papers()) - 1
    assert (folder / "card-mitigation.png").read_bytes() == b"a picture"
    assert staged["defences"] == front.NOT_RUN


def test_the_figure_of_all_defences_is_found_by_its_name(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "COMMON", "mitigation")
    monkeypatch.setattr(front, "LADDER", "second")
    monkeypatch.setitem(RUN, "parameters", RUN["parameters"] | {"seeds": 2, "n_judge": 1500})
    run.results_file.write_text(json.dumps(RUN))
    folder = tmp_path / "_generated"
    folder.mkdir()
    defences = front.stage({"mitigation": run}, folder)["defences"]
    assert ":alt: alt of second" in defences
    assert "What to see. 2 networks of each kind, 1,500 test images of digits." in defences
