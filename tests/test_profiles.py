"""Which values a notebook runs with, and what they cost."""

import pytest
from projects import Project

from lib.parameters import ParameterError
from lib.run import __main__ as command
from lib.run import costs, profiles
from lib.run.run import Run


@pytest.mark.parametrize(
    ("notebook", "given", "said"),
    [
        ("unlearning", {"dataset": "digits", "rounds": 4, "remove": 1000}, "leave nothing of 4,000 training images"),
        ("adversarial_training", {"dataset": "digits", "batch_size": 31}, "a single image of 4,000"),
        ("adversarial_training", {"dataset": "digits", "batch_size": 37}, "a single image of 1,000"),
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
    assert "1.3 minutes" in plain and "yours may take more" not in plain and "yours it may take more" in changed


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
    ("text", "said"),
    [
        ("tinny: {seed: 1}", "no notebook tinny"),
        ("tiny: {seed: 1, seed: 2}", "seed is given twice"),
        ("tiny: {seed: 1}\ntiny: {eps: 0.2}", "tiny is given twice"),
        ("tiny: {seed: 010}", "010 is no whole number"),
        ("tiny: {seed: 1:30}", "1:30 is no whole number"),
        ("tiny: 5", "tiny is 5, and should be names with values"),
        ("- tiny", "a section for each notebook"),
        ("tiny:\n\tseed: 1", "cannot be read"),
        ("tiny: {shade: 1}", "shade"),
    ],
)
def test_a_profile_that_says_something_else_than_it_seems_to_is_refused(
    project: Project, text: str, said: str, capsys: pytest.CaptureFixture
) -> None:
    (project.root / "notebooks" / "profiles" / "quick.yaml").write_text(text + "\n")
    assert command.main(["execute", "tiny"]) == 1
    told = capsys.readouterr().err
    assert said in told and told.startswith("error: ")


def test_a_section_may_be_empty(project: Project) -> None:
    (project.root / "notebooks" / "profiles" / "quick.yaml").write_text("tiny:\n")
    assert profiles.section("quick", "tiny") == {}
