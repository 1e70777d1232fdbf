"""The ledger of a run: every claim of a paper against what was measured, and where the numbers come from.

Two questions, two answers. `verdict`: do we get it, measured the paper's way? `stands`: does the statement hold
when measured soundly (white box, held-out images, PGD, controls)? A chapter answers each claim of its paper once;
`Ledger.finish` writes all of it to `<notebook>.json`, whose form is lib/ledger/results.schema.json.
"""

import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import torch

from lib import book, compute, provenance
from lib.files import atomic
from lib.intervals import Measured
from lib.ledger import results
from lib.ledger.claims import Claim, paper
from lib.ledger.verdicts import GOOD, STANDS, judge
from lib.parameters import contract


class Measurable(Protocol):
    """What a notebook measures on: a `lib.data.Dataset`, or for the scoreboard `lib.ledger.results.Inputs`."""

    digest: str
    origin: str


class Ledger:
    """Collects a notebook's answers, metrics and timings, and writes them with their provenance.

    Parameters
    ----------
    notebook
        Its name; a paper's, where it answers the claims of one.
    variables
        The notebook's `globals()`, from which the values of its parameters are read.
    data
        What it measures on.
    """

    def __init__(self, notebook: str, variables: Mapping[str, object], data: Measurable) -> None:
        self.notebook = notebook
        self.paper = paper(notebook) if notebook in book.papers() else None
        declared = contract(book.source(notebook))
        self.parameters = {name: parameter.checked(variables[name]) for name, parameter in declared.items()}
        self.data = data
        self.digests = results.digests(notebook, self.parameters, data.digest)
        self.answers: dict[str, dict] = {}
        self.experiments: dict[str, str | None] = {}
        self.metrics: dict[str, float] = {}
        self.seconds: dict[str, float] = {}
        self.commit = provenance.commit()  # before a long run gives anyone the time to edit
        self.started = datetime.now(UTC)
        self._section, self._section_started = "setup", time.perf_counter()

    def section(self, name: str) -> None:
        """Begin a section: from here on, time counts for it."""
        now = time.perf_counter()
        if self._section:
            self.seconds[self._section] = round(self.seconds.get(self._section, 0.0) + now - self._section_started, 3)
        self._section, self._section_started = name, now

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

    def answer(
        self,
        id: str,
        measured: Measured,
        *,
        why: str = "",
        sound: Measured | None = None,
        comparable: bool = True,
        fitted: bool = False,
        experiment: str | None = None,
    ) -> None:
        """Answer a claim.

        Parameters
        ----------
        id
            The claim's id in notebooks/claims.
        measured
            The claimed quantity, measured the paper's way.
        why
            One sentence with a number in it; needed unless the verdict is good and the statement stands.
        sound
            The same quantity measured soundly; None where this run cannot tell.
        comparable
            Whether the data and the scale are the paper's.
        fitted
            Whether a setting that the paper leaves out was chosen to come near its number.
        experiment
            What produced the number; claims that the paper prints together must share it.

        Raises
        ------
        ValueError
            On an unknown id, a second answer, or a missing `why`.
        """
        claim = self._unanswered(id)
        sound_claim = claim if claim.sound_above is None else replace(claim, above=claim.sound_above)
        verdict = judge(claim, measured) if comparable else "not comparable"
        stands = STANDS[judge(sound_claim, sound)] if sound is not None and comparable else None
        self.answers[id] = _entry(claim, measured, verdict, fitted, stands, why)
        self.experiments[id] = experiment

    def not_run(self, id: str, why: str) -> None:
        """Say that this run did not measure a claim, and why; raises as `answer` does."""
        self.answers[id] = _entry(self._unanswered(id), None, "not run", False, None, why)

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
        self.section("")
        claims = self.paper.claims if self.paper else {}
        if missing := claims.keys() - self.answers.keys():
            raise ValueError(f"claims without an answer: {', '.join(sorted(missing))}")
        for claim in claims.values():
            pair = (claim.id, claim.partner)
            if claim.partner and not self._from_one_experiment(pair):
                raise ValueError(f"{claim.id} and {claim.partner} must come from one experiment")
        path = results.output_folder() / f"{self.notebook}.json"
        with atomic(path) as temporary:
            temporary.write_text(json.dumps(self._results(claims), indent=1, allow_nan=False) + "\n")
        return path

    def _from_one_experiment(self, ids: tuple[str, ...]) -> bool:
        """Whether these claims name the same experiment, or none of them was run."""
        named = {self.experiments.get(id) for id in ids}
        return len(named) == 1 and (None not in named or not self.experiments.keys() & set(ids))

    def _results(self, claims: Mapping[str, Claim]) -> dict:
        return {
            "notebook": self.notebook,
            "profile": os.environ.get("REPRO_PROFILE", "lab"),
            "parameters": self.parameters,
            "claims": [self.answers[id] for id in claims],
            "metrics": self.metrics,
            "seconds": self.seconds,
            "provenance": {
                "commit": self.commit,
                "digest": self.digests,
                "data": self.data.origin,
                "versions": compute.versions(),
                "device": compute.describe_device(),
                "threads": torch.get_num_threads(),
                "peak_memory_bytes": compute.peak_memory_bytes(),
                "started": self.started.isoformat(timespec="seconds"),
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            },
        }


def _entry(claim: Claim, measured: Measured | None, verdict: str, fitted: bool, stands: str | None, why: str) -> dict:
    if not (verdict in GOOD and stands == "yes") and not any(character.isdigit() for character in why):
        raise ValueError(f"{claim.id}: verdict {verdict!r}, stands {stands!r}; that needs a `why` with a number in it")
    return {
        "id": claim.id,
        "kind": claim.kind,
        "claimed": claim.claimed,
        "measured": measured and asdict(measured),
        "verdict": verdict,
        "fitted": fitted,
        "stands": stands,
        "why": why,
    }
