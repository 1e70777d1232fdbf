"""The chapter's tables, as data frames."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lib.chapters.adversarial_training import influence
from lib.chapters.adversarial_training.cases import BUDGETS, CONTROLS, MIXED_HELD_OUT, TUNED, TUTORIAL, UNDEFENDED
from lib.chapters.adversarial_training.contradictions import CONTRADICTIONS
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.distances import Reach
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.formulas import FORMULAS
from lib.chapters.adversarial_training.influence import Swept
from lib.chapters.adversarial_training.measure import Searched
from lib.chapters.adversarial_training.rates import Scored, accuracy, few_pixels_gain, keras_loss, loss, worst
from lib.chapters.adversarial_training.scores import CONTROL, Scores
from lib.chapters.adversarial_training.table_one import CLAIMS, ROWS, TableOne, off
from lib.ledger.contradictions import as_table
from lib.measure.intervals import rate
from lib.show.counting import counted


def table_one(table: TableOne) -> pd.DataFrame:
    """Table I of the paper, and what each reading of it gives."""
    found = table.found
    columns = {
        "number": [claim.replace("_", " ").replace(".", ", ") for claim in ROWS],
        "paper": [CLAIMS[claim].printed for claim in ROWS],
        "tutorials": [f"{found[claim].mean:.4f}" for claim in ROWS],
        "off by": [f"{off(claim, found[claim]):.1f}" for claim in ROWS],
    }
    others = ("tutorials, fresh", "Table II", "Table II, fresh")
    for name, numbers in zip(others, list(table.readings.values())[1:], strict=True):
        columns[name] = [f"{numbers[claim].mean:.4f}" for claim in ROWS]
    return pd.DataFrame(columns)


def contradictions() -> pd.DataFrame:
    """Passages that cannot both be right, or that leave open what was done."""
    return as_table(CONTRADICTIONS)


def formulas() -> pd.DataFrame:
    """What the paper prints or names to be computed, and whether that is enough."""
    return pd.DataFrame(FORMULAS).rename(columns={"name": "", "runs": "runs as printed"})


def networks(experiment: Experiment) -> pd.DataFrame:
    """The networks of the chapter: where each begins, what it is trained on and for how long."""
    e, scratch, mixed = experiment, "scratch", "mixed batches of training images"
    own, tutorials = f"{e.reading.replace('_', ' ')}, eps {e.eps:g}", f"squared error, eps {TUTORIAL.eps:g}"
    trained = "undefended" if e.mixed_start == "trained" else scratch
    rows = [
        ("tutorials: normal", scratch, "training images", e.tutorial_epochs, ""),
        ("tutorials: fine-tuned", "tutorials: normal", "attacked test images", e.finetune_epochs, tutorials),
        ("tutorials: mixed", "tutorials: normal", mixed, e.finetune_epochs, tutorials),
        ("undefended", scratch, "training images", e.epochs, ""),
        ("fine-tuned on test images", "undefended", "attacked test images", e.finetune_epochs, own),
        ("fine-tuned on training images", "undefended", "as many attacked training images", e.finetune_epochs, own),
        ("mixed, from the trained network", "undefended", "as many in mixed batches", e.finetune_epochs, own),
        ("mixed", trained, mixed, e.epochs, own),
    ]
    return pd.DataFrame(rows, columns=["network", "begins from", "trained on", "epochs", "loss and eps of FGSM"])


def table_two(experiment: Experiment) -> pd.DataFrame:
    """Table II of the paper: the settings."""
    rest = f"{experiment.activation}, Adam at 0.001, {experiment.eps:g}"
    rows = [
        ("epochs", "50", experiment.epochs),
        ("batch size", "[364, 227]", experiment.batch_size),
        ("transform layers", "2", f"{experiment.convolutions} convolutions"),
        ("confidence", "softmax", "softmax"),
        ("activation, optimiser, eps", "not stated", rest),
    ]
    return pd.DataFrame(rows, columns=["", "paper", "this run"])


def attacks(far: Mapping[str, Reach]) -> pd.DataFrame:
    """How many images each attack fools, how far it goes for that, and how fast it is."""
    rows = []
    for name, one in far.items():
        row = {"attack": name, "images fooled": f"{one.successful.mean():.3f}"}
        for kind, moved in (("L2", one.l2), ("Linf", one.linf)):
            reached = moved[one.successful]
            row[f"{kind}, mean"] = f"{reached.mean():.3f}" if len(reached) else ""
            row[f"{kind}, median"] = f"{np.median(reached):.3f}" if len(reached) else ""
        pace = len(one.l2) / one.seconds
        row["images a second"] = f"{pace:,.0f}" if pace > 10 else f"{pace:.1f}"
        rows.append(row)
    return pd.DataFrame(rows)


def kinds(experiment: Experiment) -> dict[str, str]:
    """The names of what a network is scored on; random signs are clipped if FGSM is."""
    return {
        "clean": "clean",
        "P": "stale FGSM",
        "W": "fresh FGSM",
        "PGD": "PGD",
        "Square": f"Square, {experiment.queries} queries",
        "transfer": "PGD, transferred",
        CONTROL: "random signs" if experiment.fgsm.clip else "random signs, not clipped",
    }


def protocols(scored: Scored, experiment: Experiment) -> pd.DataFrame:
    """Accuracy by network and images, and by how these are made."""
    columns = {"network, on which images": list(scored)}
    for kind, name in kinds(experiment).items():
        columns[name] = [f"{accuracy(scores, kind):.3f}" for scores in scored.values()]
    columns["worst case"] = [f"{worst(scores):.3f}" for scores in scored.values()]
    return pd.DataFrame(columns)


def batch_sizes(by_size: Mapping[int, Sequence[Scores]], experiment: Experiment) -> pd.DataFrame:
    """Fine-tuning on attacked test images in batches of several sizes."""
    names = kinds(experiment)
    heads = {"P": "stale FGSM, the images trained on", "clean": "clean", "W": names["W"], "PGD": names["PGD"]}
    rows = []
    for size, scores in by_size.items():
        steps = experiment.finetune_epochs * -(-len(scores[0].y) // size)
        found = {head: f"{accuracy(scores, kind):.3f}" for kind, head in heads.items()}
        rows.append({"images in a batch": size, "steps": f"{steps:,}", **found})
    rows.append({"images in a batch": "paper", heads["P"]: "0.99", heads["clean"]: "0.9892"})
    return pd.DataFrame(rows).fillna("")


def remedies(ended: Scored, mixed: Sequence[Course], experiment: Experiment) -> pd.DataFrame:
    """Mixed training by what makes the attacked half and where it ends; FGSM's seconds are of the whole training."""
    own = [end for end, attack in experiment.remedies.items() if attack != experiment.fgsm]
    rows = []
    for end, scores in ended.items():
        pace = [one.seconds / len(one.training_losses) for one in scores] if end in own else None
        pace = pace or [one.seconds / one.epochs for one in mixed]
        rows.append(
            {
                "attacked half made by": end,
                "clean": f"{accuracy(scores, 'clean'):.3f}",
                "fresh FGSM": f"{accuracy(scores, 'W'):.3f}",
                "PGD": f"{accuracy(scores, 'PGD'):.3f}",
                "seconds an epoch": f"{np.mean(pace):.1f}",
            }
        )
    return pd.DataFrame(rows)


def few_pixels(searched: Mapping[str, Sequence[Searched]]) -> pd.DataFrame:
    """Accuracy under a search over few pixels, and what mixed training gains."""
    names = {UNDEFENDED: "undefended", TUNED: "fine-tuned on training images", MIXED_HELD_OUT: "mixed"}
    columns = {"network": [*(names[case] for case in searched), "mixed minus undefended"]}
    for pixels in (0, *BUDGETS):
        found = [f"{rate([one.correct(pixels) for one in of]):.3f}" for of in searched.values()]
        columns[f"{pixels} pixels" if pixels else "clean"] = [*found, f"{few_pixels_gain(searched, pixels):+.3f}"]
    return pd.DataFrame(columns)


def tutorials(scored: Scored) -> pd.DataFrame:
    """The runs in the tutorials' setting, beside the tutorials' logs."""
    logs = {
        ("normal", "clean"): ("0.9892, 0.9891", "0.044, 0.048"),
        ("normal", "P"): ("0.0170, 0.0188", "17.282, 14.066"),
        ("tuned", "clean"): ("0.9844", "0.059"),
        ("tuned", "P"): ("0.9906", "0.037"),
        ("mixed", "clean"): ("0.9906", "0.032"),
        ("mixed", "P"): ("0.9641", "0.119"),
    }
    names = {"normal": "normal", "tuned": "fine-tuned on the attacked test images", "mixed": "mixed batches"}
    made = {"clean": "clean", CONTROL: "random signs, not clipped", "P": "stale FGSM", "W": "fresh FGSM"}
    rows = []
    for network, scores in scored.items():
        few = len(scores[0].sampled)
        shown = [kind for kind in scores[0].read if (network, kind) != ("normal", "W")]
        for kind in shown:
            log = logs.get((network, kind), ("", ""))
            rows.append(
                {
                    "network, test images": f"{names[network]}: {made.get(kind, f'{kind}, {few} of them')}",
                    "accuracy": f"{accuracy(scores, kind):.4f}",
                    "tutorials, accuracy": log[0],
                    "loss": f"{loss(scores, kind):.3f}" if kind in scores[0].losses else "",
                    "loss, as Keras": f"{keras_loss(scores, kind).mean:.3f}" if kind in scores[0].losses else "",
                    "tutorials, loss": log[1],
                }
            )
    return pd.DataFrame(rows)


def sweep(swept: Swept) -> pd.DataFrame:
    """How far accuracy spreads over each setting, and over seeds."""
    found, rows = {name: influence.accuracies(swept, kind) for kind, name in influence.KINDS.items()}, []
    for setting, values in swept.items():
        row = {"setting": setting + (" (control)" if setting in CONTROLS else ""), "values": ", ".join(values)}
        for name, of in found.items():
            row[f"{name}: at each"] = ", ".join(f"{one:.4f}" for one in of[setting].mean(1))
            row[f"{name}: spread"] = f"{influence.spread_of(of[setting]).mean():.4f}"
        rows.append(row)
    if influence.seeds(swept) > 1:
        over_seeds = {name: influence.spread_over_seeds(swept, kind).mean() for kind, name in influence.KINDS.items()}
        spreads = {f"{name}: spread": f"{spread:.4f}" for name, spread in over_seeds.items()}
        rows.append({"setting": "seed", "values": "all of these"} | spreads)
    return pd.DataFrame(rows).fillna("")


def sweep_title(experiment: Experiment) -> str:
    """The caption of `sweep`."""
    return f"After {counted(experiment.side_epochs, 'epoch')}, unless epochs are varied"
