"""What sets up the environment: make, the versions of every package, conda, a container."""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from lib import compute

PROJECT = tomllib.loads((compute.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (compute.ROOT / "constraints.txt").read_text(encoding="utf-8")
PINS = [Requirement(line) for line in LOCK.splitlines() if line and not line.startswith("#")]
CUDA_FREE = "https://download.pytorch.org/whl/cpu"
RENEW = "`make lock` writes constraints.txt anew"


def direct() -> list[Requirement]:
    """What the package asks for itself, with all its extras."""
    lines = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
    found = map(Requirement, lines)
    return [one for one in found if canonicalize_name(one.name) != canonicalize_name(PROJECT["name"])]


def pinned(python: str = f"{sys.version_info[0]}.{sys.version_info[1]}") -> dict[str, Version]:
    """The version of each package on this system, under a Python."""
    here = default_environment() | {"python_version": python, "python_full_version": f"{python}.99"}
    holding = [one for one in PINS if one.marker is None or one.marker.evaluate(here)]
    found = {canonicalize_name(one.name): Version(next(iter(one.specifier)).version) for one in holding}
    assert len(found) == len(holding), "a package has two versions"
    return found


# ---- constraints.txt ----


def test_the_lock_names_versions_and_nothing_else() -> None:
    assert len(PINS) > 150
    assert [str(pin) for pin in PINS if [one.operator for one in pin.specifier] != ["=="] or pin.url] == []
    assert "://" not in LOCK and "--" not in re.sub(r"^#.*$", "", LOCK, flags=re.MULTILINE)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_dependency_is_pinned_to_what_is_asked_for(python: str) -> None:
    versions = pinned(python)
    unpinned = [str(one) for one in direct() if canonicalize_name(one.name) not in versions]
    assert unpinned == [], RENEW
    wrong = [str(one) for one in direct() if versions[canonicalize_name(one.name)] not in one.specifier]
    assert wrong == [], RENEW


def test_what_dependencies_ask_for_is_pinned_too() -> None:
    """All that is installed here and that a dependency brings: nothing is left to the day of the installation."""
    versions, seen, left = pinned(), set(), direct()
    while left:
        asked = left.pop()
        for extra in asked.extras or {""}:
            if (key := (canonicalize_name(asked.name), extra)) not in seen:
                seen.add(key)
                left += _asked_by(asked.name, extra)
    names = {name for name, _ in seen}
    assert len(names) > 150
    assert names - versions.keys() == set(), RENEW


def _asked_by(name: str, extra: str) -> list[Requirement]:
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []  # of an extra that this environment is without
    found = map(Requirement, lines)
    return [one for one in found if one.marker is None or one.marker.evaluate({"extra": extra})]


# ---- make ----


def dry(environment: Path, *arguments: str) -> str:
    """What make would do to have an environment."""
    wanted = arguments if any("/" in one for one in arguments) else [*arguments, f"{environment}/ready"]
    command = ["make", "--dry-run", f"VENV={environment}", f"PYTHON={sys.executable}", *wanted]
    return subprocess.run(command, cwd=compute.ROOT, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def light(tmp_path: Path) -> Path:
    """An environment that was set up without CUDA's libraries, as make leaves it."""
    (tmp_path / "torch").write_text("cpu\n")
    (tmp_path / "ready").touch()
    return tmp_path


def test_torch_comes_from_its_own_index_where_that_is_asked_for(tmp_path: Path) -> None:
    assert f"--constraint constraints.txt --extra-index-url {CUDA_FREE} --editable ." in dry(tmp_path, "TORCH=cpu")
    assert "pip install --constraint constraints.txt" in dry(tmp_path) and "index" not in dry(tmp_path)


def test_an_environment_keeps_the_torch_that_it_was_set_up_with(light: Path) -> None:
    for arguments in ([], ["TORCH=cpu"]):
        assert "up to date" in dry(light, *arguments)
    later = dry(light, f"{light}/ready-test")
    assert CUDA_FREE in later and "'.[test,sweep]'" in later and "venv" not in later.replace(str(light), "")


def test_another_torch_sets_the_environment_up_anew(light: Path) -> None:
    told = dry(light, "TORCH=default")
    assert f"-m venv --clear {light}" in told and f"echo default > {light}/torch" in told
    assert CUDA_FREE not in told
    (light / "torch").write_text("default\n")
    assert f"-m venv --clear {light}" in dry(light, "TORCH=cpu")


def test_what_make_says_of_the_disk_is_of_the_torch_that_it_takes(tmp_path: Path) -> None:
    assert "2 GB of disk" in dry(tmp_path, "TORCH=cpu")
    assert "7 GB of disk" in dry(tmp_path) and "TORCH=cpu" in dry(tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "profile"),
    [({}, [], "paper"), ({"PROFILE": "quick"}, [], "quick"), ({"PROFILE": "quick"}, ["PROFILE=paper"], "paper")],
    ids=["nothing", "in the environment", "in both"],
)
def test_make_fill_takes_the_profile_that_is_named(light: Path, before: dict, after: list[str], profile: str) -> None:
    """Before the command or after it, as with every other target; where none is named, it is the paper's."""
    outer = ("PROFILE", "MAKEFLAGS", "MAKEOVERRIDES")  # of a make that runs these tests
    environment = {name: value for name, value in os.environ.items() if name not in outer} | before
    command = ["make", "--dry-run", f"VENV={light}", "fill", *after]
    told = subprocess.run(command, cwd=compute.ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    assert f" --profile {profile} " in told


# ---- Other ways ----


def test_conda_installs_the_same_package_with_the_same_versions() -> None:
    asked = yaml.safe_load((compute.ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    python = next(one for one in asked if str(one).startswith("python="))
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python.removeprefix("python="))
    lines = next(one["pip"] for one in asked if isinstance(one, dict))
    assert "--constraint constraints.txt" in lines
    extras = re.search(r"--editable \.\[(.*)\]", "\n".join(lines))[1].split(",")
    assert set(extras) <= PROJECT["optional-dependencies"].keys()
    rest = [one for one in lines if not one.startswith("--")]
    assert rest == [], "a version that pyproject.toml does not know"


def test_the_container_sets_up_what_make_does() -> None:
    told = json.loads((compute.ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    made = re.search(r"make TORCH=cpu ([a-z-]+)$", told["onCreateCommand"])
    assert made and f"\n{made[1]}:" in (compute.ROOT / "Makefile").read_text(encoding="utf-8")
    python = re.fullmatch(r"python:(3\.\d+)-\w+", told["image"])
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python[1])
