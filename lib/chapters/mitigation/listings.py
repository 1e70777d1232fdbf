"""The paper's one code listing, tried as it is printed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Listing:
    """Lines of the paper's code: where they stand, and whether they were repaired."""

    where: str
    code: str
    """As printed; if repaired, with the fewest changes that make it run."""
    repaired: str = ""
    """What was changed; empty where nothing was."""


LISTINGS = (
    Listing("III.C, first line", "perturbed image\n= image + ε * data_grad"),
    Listing("III.C, second line", "perturbed image\n= x + ε * sign(∇x J(θ, x, y))"),
    Listing("III.C, first line", "perturbed_image = image + ε * data_grad", repaired="one name, on one line"),
)
"""One assignment with two right sides, printed below each other; the second is a formula."""


GIVEN = {"image": 0.5, "x": 0.5, "ε": 0.3, "data_grad": 0.25}
"""The values that the lines take from elsewhere, for an image of one pixel."""


def tried(listing: Listing, **names: object) -> tuple[str, object]:
    """Run a listing, with `names` in place of those `GIVEN`: "runs" or Python's error, and the image made, if any."""
    space = GIVEN | names
    try:
        exec(compile(listing.code, listing.where, "exec"), space)
    except Exception as error:
        return f"{type(error).__name__}: {error}", None
    return "runs", space["perturbed_image"]
