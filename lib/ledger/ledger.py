"""The ledger of a run: every claim of a paper against what was measured, and where the numbers come from.

A chapter answers each claim of its paper once, measured the paper's way and soundly; `lib.ledger.words` chooses the
word. `Ledger.finish` writes all of it to `<notebook>.json`, whose form is given by lib/ledger/results.schema.json.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from lib import book, provenance
from lib.evidence.experiment import Experiment
from lib.ledger import results
from lib.ledger.answers import Answer
from lib.ledger.basis import of_cells
from lib.ledger.claims import Claim, paper
from lib.ledger.entries import entry, settle
from lib.parameters import ParameterError, check, contract


class Ledger:
    """Collects a notebook's answers and metrics, and writes them together with where they come from.

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
        needed = set(experiment.needed())
        self.cells = [cell for cell in experiment.cells() if cell in needed or cell.is_kept]
        """The cells that the page is made from. What another process measures from now on may come too late for it."""
        self.parameters = check(contract(book.source(self.notebook)), experiment.parameters)
        if why := experiment.refused():
            raise ParameterError(why)
        self.digests = results.digests(self.notebook, self.parameters, None)  # of the code that runs; files may change
        self.answers: dict[str, dict] = {}
        self.metrics: dict[str, float] = {}
        self.commit = provenance.commit()
        self.started = datetime.now(UTC)

    def metric(self, name: str, value: float) -> None:
        """Keep a headline number, which the tests compare with its expected range.

        Raises
        ------
        ValueError
            On a value that is not finite.
        """
        if not math.isfinite(value):
            raise ValueError(f"the metric {name} is {value}")
        self.metrics[name] = float(value)

    def claim(self, id: str) -> Claim:
        """One of the paper's claims.

        Raises
        ------
        ValueError
            Where there is no claim of that id; the message lists those that there are.
        """
        if self.paper is None:
            raise ValueError(f"{self.notebook} has no claim {id!r}: there is no notebooks/claims/{self.notebook}.yaml")
        return self.paper.claims[id]

    def answer(self, answer: Answer, *others: Answer) -> dict:
        """Take the answer to a claim; return it as it is written to the results, with its word.

        Parameters
        ----------
        others
            The answers to the other claims of its group, which are found together or not at all (`Claim.joint`). With
            them, its word is the one that `finish` writes. They are not taken here; the answer itself may be among
            them.

        Raises
        ------
        ValueError
            On an unknown claim, a second answer, one that `lib.ledger.entries.entry` refuses, or others that are not
            those that are found together with it.
        """
        claim = self.claim(answer.claim)
        if claim.id in self.answers:
            raise ValueError(f"{claim.id} is answered already")
        found = entry(claim, answer)
        if others:
            together = {other.claim: entry(self.claim(other.claim), other) for other in others} | {claim.id: found}
            if set(together) != set(claim.joint):
                raise ValueError(f"{claim.id} is found together with {', '.join(claim.joint) or 'no other'}")
            settle(list(together.values()))
        self.answers[claim.id] = found
        return found

    def finish(self) -> Path:
        """Check that every claim is answered, and write the results; return their path.

        Raises
        ------
        ValueError
            Where a claim has no answer, or some that are found together come from different experiments.
        """
        claims = self.paper.claims if self.paper else {}
        if missing := claims.keys() - self.answers.keys():
            raise ValueError(f"claims without an answer: {', '.join(sorted(missing))}")
        for group in dict.fromkeys(claim.joint for claim in claims.values() if claim.joint):
            settle([self.answers[id] for id in group])
        return results.write(self.notebook, self._results(claims))

    def _results(self, claims: Mapping[str, Claim]) -> dict:
        basis = of_cells(self.cells)
        written = results.written(self.notebook, self.parameters, basis, self.commit, self.started)
        written["provenance"]["digest"] = self.digests | {"data": basis.digest}
        return written | {"claims": [self.answers[id] for id in claims], "metrics": self.metrics}
