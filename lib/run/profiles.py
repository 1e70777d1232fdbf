"""The values that a notebook runs with: its defaults, a profile's section, and what is given by hand."""

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import yaml

from lib import book
from lib.evidence.experiment import Experiment
from lib.parameters import Contract, ParameterError, Value, check, contract
from lib.yaml_keys import Texts

QUICK, PAPER = "quick", "paper"
"""The profiles of this book: minutes on a laptop without a download, and the scale of the papers, which is recorded."""


def names() -> list[str]:
    """The profiles that exist."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def _folder() -> Path:
    return book.NOTEBOOKS / "profiles"


def declared(notebook: str) -> Contract:
    """The parameters that a notebook declares.

    Raises
    ------
    ParameterError
        Where there is no such notebook; the message lists those that there are.
    """
    if notebook not in book.notebooks():
        where = f"; {notebook} has no place in book/_toc.yml" if book.source(notebook).exists() else ""
        raise ParameterError(f"no notebook named {notebook!r}; there are: {', '.join(book.notebooks())}{where}")
    return contract(book.source(notebook))


def section(profile: str, notebook: str) -> dict[str, Value]:
    """What a profile sets for a notebook.

    Raises
    ------
    ParameterError
        Where there is no such profile, or it sets what the notebook does not declare.
    """
    if profile not in names():
        raise ParameterError(f"no profile named {profile!r}; there are: {', '.join(names())}")
    return check(declared(notebook), _read(profile).get(notebook) or {})


def values(notebook: str, profile: str, given: Mapping[str, object]) -> dict[str, Value]:
    """All parameters of a run.

    Raises
    ------
    ParameterError
        Where a name, a type or a range is wrong, or values do not go together (see `lib.parameters.check` and
        `Experiment.refused`), or the chapter's code does not take the notebook's parameters. The message names the
        notebook.
    """
    parameters = declared(notebook)
    defaults = {name: parameter.default for name, parameter in parameters.items()}
    try:
        found = defaults | section(profile, notebook) | check(parameters, given)
    except ParameterError as error:
        raise ParameterError(f"{notebook}: {error}") from error
    if notebook != book.SCOREBOARD and (why := _experiment(notebook, parameters)(**found).refused()):
        raise ParameterError(f"{notebook}: {why}")
    return found


def _experiment(notebook: str, declared: Contract) -> type[Experiment]:
    """The class of a chapter's experiment, whose fields are the parameters that the notebook declares."""
    try:
        found = book.experiment(notebook)
    except (ImportError, SyntaxError) as error:
        raise ParameterError(f"{notebook}: lib.chapters.{notebook} cannot be imported: {error}") from error
    except AttributeError as error:
        if error.name != "Experiment":  # what the chapter's own code raises needs its traceback
            raise
        raise ParameterError(f"{notebook}: lib.chapters.{notebook} has no class Experiment") from error
    if found.chapter != notebook:
        raise ParameterError(f"{notebook}: its Experiment says that its chapter is {found.chapter!r}")
    if "dataset" not in declared:
        raise ParameterError(f"{notebook}: its parameters cell has no `dataset`, which says what it is measured on")
    names = {field.name for field in fields(found)}
    if names != declared.keys():
        only = {"its parameters cell": declared.keys() - names, "its Experiment": names - declared.keys()}
        told = " and ".join(f"{', '.join(sorted(some))} in {where}" for where, some in only.items() if some)
        raise ParameterError(f"{notebook}: {told} alone; Experiment's fields are the parameters, by the same names")
    return found


def worth(profile: str) -> list[str]:
    """The parts of chapters in the order in which a profile wants them measured, the most telling first."""
    return _read(profile).get("worth") or []


def _read(profile: str) -> dict:
    """The sections of a profile.

    Raises
    ------
    ParameterError
        Where the file is not YAML, or has a section that belongs to no notebook or is of the wrong form.
    """
    path = _folder() / f"{profile}.yaml"
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=Texts) or {}
    except yaml.YAMLError as error:
        raise ParameterError(f"{path} cannot be read: {error}") from error
    known = [*book.notebooks(), "worth"]
    if not isinstance(found, dict):
        raise ParameterError(f"{path} has no sections; it may have: {', '.join(known)}")
    for name, section in found.items():
        if name not in known:
            where = f"; {name} has no place in book/_toc.yml" if book.source(str(name)).exists() else ""
            raise ParameterError(f"{path} has a section {name!r}; there are: {', '.join(known)}{where}")
        if section and not isinstance(section, list if name == "worth" else dict):
            raise ParameterError(f"{path}: {name} is {section!r}; it takes lines of `parameter: value`")
    return found


def run_name(profile: str, given: Mapping[str, Value]) -> str:
    """The name of a run's folder: the profile's, with what was given by hand, as in `quick+eps_untargeted=0.2`."""
    texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
    return "+".join([profile, *(f"{name}={text}" for name, text in sorted(texts.items()))])


def parts(run_name: str) -> list[str]:
    """The profile and the `name=value` pairs of a run's name; a value may hold a `+`, as 1e+20 does."""
    return re.split(r"\+(?=[^\W\d]\w*=)", run_name)
