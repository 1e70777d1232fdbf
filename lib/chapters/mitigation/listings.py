"""The paper's one code listing, tried as it is printed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Listing:
    """Lines of code of the paper, and what they stand for once they run."""

    where: str
    code: str
    """As printed; or, of a repaired listing, with as little changed as makes it run."""
    repaired: str = ""
    """What was changed; empty where nothing was."""


LISTINGS = (
    Listing("III.C, first line", "perturbed image\n= image + ε * data_grad"),
    Listing("III.C, second line", "perturbed image\n= x + ε * sign(∇x J(θ, x, y))"),
    Listing("III.C, first line", "perturbed_image = image + ε * data_grad", repaired="one name, on one line"),
)
"""One assignment with two right sides, printed below each other; the second is a formula."""


GIVEN = {"image": 0.5, "x": 0.5, "ε": 0.3, "data_grad": 0.25}
"""What the lines take from elsewhere, for an image of one pixel."""


def tried(listing: Listing, **names: object) -> tuple[str, object]:
    """Run a listing, with other `names` than `GIVEN`: "runs" or Python's error, and the image that it makes."""
    space = GIVEN | names
    try:
        exec(compile(listing.code, listing.where, "exec"), space)
    except Exception as error:
        return f"{type(error).__name__}: {error}", None
    return "runs", space["perturbed_image"]
