"""Where the paper does not agree with itself or leaves open what was done, and what is done here."""

from lib.ledger.contradictions import Contradiction

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
        "which attack is trained on",
        "IV: accuracy fell under the targeted attack and under the untargeted one",
        "IV: the model was trained again after the attack; of the two, none is named",
        "both ways: untargeted at three eps, and targeted at the eps of its two figures",
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
        "we did not have the code; nothing here is taken from it",
    ),
)
