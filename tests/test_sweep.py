"""A sweep of a tiny notebook over a grid, on this machine: its table and its page."""

import pytest
from browser import window
from sweeps import Project, Said, finished

from lib.sweep import sweep

pytest.importorskip("distributed", reason="no Dask: it comes with the extra `sweep`")


@pytest.fixture(scope="module")
def swept(sweeping: Project) -> Said:
    return finished(sweeping.sweep("--workers", "2"), sweeping)


def test_each_run_runs_once(swept: Said) -> None:
    assert swept.status == 0, swept.output
    assert len(swept.runs("end")) == 4 and set(swept.runs("start").values()) == set(swept.runs("end").values()) == {1}


def test_the_table_has_a_row_for_each_run_and_quantity(sweeping: Project, swept: Said) -> None:
    rows = sweeping.table()
    assert list(rows.columns) == ["eps", "loss", *sweep.COLUMNS]
    assert len(rows) == 4 * 4
    doubled = rows[rows["name"] == "doubled"]
    assert doubled["value"].tolist() == pytest.approx((2 * doubled["eps"]).tolist())
    claim = rows[(rows["name"] == "clean") & (rows["eps"] == 0.1) & (rows["loss"] == "plain+noise")].iloc[0]
    assert claim["value"] == pytest.approx(0.15)
    assert (claim["over_networks"], claim["word"]) == (2, "near")
    assert claim["low"] < 0.15 < claim["high"]
    assert rows.loc[rows["name"] == "grows", "value"].isna().all()
    helps = rows[rows["name"] == "helps"].iloc[0]
    assert (helps["word"], helps["sound_value"], helps["why"]) == ("confirmed", helps["value"], "helps: 1 of 2")


def test_the_page_opens_from_disk_and_fits_a_phone(sweeping: Project, swept: Said) -> None:
    page = sweeping.here / "runs" / "sweeps" / "both" / "book" / "index.html"
    with window() as chromium:
        sight = chromium.look(page.as_uri(), width=390)
        assert (sight.failures, sight.errors) == ([], [])
        assert [url for url in sight.requests if not url.startswith(("file:", "data:"))] == []
        assert chromium.page.evaluate("document.documentElement.scrollWidth") <= 390
        texts = [image.get_attribute("alt") for image in chromium.page.locator("article figure img").all()]
        assert len(texts) == 3
        assert "loss=plain+noise: 0.2 at eps 0.1, 0.4 at 0.2" in texts[0]
        assert "The paper prints 0.3." in texts[1]
        assert "It has to exceed 0.05." in texts[2]
        shown = chromium.page.locator("article").inner_text()
    assert "4 of 4 runs are done" in shown
    assert "What became of each claim" in shown and "2 confirmed" in shown
    changed = "0123456789ab with changes that were not committed"
    for shared in ("some images", "torch 9.8.7", changed, "rounds = 1"):
        assert shared in shown
    assert "python -m lib.run sweep mitigation --profile quick -p eps=0.1,0.2" in shown
    assert "runs/quick+eps=0.2+loss=plain+noise" in shown
    assert "2 near" in shown
