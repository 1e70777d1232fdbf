"""Which values a notebook runs with: its defaults, a profile's section, and what is given by hand."""

import re
from collections.abc import Mapping

import yaml

from lib import claims
from lib.parameters import ParameterError, Value, check, contract
from lib.run import combinations

FOLDER = claims.NOTEBOOKS / "profiles"


def names() -> list[str]:
    """The profiles that exist."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def section(profile: str, notebook: str) -> dict[str, Value]:
    """What a profile sets for a notebook.

    Raises
    ------
    ParameterError
        Where there is no such profile, or it sets what the notebook does not declare.
    """
    if profile not in names():
        raise ParameterError(f"no profile named {profile!r}; there are: {', '.join(names())}")
    given = (yaml.safe_load((FOLDER / f"{profile}.yaml").read_text()) or {}).get(notebook) or {}
    return check(contract(claims.source(notebook)), given)


def values(notebook: str, profile: str, given: Mapping[str, object]) -> dict[str, Value]:
    """All parameters of a run.

    Raises
    ------
    ParameterError
        Where a name, a type or a range is wrong, or values do not go together; see `lib.parameters.check` and
        `lib.run.combinations.check`. It names the notebook.
    """
    declared = contract(claims.source(notebook))
    defaults = {name: parameter.default for name, parameter in declared.items()}
    try:
        found = defaults | section(profile, notebook) | check(declared, given)
        combinations.check(notebook, found)
    except ParameterError as error:
        raise ParameterError(f"{notebook}: {error}") from error
    return found


def by_hand(notebook: str, given: Mapping[str, object]) -> dict[str, Value]:
    """What was given by hand, as values: 0.10 and 0.1 are one.

    Raises
    ------
    ParameterError
        As `values` does.
    """
    return check(contract(claims.source(notebook)), given)


def run_name(profile: str, given: Mapping[str, Value]) -> str:
    """The name of a run's folder: the profile's, with what was given by hand, as in `quick+eps_untargeted=0.2`."""
    texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
    return "+".join([profile, *(f"{name}={text}" for name, text in sorted(texts.items()))])


def parts(run_name: str) -> list[str]:
    """The profile and the `name=value` pairs of a run's name; a value may hold a `+`, as 1e+20 does."""
    return re.split(r"\+(?=[^\W\d]\w*=)", run_name)


def current_values(results: Mapping) -> dict[str, Value]:
    """What the run behind some results would use today: the profile as it is now, and what was given by hand then."""
    profile, *pairs = parts(results["profile"])
    then = results["parameters"]
    declared = contract(claims.source(results["notebook"]))
    kept = {name for name in (part.partition("=")[0] for part in pairs) if name in then}
    if profile not in names():  # made in a notebook server, with the values that the notebook had
        kept, profile = set(then), names()[0]
    given = {name: then[name] for name in kept & declared.keys()}
    return values(results["notebook"], profile, given)
