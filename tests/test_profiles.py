"""Which values a notebook runs with, and what they cost."""

import pytest
from projects import Project

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
