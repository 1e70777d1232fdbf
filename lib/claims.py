"""The ledger: every claim of a paper against what we measured, and where the numbers come from.

Two questions, two answers. `verdict`: do we get it, measured the paper's way? `stands`: does the statement hold
when measured soundly (white box, held-out images, PGD, controls)? A chapter answers each claim of its paper once;
`Ledger.finish` writes all of it to `<notebook>.json`, whose form is lib/results.schema.json.
"""

import json
import math
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import nbformat
import torch
import yaml

from lib import compute, provenance
from lib.files import atomic
from lib.measure.intervals import Measured
from lib.parameters import contract

NOTEBOOKS = compute.ROOT / "notebooks"
RECORDED = compute.ROOT / "book" / "recorded"

GOOD = ("reproduced", "holds")
VERDICTS = (*GOOD, "not reproduced", "does not hold", "undecided", "not comparable", "not run")
STANDS = {"holds": "yes", "reproduced": "yes", "does not hold": "no", "not reproduced": "no", "undecided": "open"}


@dataclass(frozen=True)
class Claim:
    """One checkable statement of a paper, and the rule that judges it, fixed before any run."""

    paper: str
    id: str
    kind: str
    """`number`: a figure the paper prints. `direction`: something rises, falls or beats something."""
    where: str
    value: float | None = None
    tolerance: float | None = None
    compare: str = ""
    above: float = 0.0
    """What the judged quantity of a direction has to exceed."""
    minimum: float = 0.0
    """By how much at least."""
    sound_above: float | None = None
    """The threshold of the sound form, where it is another."""
    partner: str | None = None
    """The claim that must come from the same experiment."""
    background: bool = False
    """About what the paper introduces and does not measure: the direction is that of its sources."""

    @property
    def address(self) -> str:
        """The claim's anchor on the scoreboard."""
        return f"{self.paper}.{self.id}"

    @property
    def claimed(self) -> float | str:
        """What the paper says, as a number or in words."""
        return self.compare if self.value is None else self.value


@dataclass(frozen=True)
class Paper:
    """A paper, the setting of its experiment, and its claims by id."""

    name: str
    title: str
    setting: str
    claims: dict[str, Claim]


def papers() -> list[str]:
    """The papers, by the names of their notebooks: those whose claims are in notebooks/claims."""
    return sorted(path.stem for path in (NOTEBOOKS / "claims").glob("*.yaml"))


def paper(name: str) -> Paper:
    """What a paper says, from notebooks/claims/<name>.yaml."""
    facts = yaml.safe_load((NOTEBOOKS / "claims" / f"{name}.yaml").read_text())
    entries = [Claim(paper=name, partner=entry.pop("with", None), **entry) for entry in facts["claims"]]
    return Paper(name, facts["title"], facts["setting"], {claim.id: claim for claim in entries})


def judge(claim: Claim, measured: Measured) -> str:
    """Hold a measurement against a claim; what its interval leaves open is `undecided`.

    A number is reproduced where the whole interval lies within the tolerance of the claimed value, and not where it
    lies wholly outside. A direction holds where the interval excludes the threshold and the mean exceeds it by the
    minimum effect, and does not where the interval stays below that, or on the threshold's other side.
    """
    if measured.low is None:
        return "undecided"
    if claim.kind == "number":
        low, high = claim.value - claim.tolerance, claim.value + claim.tolerance
        if low <= measured.low and measured.high <= high:
            return "reproduced"
        return "not reproduced" if measured.high < low or measured.low > high else "undecided"
    if measured.low > claim.above and measured.mean >= claim.above + claim.minimum:
        return "holds"
    too_small = measured.high < claim.above + claim.minimum
    return "does not hold" if too_small or measured.high <= claim.above else "undecided"


class Measurable(Protocol):
    """What a notebook measures on: a `lib.data.Dataset`, or for the scoreboard `Inputs`."""

    digest: str
    origin: str


@dataclass(frozen=True)
class Inputs:
    """Results that a notebook reads."""

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
        self.paper = paper(notebook) if notebook in papers() else None
        declared = contract(source(notebook))
        self.parameters = {name: parameter.checked(variables[name]) for name, parameter in declared.items()}
        self.data = data
        self.digests = digests(notebook, self.parameters, data.digest)
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
        path = output_folder() / f"{self.notebook}.json"
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
                "versions": provenance.versions(),
                "device": provenance.describe_device(),
                "threads": torch.get_num_threads(),
                "peak_memory_bytes": provenance.peak_memory_bytes(),
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


def source(notebook: str) -> Path:
    """A notebook's source, without outputs."""
    return NOTEBOOKS / f"{notebook}.ipynb"


def results_folder() -> Path:
    """Where the results of the other notebooks of this run are: where the runner says, else runs/lab."""
    return Path(os.environ.get("REPRO_RESULTS", compute.RUNS / "lab"))


def output_folder() -> Path:
    """Where the running notebook writes its results; the runner moves them when the notebook has run to its end."""
    return Path(os.environ.get("REPRO_OUT", results_folder()))


def scoreboard_inputs(folder: Path) -> Inputs:
    """What the scoreboard reads: the recorded results, and those in a folder."""
    folders = dict.fromkeys([RECORDED, folder])  # one and the same where the recorded site is made
    files = [path / f"{name}.json" for path in folders for name in papers()]
    found = [path for path in files if path.exists()]
    facts = [(path.name, path.parent == RECORDED, path.read_text()) for path in found]
    return Inputs(provenance.sha256(repr(facts)), f"the results of {len(found)} runs")


def notebook_code(notebook: str) -> str:
    """The code cells of a notebook's source, joined."""
    cells = nbformat.read(source(notebook), as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def digests(notebook: str, parameters: Mapping[str, object], data_digest: str | None) -> dict:
    """What a result depends on: the notebook's code, the definitions of lib it reaches, claims, parameters, data."""
    code = notebook_code(notebook)
    judged = paper(notebook).claims if notebook in papers() else {}
    return {
        "notebook": provenance.code_digest(code),
        "modules": provenance.definition_digests(provenance.notebook_roots(code)),
        "claims": provenance.sha256(json.dumps([asdict(claim) for claim in judged.values()])),
        "parameters": provenance.sha256(json.dumps(dict(parameters), sort_keys=True)),
        "data": data_digest,
    }


def read_results(folder: Path, notebook: str) -> dict | None:
    """The results of a notebook's run in a folder, or None where it has not run there or they cannot be read."""
    path = folder / f"{notebook}.json"
    try:
        return json.loads(path.read_text()) if path.exists() else None
    except json.JSONDecodeError as error:
        print(f"{path} is damaged ({error}) and counts as not run", file=sys.stderr)
        return None


def changed_since(results: Mapping, parameters: Mapping[str, object], data_digest: str | None) -> list[str]:
    """What has changed since a run, in words: empty where its results still hold.

    Parameters
    ----------
    parameters
        What a run would use now.
    data_digest
        Of the data as they are now; None where they are not at hand, which says nothing about the results.
    """
    then = results["provenance"]["digest"]
    now = digests(results["notebook"], parameters, data_digest)
    changed = ["the notebook's code"] if then["notebook"] != now["notebook"] else []
    modules = sorted({*then["modules"], *now["modules"]})
    changed += [name for name in modules if then["modules"].get(name) != now["modules"].get(name)]
    changed += ["the claims"] if then.get("claims") != now["claims"] else []
    changed += ["the parameters"] if then["parameters"] != now["parameters"] else []
    changed += ["the data"] if data_digest and then["data"] != data_digest else []
    return changed
