"""A run: a notebook with the values of its parameters, checked once, and the places where its results are kept."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from lib import book, compute, data
from lib.evidence.experiment import Experiment, Nothing
from lib.files import short_name
from lib.ledger import results
from lib.parameters import ParameterError, Value
from lib.run import profiles


@dataclass(frozen=True)
class Run:
    """A notebook with its values; made by `of`, `of_results`, `found` or `scoreboard`, which check the values."""

    notebook: str
    profile: str
    values: Mapping[str, Value] = field(hash=False)
    """The values of all its parameters, by name."""
    given: Mapping[str, Value] = field(default_factory=dict, hash=False)
    """Those of them that were given by hand."""
    where: Path | None = None
    """The folder that it is in, if that is not the one that its name gives it."""

    @classmethod
    def of(cls, notebook: str, profile: str, given: Mapping[str, object]) -> "Run":
        """The run that somebody asks for.

        Parameters
        ----------
        given
            Parameters set by hand, as values or as text.

        Raises
        ------
        ParameterError
            Where there is no such notebook, profile or parameter, or the values are not allowed.
        """
        values = profiles.values(notebook, profile, given)
        return cls(notebook, profile, values, {name: values[name] for name in given})

    @classmethod
    def of_results(cls, found: Mapping, where: Path | None = None) -> "Run":
        """What the run behind some results would be today: the profile as it is now, and what was given by hand then.

        It has no values where today's notebook does not allow the values given then.

        Parameters
        ----------
        where
            The folder that holds the results.
        """
        notebook, then = found["notebook"], found["parameters"]
        profile, *pairs = profiles.parts(found["profile"])
        if not book.source(notebook).exists():
            return cls(notebook, profile, {}, {}, where)
        kept = {name for name in (pair.partition("=")[0] for pair in pairs) if name in then}
        if profile not in profiles.names():  # made in a notebook server, with the values that the notebook had
            kept, profile = set(then), profiles.names()[0]
        given = {name: then[name] for name in profiles.declared(notebook) if name in kept}
        try:
            return replace(cls.of(notebook, profile, given), where=where)
        except ParameterError:
            return cls(notebook, profile, {}, given, where)

    @classmethod
    def found(cls, notebook: str, where: Path) -> "Run | None":
        """The run whose results are in a folder; None where there are none."""
        there = results.read_results(where, notebook)
        return cls.of_results(there, where) if there else None

    @classmethod
    def scoreboard(cls, where: Path) -> "Run":
        """The scoreboard over the results in a folder."""
        values = {name: parameter.default for name, parameter in profiles.declared(book.SCOREBOARD).items()}
        return cls(book.SCOREBOARD, where.name, values, {}, where)

    def at(self, where: Path) -> "Run":
        """The same run, kept in another folder."""
        return replace(self, where=where)

    @property
    def experiment(self) -> Experiment:
        """The experiment that its notebook reads evidence from; the scoreboard's has no cells."""
        if self.notebook == book.SCOREBOARD:
            return Nothing()
        return book.experiment(self.notebook)(**self.values)

    @property
    def name(self) -> str:
        """Its profile with what was given by hand, as in `quick+eps_untargeted=0.2`: what its folder is called."""
        return profiles.run_name(self.profile, self.given)

    def command(self, verb: str) -> str:
        """The command line that does something with it; `record` knows a single profile, so that is not named."""
        words = [verb, self.notebook] if verb == "record" else [verb, self.notebook, "--profile", self.profile]
        _, *pairs = profiles.parts(self.name)
        return shlex.join(["python", "-m", "lib.run", *words, *(word for pair in pairs for word in ("-p", pair))])

    @property
    def folder(self) -> Path:
        """The folder that it is in, beside the other notebooks' runs with these settings."""
        return self.where or compute.RUNS / short_name(self.name)

    @property
    def target(self) -> Path:
        """The executed notebook."""
        return self.folder / f"{self.notebook}.ipynb"

    @property
    def failed(self) -> Path:
        """The partly executed notebook, where a cell has failed."""
        return self.folder / f"{self.notebook}.failed.ipynb"

    @property
    def results_file(self) -> Path:
        """Where its results are."""
        return self.folder / f"{self.notebook}.json"

    def results(self) -> dict | None:
        """What it has found; None where it has not run to its end."""
        return results.read_results(self.folder, self.notebook)

    def digests(self) -> dict:
        """The digests of what it depends on, without that of the data, which may not be at hand."""
        return results.digests(self.notebook, self.values, None)

    def changes(self) -> list[str]:
        """What has changed since its results were made, in words; empty where they would come out the same today.

        Raises
        ------
        LookupError
            Where it has no results.
        """
        there = self.results()
        if there is None:
            raise LookupError(f"{self.notebook} has no results in {self.folder}")
        if not book.source(self.notebook).exists():
            return ["the notebook is gone"]
        now = data_digest(self.notebook, there["parameters"], self.folder)
        changed = results.changed_since(there, self.values, now)
        return changed or self._other_evidence(there)

    def _other_evidence(self, there: Mapping) -> list[str]:
        """What evidence is kept that its results were not made from, in words; empty where there is none."""
        known = {one["digest"]: one["contents"] for one in there["provenance"]["evidence"]["cells"].values()}
        kept = {cell.digest: cell.contents for cell in self.experiment.cells() if cell.is_kept}
        more = ["the evidence, of which there is more now"] if kept.keys() - known.keys() else []
        again = any(contents and known.get(digest, contents) != contents for digest, contents in kept.items())
        return more + (["the evidence, some of which was measured again"] if again else [])

    def up_to_date(self) -> bool:
        """Whether it has run, and would come out the same today, by the digests of all that it depends on."""
        return self.target.exists() and self.results() is not None and not self.changes()


def data_digest(notebook: str, values: Mapping[str, object], where: Path) -> str | None:
    """The digest of what a notebook measures on: its data sets, or for the scoreboard what it reads."""
    if notebook == book.SCOREBOARD:
        return results.scoreboard_inputs(where).digest
    names = "+".join(sorted(values["dataset"].split("+")))
    files = [path for one in names.split("+") if (path := data.cache_file(one)).exists()]
    return _data_digest(data.current_digest, names, tuple((path, path.stat().st_mtime_ns) for path in files))


@cache
def _data_digest(digest: Callable[[str], str | None], names: str, files: tuple) -> str | None:
    """Cached for as long as the files are the same: it takes seconds, and the site asks for it many times."""
    return digest(names)
