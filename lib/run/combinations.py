"""Values that are each in their range and cannot go together: refused before hours of training, not after them."""

from collections.abc import Callable, Mapping

from lib.parameters import ParameterError

SIZES = {"digits": (4_000, 1_000), "mnist": (60_000, 10_000), "cifar10": (50_000, 10_000)}
"""Training and test images of the data sets, whole."""

RECIPE_BATCH = 32
"""The smallest batch of the recipes of `fragile_neurons`; the others are multiples of it."""


def check(notebook: str, values: Mapping[str, object]) -> None:
    """Refuse what would fail in the middle of a run.

    Raises
    ------
    ParameterError
        With what does not go together, and why.
    """
    for refused in RULES.get(notebook, []):
        if why := refused(values):
            raise ParameterError(why)


def _nothing_left(values: Mapping) -> str:
    total, (training, _) = values["rounds"] * values["remove"], SIZES[values["dataset"]]
    if total < training:
        return ""
    return f"{values['rounds']} rounds that remove {values['remove']} leave nothing of {training:,} training images"


def _batch_of_one(values: Mapping) -> str:
    size = values["batch_size"]
    found = [n for n in SIZES[values["dataset"]] if n % size == 1]
    if not found:
        return ""
    return f"batches of {size} leave a last one of a single image of {found[0]:,}: batch norm needs two"


def _recipe_batch_of_one(values: Mapping) -> str:
    counts = [min(values["settings_images"], SIZES[name][0]) for name in values["dataset"].split("+")]
    found = [n for n in counts if n % RECIPE_BATCH == 1]
    if not found:
        return ""
    return f"settings_images={found[0]} leaves a last batch of a single image in a recipe: batch norm needs two"


RULES: dict[str, list[Callable[[Mapping], str]]] = {
    "unlearning": [_nothing_left],
    "adversarial_training": [_batch_of_one],
    "fragile_neurons": [_recipe_batch_of_one],
}
"""For each notebook what looks for a combination that cannot run; each says why, or nothing."""
