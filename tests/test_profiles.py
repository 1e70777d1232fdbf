"""Which values a notebook runs with, and what they cost."""

from dataclasses import make_dataclass
from types import ModuleType

import pytest
import tiny
from projects import Project

from lib import book
from lib.parameters import ParameterError
from lib.run import costs, profiles
from lib.run.run import Run


@pytest.mark.parametrize(
    ("notebook", "given", "said"),
    [
        ("unlearning", {"dataset": "digits", "rounds": 4, "remove": 1000}, "leave nothing of 4,000 training images"),
        ("adversarial_training", {"dataset": "digits", "batch_size": 31}, "a single image of 4,000"),
        ("adversarial_training", {"dataset": "digits", "finetune_batch_size": 37}, "a single image of 1,000"),
        ("fragile_neurons", {"dataset": "digits", "settings_images": 129}, "settings_images=129"),
    ],
)
def test_values_that_do_not_go_together_are_refused(notebook: str, given: dict, said: str) -> None:
    for profile in profiles.names():
        profiles.values(notebook, profile, {})
    with pytest.raises(ParameterError, match=f"{notebook}: .*{said}"):
        profiles.values(notebook, "quick", given)


def test_what_a_run_takes_is_said_of_the_profiles_own_values() -> None:
    runs = (Run("mitigation", "quick", given, given) for given in ({}, {"epochs": 200}))
    plain, changed = (costs.announcement("quick", [run]) for run in runs)
    assert f"{costs.of_profile('quick')['mitigation']['minutes']:g} minutes" in plain
    assert "yours it may take more" in changed and "yours it" not in plain


def test_the_order_of_worth_is_the_profiles_own(project: Project) -> None:
    profile = project.root / "notebooks" / "profiles" / "paper.yaml"
    assert profiles.worth("paper") == []
    profile.write_text("worth: [tiny.labels, tiny]\ntiny: {seed: 1}\n")
    assert profiles.worth("paper") == ["tiny.labels", "tiny"] and profiles.worth("quick") == []
    assert profiles.section("paper", "tiny") == {"seed": 1}


def test_values_that_the_experiment_refuses_are_no_run(project: Project) -> None:
    assert profiles.values("tiny", "quick", {"seed": 9})["eps"] == 0.1
    with pytest.raises(ParameterError, match="tiny: seed=9 is the last one"):
        profiles.values("tiny", "quick", {"seed": 9, "eps": 0})


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("tinny: {seed: 1}\n", "a section 'tinny'; there are: .*tiny.*worth"),
        ("tiny: {seed: 1}\ntiny: {seed: 2}\n", "tiny is given twice"),
        ("tiny:\n  seed: 1\n  seed: 2\n", "seed is given twice"),
        ("tiny:\n  seed: 010\n", "seed is '010'; it takes int"),
        ("tiny:\n  seed: 1:30\n", "seed is '1:30'; it takes int"),
        ("tiny:\n\tseed: 1\n", "quick.yaml cannot be read"),
        ("tiny: 5\n", "tiny is '5'; it takes lines"),
        ("[tiny]\n", "has no sections"),
    ],
)
def test_a_profile_that_says_something_else_than_it_seems_to_is_refused(
    project: Project, written: str, said: str
) -> None:
    (project.root / "notebooks" / "profiles" / "quick.yaml").write_text(written)
    with pytest.raises(ParameterError, match=said):
        profiles.values("tiny", "quick", {})


def test_a_profile_s_values_are_read_as_parameters_are(project: Project) -> None:
    (project.root / "notebooks" / "profiles" / "quick.yaml").write_text("tiny: {seed: 3, eps: 1e-1, dataset: mnist}\n")
    assert profiles.section("quick", "tiny") == {"seed": 3, "eps": 0.1, "dataset": "mnist"}
    for name in profiles.names():
        assert profiles.worth(name) == []


FIELDS = ("seed", "dataset", "eps")


def chapter_of(*names: str, chapter: str = "tiny") -> type:
    """An experiment with these fields."""
    base = {"cells": tiny.Experiment.cells, "refused": tiny.Experiment.refused, "chapter": chapter}
    return make_dataclass("Experiment", names, bases=(tiny.Base,), namespace=base, frozen=True)


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        (chapter_of("seed", "dataset"), "tiny: eps in its parameters cell alone; Experiment's fields"),
        (chapter_of(*FIELDS, "grid"), "tiny: grid in its Experiment alone"),
        (chapter_of("seed", "dataset", "epss"), "eps in its parameters cell and epss in its Experiment alone"),
        (chapter_of(*FIELDS, chapter="mitigation"), "says that its chapter is 'mitigation'"),
    ],
)
def test_a_chapter_that_does_not_take_its_notebook_s_parameters_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch, experiment: type, said: str
) -> None:
    monkeypatch.setattr(book, "experiment", lambda name: experiment)
    with pytest.raises(ParameterError, match=said):
        profiles.values("tiny", "quick", {})


def test_parameters_without_a_data_set_are_refused(project: Project) -> None:
    source = project.root / "notebooks" / "tiny.ipynb"
    source.write_text(source.read_text().replace("dataset: str", "images: str"))
    with pytest.raises(ParameterError, match="tiny: its parameters cell has no `dataset`"):
        profiles.values("tiny", "quick", {})


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda name: ModuleType("lib.chapters.tiny").Experiment, "lib.chapters.tiny has no class Experiment"),
        (lambda name: compile("def (", "tiny.py", "exec"), "cannot be imported: .*tiny.py"),
        (lambda name: __import__(f"lib.chapters.{name}"), "cannot be imported: No module named 'lib.chapters.tiny'"),
    ],
)
def test_a_chapter_without_code_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch, fault: object, said: str
) -> None:
    monkeypatch.setattr(book, "experiment", fault)
    with pytest.raises(ParameterError, match=said):
        profiles.values("tiny", "quick", {})


def test_a_notebook_that_the_table_of_contents_does_not_name_is_told_so(project: Project) -> None:
    contents = project.root / "book" / "_toc.yml"
    contents.write_text(contents.read_text().replace("{file: tiny}, ", ""))
    with pytest.raises(ParameterError, match=r"tiny has no place in book/_toc[.]yml"):
        profiles.values("tiny", "quick", {})
    project.write_scoreboard()
    with pytest.raises(ParameterError, match=r"a section 'tiny'; .*; tiny has no place in book/_toc[.]yml"):
        profiles.section("quick", book.SCOREBOARD)
