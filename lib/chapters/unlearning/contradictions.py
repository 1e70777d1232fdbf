"""Passages that cannot both be right, or that leave open what was done, and what this chapter does."""

from lib.ledger.contradictions import Contradiction

CONTRADICTIONS = (
    Contradiction(
        "the network",
        "LeNet-5: 32 x 32 pixels, 5 x 5 kernels, 6 and 16 maps (section 2, Fig. 2)",
        "28 x 28 pixels, 3 x 3 kernels: 32 and 64 maps with dropout (Fig. 3), 6 and 16 with average pooling (Fig. 4)",
        "a parameter; Fig. 3's, which is printed as the one that is trained, is taken for the table",
    ),
    Contradiction(
        "what unlearning trains on",
        "images without perturbations (abstract)",
        "a data set that includes adversarial examples (introduction)",
        "both: no removal, and reading (e) which comes back to such images; reading (d)",
    ),
    Contradiction(
        "what is removed",
        "adversarial examples (4, fourth step)",
        "images of the training set, which holds none (Figs. 6, 8, 9)",
        "the training images whose attacked version is worst: reading (b)",
    ),
    Contradiction(
        "what is selected",
        "indices (4.3, 4.4)",
        "an array of images (Fig. 5); tuples of example, label and prediction (text of Fig. 8)",
        "indices; what the rule does with each is a table",
    ),
    Contradiction(
        "which images it is selected from",
        "test images, which no training set holds (Figs. 8, 9)",
        "training images, loaded under the name of test images (Fig. 5)",
        "training images; test images by number are a random choice, which is a control",
    ),
    Contradiction(
        "what it is selected by",
        "the highest loss (4, 4.3)",
        "some criterion, such as the confidence of the prediction (text of Fig. 8)",
        "the highest loss",
    ),
    Contradiction(
        "how training goes on",
        "a new network (Fig. 7)",
        "the same network (Figs. 8, 9)",
        "both: readings (c) and (b)",
    ),
    Contradiction(
        "the attack",
        "along the gradient of the loss (Fig. 4)",
        "along the gradient of the network's outputs, which sum to 1 (Fig. 5)",
        "Fig. 4's; Fig. 5's is a candidate for the third row",
    ),
    Contradiction(
        "retraining",
        "unlearning takes the place of retraining (4.7)",
        "the model is retrained after each removal (4.4 to 4.6)",
        "retraining is taken to be training on adversarial images, reading (d)",
    ),
    Contradiction(
        "what the second row is of",
        "the attacked model (caption of Table 1)",
        "after training on the adversarial test set (4.7)",
        "the trained network under attack; one that was trained on those images would classify them well",
    ),
    Contradiction(
        "the updated model's accuracy",
        "better than the original's (conclusion)",
        "printed under attack alone, 0.9669, below the original's 0.9932 on clean images (Table 1)",
        "measured on clean images: conclusion.accuracy",
    ),
)
"""In the order of the paper's sections."""
