"""The paper's listings: which run as they are printed, and in which error the others end.

Each fault can be run: its few lines do what the listing does at that place, with stand-ins for images and networks, so
that Python itself says what comes of it.
"""

from dataclasses import dataclass

GIVEN = """
import numpy as np
train_dataset, x_test = (np.broadcast_to(np.float32(0), (count, 28, 28)) for count in (60000, 10000))
test_dataset, y_test = x_test, np.broadcast_to(np.float32(0), (10000, 10))
def LeNet(input_shape, num_classes):
    return [32, 64, 128, num_classes]
"""
"""What a listing may take from those before it: images, and Fig. 3's function with its faults put right."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a listing.

    Parameters
    ----------
    figure
        Its number.
    what
        In words.
    code
        A rendition of the lines at fault.
    typeset
        Whether it may be the typesetter's, as a lost bracket or underscore may.
    """

    figure: int
    what: str
    code: str
    typeset: bool = False

    def outcome(self) -> str:
        """The error in which the lines end, as Python names it; "runs" where they do not."""
        namespace: dict[str, object] = {}
        exec(GIVEN, namespace)
        try:
            exec(compile(self.code, f"Fig. {self.figure}", "exec"), namespace)
        except SyntaxError as error:
            return f"SyntaxError: {error.msg}"
        except (NameError, TypeError, ValueError) as error:
            return f"{type(error).__name__}: {error}"
        return "runs"


FAULTS = (
    Fault(
        3,
        "the function's last line, which returns the network, stands at the margin, outside the function",
        "def LeNet(input_shape, num_classes):\n    layers = [32, 64]\nreturn layers",
        typeset=True,
    ),
    Fault(
        3,
        "the number of classes comes in under one name and is used under another",
        "def LeNet(input_shape, num_classes):\n    return [32, 64, 128, n_classes]\nLeNet((28, 28, 1), 10)",
    ),
    Fault(4, "a list of layers is closed that was not opened", "model = list(\n    (6, 16),\n  ]\n)", typeset=True),
    Fault(4, "the network's function is called without its two arguments", "model = LeNet()"),
    Fault(
        4,
        "no image has been chosen when one image's label is taken",
        "def fgsm_attack(model, x, epsilon):\n    return y_test[image_index].reshape((1, 10))\n"
        "fgsm_attack(abs, x_test, 0.1)",
    ),
    Fault(
        4,
        "the images come in under one name and are classified under another",
        "def fgsm_attack(model, x, epsilon):\n    return model(inputs)\nfgsm_attack(abs, x_test, 0.1)",
    ),
    Fault(
        4,
        "the outputs are kept under one name and used under another",
        "def fgsm_attack(model, x, epsilon):\n    predictions = model(x)\n    return prediction\n"
        "fgsm_attack(abs, x_test[0], 0.1)",
    ),
    Fault(
        4,
        "the attacked image is asked for its numbers as if by a function of its own",
        "def fgsm_attack(model, x, epsilon):\n    x_adv = x\n    return x_adv_numpy()\nfgsm_attack(abs, x_test, 0.1)",
        typeset=True,
    ),
    Fault(
        5, "what the attack makes is classified before it is made", "prediction = abs(x_adv)\nx_adv = x_test + epsilon"
    ),
    Fault(5, "Keras is used and only TensorFlow is imported", "loss = keras.losses.categorical_crossentropy"),
    Fault(5, "what is selected is a variable inside Fig. 4's function", "selected_adv_examples = x_adv_array"),
    Fault(
        6,
        "with lists of its own it runs; what it removes is the table above",
        "kept = []\nselected = [(x_test[0], 7, 3)]\nfor i in range(100):\n    if i not in selected:\n"
        "        kept.append(train_dataset[i])",
    ),
    Fault(7, "the network's function is called without its two arguments", "model = LeNet()"),
    Fault(
        8,
        "the attack makes one image of all that it is given",
        "def fgsm_attack(model, x, epsilon):\n    return x.reshape((1, 28, 28, 1))\n"
        "fgsm_attack(abs, test_dataset, epsilon=0.1)",
    ),
    Fault(
        8,
        "the function that evaluates is nowhere defined",
        "evaluated = evaluate_examples(abs, test_dataset, y_test)",
    ),
    Fault(
        8,
        "the function that selects is nowhere defined",
        "selected = select_examples_for_unlearning([], num_examples=100)",
    ),
    Fault(9, "the network's function is called without its two arguments", "model = LeNet()"),
    Fault(
        9,
        "attacked images are kept under one name and evaluated under another",
        "adv_examples_for_unlearning = x_test\nevaluated = abs(test_adv_examples)",
    ),
    Fault(
        9,
        "the attacked images are called as the function that selects",
        "adv_examples_for_unlearning = x_test\nselected = adv_examples_for_unlearning([], num_examples=100)",
    ),
)
"""What is wrong with Figs. 3 to 9, listing by listing, in the order of their lines."""


def running() -> list[int]:
    """The figures none of whose faults ends in an error."""
    outcomes: dict[int, set[str]] = {}
    for fault in FAULTS:
        outcomes.setdefault(fault.figure, set()).add(fault.outcome())
    return [figure for figure, found in outcomes.items() if found == {"runs"}]
