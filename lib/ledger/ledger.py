"""The ledger of a run: every claim of a paper against what was measured, and where the numbers come from.

Two questions, two answers. `verdict`: do we get it, measured the paper's way? `stands`: does the statement hold
when measured soundly (white box, held-out images, PGD, controls)? A chapter answers each claim of its paper once;
`Ledger.finish` writes all of it to `<notebook>.json`, whose form is lib/ledger/results.schema.json.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from lib import book, provenance
from lib.evidence.experiment import Experiment
from lib.ledger import results
from lib.ledger.answers import Answer
from lib.ledger.basis import of_cells
from lib.ledger.claims import Claim, paper
from lib.ledger.verdicts import GOOD, STANDS, judge
from lib.parameters import ParameterError, check, contract


class Ledger:
    """Collects a notebook's answers and metrics, and writes them with where they come from.

    Parameters
    ----------
    experiment
        What the notebook reads its evidence from.

    Raises
    ------
    ParameterError
        Where a value is not allowed, or values do not go together.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.notebook = experiment.chapter
        self.paper = paper(self.notebook) if self.notebook in book.papers() else None
        self.experiment = experiment
        self.parameters = check(contract(book.source(self.notebook)), experiment.parameters)
        if why := experiment.refused():
            raise ParameterError(why)
        self.digests = results.digests(self.notebook, self.parameters, None)  # of what runs, whatever is changed since
        self.answers: dict[str, dict] = {}
        self.experiments: dict[str, str | None] = {}
        self.metrics: dict[str, float] = {}
        self.commit = provenance.commit()
        self.started = datetime.now(UTC)

    def metric(self, name: str, value: float) -> None:
        """Keep a headline number, which the tests hold against its expected range.

        Raises
        ------
        ValueError
            On a value that is not finite.
        """
        if not math.isfinite(value):
            raise ValueError(f"the metric {name} is {value}")
        self.metrics[name] = float(value)

    def answer(self, answer: Answer) -> dict:
        """Take the answer to a claim; return it as it is written, with its verdict.

        Raises
        ------
        ValueError
            On an unknown claim, a second answer, or a missing `why`.
        """
        claim = self._unanswered(answer.claim)
        self.answers[claim.id] = entry(claim, answer)
        if answer.measured is not None:
            self.experiments[claim.id] = answer.experiment
        return self.answers[claim.id]

    def _unanswered(self, id: str) -> Claim:
        if self.paper is None or id not in self.paper.claims:
            raise ValueError(f"{self.notebook} has no claim {id!r}")
        if id in self.answers:
            raise ValueError(f"{id} is answered already")
        return self.paper.claims[id]

    def finish(self) -> Path:
        """Check that every claim is answered, and write the results; return their path.

        Raises
        ------
        ValueError
            Where a claim has no answer, or two that the paper prints together come from different experiments.
        """
        claims = self.paper.claims if self.paper else {}
        if missing := claims.keys() - self.answers.keys():
            raise ValueError(f"claims without an answer: {', '.join(sorted(missing))}")
        for claim in claims.values():
            pair = (claim.id, claim.partner)
            if claim.partner and not self._from_one_experiment(pair):
                raise ValueError(f"{claim.id} and {claim.partner} must come from one experiment")
        return results.write(self.notebook, self._results(claims))

    def _from_one_experiment(self, ids: tuple[str, ...]) -> bool:
        """Whether these claims name the same experiment, or none of them was run."""
        named = {self.experiments.get(id) for id in ids}
        return len(named) == 1 and (None not in named or not self.experiments.keys() & set(ids))

    def _results(self, claims: Mapping[str, Claim]) -> dict:
        basis = of_cells(self.experiment.cells())
        written = results.written(self.notebook, self.parameters, basis, self.commit, self.started)
        written["provenance"]["digest"] = self.digests | {"data": basis.digest}
        return written | {"claims": [self.answers[id] for id in claims], "metrics": self.metrics}


def entry(claim: Claim, answer: Answer) -> dict:
    """An answer held against its claim, as it is written to the results.

    Raises
    ------
    ValueError
        Where nothing says why it is not good, or the reason has no number in it.
    """
    measured, sound = answer.measured, answer.sound
    if measured is None:
        verdict, stands = "not run", None
    else:
        sound_claim = claim if claim.sound_above is None else replace(claim, above=claim.sound_above)
        verdict = judge(claim, measured) if answer.comparable else "not comparable"
        stands = STANDS[judge(sound_claim, sound)] if sound is not None and answer.comparable else None
    if not (verdict in GOOD and stands == "yes") and not any(character.isdigit() for character in answer.why):
        raise ValueError(f"{claim.id}: verdict {verdict!r}, stands {stands!r}; that needs a `why` with a number in it")
    return {
        "id": claim.id,
        "kind": claim.kind,
        "claimed": claim.claimed,
        "measured": measured and asdict(measured),
        "verdict": verdict,
        "fitted": answer.fitted,
        "stands": stands,
        "why": answer.why,
    }
