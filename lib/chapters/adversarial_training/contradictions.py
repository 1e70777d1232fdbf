"""Passages that cannot both be right, or that leave open what was done, and what this chapter does."""

from lib.ledger.contradictions import Contradiction

CONTRADICTIONS = (
    Contradiction(
        "clean test accuracy before any defence",
        "Table I: 0.9895",
        "IV: 98.92%",
        "two trainings, or one of the two is a slip; both lie within the tolerance",
    ),
    Contradiction(
        "clean test accuracy after fine-tuning",
        "IV: 98.92%, as before it",
        "IV: it fell by about 0.5%",
        "not both; the tutorial's log has 0.9892 before and 0.9844 after",
    ),
    Contradiction(
        "what adversarial training is worth",
        "III.3 and Table I: advantages exceed drawbacks, 0.9753",
        "V: it resists fresh local-search attacks only somewhat",
        "Table I's images are not such attacks; both can be right, and only the first is measured",
    ),
    Contradiction(
        "which attack was run",
        "V: few pixels are searched for without knowing the network",
        "III.2: FGSM, BIM and L-BFGS, which all take its gradient",
        "no local search is described or measured in the paper",
    ),
    Contradiction(
        "which defence classifies attacked images better",
        "III.3: mixed batches give the more resilient network",
        "IV and Table I: 99% after fine-tuning, 0.9753 with mixed batches",
        "the first are images that were trained on; both are scored on images that were not",
    ),
    Contradiction(
        "batch size",
        "III.3: usually a power of two",
        "Table II: [364, 227]",
        "two numbers for one setting, neither a power of two; which training has which is not said",
    ),
    Contradiction(
        "figures", "Fig. 5: accuracy of normal training", "Fig. 5, twice more, after Fig. 8", "taken by caption"
    ),
)
