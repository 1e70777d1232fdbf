"""The chapter's headline numbers, and those that its prose shows. It has no paper, and so answers no claims."""

from collections.abc import Sequence

import numpy as np

from lib.chapters.common_ground import here
from lib.chapters.common_ground.defences import DEFENCES, FROM_PAPERS, NONE, PGD_TRAINING, YARDSTICKS, titled
from lib.chapters.common_ground.experiment import Experiment
from lib.chapters.common_ground.judging import WORST
from lib.chapters.common_ground.measure import FirstFound
from lib.chapters.common_ground.rows import Rows, best
from lib.measure.intervals import Measured, rate
from lib.measure.red_flags import MARGIN
from lib.show.counting import networks
from lib.show.sentences import data_named


def clean(first: Sequence[FirstFound]) -> Measured:
    """Accuracy before any defence, on all test images."""
    return rate([one.correct for one in first])


def headline(first: Sequence[FirstFound], rows: Rows, experiment: Experiment) -> dict[str, float]:
    """The numbers that the tests check against their expected ranges."""
    small, large = rows[experiment.eps_small], rows[experiment.eps_large]
    found = {
        f"{_title(name)}_worst_{word}": of[name].accuracy(WORST)
        for word, of in (("small", small), ("large", large))
        for name in DEFENCES
    }
    for name in (NONE, "mixed batches", *YARDSTICKS):
        for column in ("clean", "FGSM", "PGD-40", "Square"):
            found[f"{_title(name)}_{column.replace('-40', '')}_small".lower()] = small[name].accuracy(column)
    found["none_clean"] = clean(first).mean
    found["none_noise_large"] = large[NONE].accuracy("noise")
    medians = {_title(name): float(np.median(small[name].distances)) for name in (NONE, PGD_TRAINING)}
    # Where L-BFGS fails on half of the images there is no median, and the table says so.
    return found | {f"{name}_lbfgs_l2".lower(): one for name, one in medians.items() if np.isfinite(one)}


def _title(name: str) -> str:
    return name.replace(", ", "_").replace(" ", "_").lower()


def summary(rows: Rows, experiment: Experiment) -> dict[str, object]:
    """The numbers and sentences that prose shows."""
    judged = len(rows[experiment.eps_small][NONE].judgements[0].y)  # n_judge, or all that there are
    found = {"small": experiment.eps_small, "large": experiment.eps_large, "judged": judged}
    found |= {"networks": f"{networks(experiment.seeds)} of each kind", "data": data_named(experiment.dataset)}
    found |= {
        "found": here.which_work(rows),
        "beside": here.beside(rows),
        "why": here.why(rows),
        "of-several": here.networks(rows),
        "margin": MARGIN,
    }
    for word, eps in (("small", experiment.eps_small), ("large", experiment.eps_large)):
        of = rows[eps]
        strongest, yardstick = best(of, FROM_PAPERS), best(of, YARDSTICKS)
        found |= {f"best-{word}": titled(strongest), f"pgd-{word}": titled(yardstick)}
        for who, name in (("none", NONE), ("pgd", yardstick), ("papers", strongest)):
            found[f"{who}-{word}-left"] = f"{rate(of[name].worst):.2f}"
    return found
