"""The paper's one code listing, tried as it is printed, and where the paper does not agree with itself."""

from dataclasses import dataclass

from lib.ledger.contradictions import Contradiction


@dataclass(frozen=True)
class Listing:
    """Lines of code of the paper, and what they stand for once they run."""

    where: str
    code: str
    """As printed; or, of a repaired listing, with as little changed as makes it run."""
    repaired: str = ""
    """What was changed; empty where nothing was."""


PRINTED = (
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


CONTRADICTIONS = (
    Contradiction(
        "the sign of the gradient",
        "III.C: the formula of the attack moves each pixel by eps along the sign of the gradient",
        "III.C: the code line above it adds eps times the gradient itself; an equals sign joins the two",
        "both are run; the claims on FGSM are measured with the sign",
    ),
    Contradiction(
        "how slight an attack is",
        "III.A: an attack changes the input as slightly as possible",
        "IV, Fig. 6: the targeted attack has eps 0.9, nine tenths of the range of a pixel",
        "measured at 0.9, and beside it at 0.45 and with random signs of both sizes",
    ),
    Contradiction(
        "what retraining gives back",
        "IV: after retraining the model classifies adversarial examples as well",
        "IV: accuracy is 0.8262, which was 0.9894 before any attack, and the model is called impaired",
        "judged as a rise, not as a return to 0.9894",
    ),
    Contradiction(
        "from where accuracy rose",
        "IV: accuracy increased again, to 0.8262",
        "IV: the accuracy from which it rose is not printed, nor is eps",
        "measured before and after on the same images, at three eps",
    ),
    Contradiction(
        "what is trained and tested on",
        "IV: the adversarial test set is trained on",
        "IV: the retrained model is tested on adversarial images, and no others are named",
        "both ways: with the test images, and with training images alone",
    ),
    Contradiction(
        "the decision boundary",
        "I, III, V: attacks are studied to find the decision boundary between model and adversary",
        "V: to find it is left to the future",
        "not defined there: the boundary between classes is drawn, and a detector is measured",
    ),
    Contradiction(
        "whose matrix of attacks",
        "Abstract, I: MITRE's matrix is called ATT&CK",
        "Reference 17 names the Adversarial ML Threat Matrix, today ATLAS",
        "the techniques are named by their ATLAS ids",
    ),
    Contradiction(
        "where the code is",
        "The author's university is Tennessee Tech (tntech.edu)",
        "The footnote with the source code names a GitLab of csc.titech.edu",
        "the code was not had; nothing here is taken from it",
    ),
)
