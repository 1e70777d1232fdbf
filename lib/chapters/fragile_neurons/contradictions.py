"""Passages that cannot both be right, or that leave open what was done, and what this chapter does."""

from lib.ledger.contradictions import Contradiction

CONTRADICTIONS = (
    Contradiction(
        "what 37% and 89% are of",
        "ResNet-50 on MNIST after 10 epochs (5)",
        "ResNet-50 on CIFAR-10 after 50 epochs (6): the same pair, to the digit",
        "each is a pair of claims of its own; an experiment has to give both numbers of a pair",
    ),
    Contradiction(
        "which distance 89% counts",
        "between the outputs of the original and of the filtered layer (5)",
        "between the outputs of one layer on an image and on its attacked version (Algorithm 1, 6)",
        "the second answers; the first is a reading",
    ),
    Contradiction(
        "whether the share depends on eps",
        "it is higher for larger eps (5, Fig. 2)",
        "Eq. 1 does not clip, and the layer is a convolution without bias: it cannot (theorem)",
        "both: not clipped as Eq. 1, and clipped",
    ),
    Contradiction(
        "which singular values the filter changes",
        "those below the threshold are clamped (4.1, first sentence)",
        "all are at most the threshold (Eq. 4), or are cut off after a row (text of Eq. 4)",
        "all are readings; the one called “at most” answers",
    ),
    Contradiction(
        "what the noise level is",
        "Eq. 5 takes the root of it, so it is a variance",
        "the source of Eq. 5 multiplies by a standard deviation, outside of the root",
        "both are readings; the variance answers",
    ),
    Contradiction(
        "what the filter does to S",
        "amplified kernels need a larger perturbation to vary (4.2)",
        "Eqs. 8 and 9 multiply their maps by at least 1, so the same perturbation moves them further",
        "measured: the share before and after, also relative to random signs",
    ),
    Contradiction(
        "what robustness and targeting have to do with each other",
        "more robust networks spread the attack evenly over S and S' (5)",
        "a correlation of robustness with the targeting of S (6), its sign not given",
        "the rank correlation over networks",
    ),
    Contradiction(
        "what is attacked",
        "the first layer (Algorithm 1, line 5)",
        "the loss of the whole network (Eq. 1)",
        "the whole network: a layer has no loss",
    ),
    Contradiction(
        "what S' is called",
        "robust (abstract)",
        "null, redundant and noisy (1, 3.3, 4)",
        "null",
    ),
)
