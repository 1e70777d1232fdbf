"""What this run shows: a sentence or two for each table and figure of the chapter, from its records."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib.chapters.adversarial_training import cases, fitting, influence, rates
from lib.chapters.adversarial_training.calibration import READINGS, Calibration
from lib.chapters.adversarial_training.courses import Course
from lib.chapters.adversarial_training.distances import Reach
from lib.chapters.adversarial_training.experiment import Experiment
from lib.chapters.adversarial_training.influence import Swept
from lib.chapters.adversarial_training.measure import Pictures, Searched
from lib.chapters.adversarial_training.rates import Scored, accuracy, gap, loss, median_l2, worst
from lib.chapters.adversarial_training.scores import CONTROL, Scores
from lib.chapters.adversarial_training.table_one import ROWS, TableOne, farthest, numbers, off, within
from lib.evidence.cells import Cell
from lib.models.base import outline, parameter_count
from lib.show.cells import commonest_error
from lib.show.counting import agreeing, counted
from lib.show.sentences import ends


def network(experiment: Experiment) -> str:
    """What the network consists of."""
    model = experiment.undefended(experiment.seed).fresh()
    return f"{outline(model)}; {parameter_count(model):,} parameters"


def images(cell: Cell[Course]) -> str:
    """Which images a kept cell was measured on."""
    course, made = cell.read()
    (facts,) = made.data.values()
    count, attacked = course.test_correct.shape[1], course.attacked_correct.shape[1]
    return f"{facts['origin']}; {count:,} test images, of which {attacked:,} are attacked in many steps"


def table_one(table: TableOne) -> str:
    """How many of the seven numbers one setting gives, how many readings give all, and what the other setting gives."""
    found, readings = table.found, table.counted
    of_mixed = [claim for claim, (network, _) in ROWS.items() if network == "mixed"]
    stale, fresh = (len(set(within(numbers(table.own, kind))) & set(of_mixed)) for kind in ("P", "W"))
    last = farthest(found)
    named = last.replace("_", " ").replace(".", ", ")
    return (
        f"In this run: the tutorials' setting gives {len(within(found))} of the {len(ROWS)} numbers within their "
        f"tolerance; “{named}” is farthest, {off(last, found[last]):.2f} tolerances off. "
        f"All seven are given by {readings.giving} of {readings.tried} readings. Of the mixed network's "
        f"{len(of_mixed)}, Table II's training gives {stale} on stale images and {fresh} on fresh ones."
    )


def ladder(runs: Scored) -> str:
    """Accuracy of the mixed-trained network under each attack, and whether noise does as well."""
    mixed = runs["mixed"]
    stale, fresh, strong = (accuracy(mixed, kind).mean for kind in ("P", "W", "PGD"))
    signs, attacked = (accuracy(runs["normal"], kind).mean for kind in (CONTROL, "P"))
    return (
        f"In this run: with the tutorials' settings the mixed network classifies {stale:.3f} of the stale images "
        f"correctly, {fresh:.3f} under fresh FGSM, {strong:.3f} under PGD and {worst(mixed).mean:.3f} in the worst "
        f"case. The undefended network classifies {attacked:.3f} of the stale images correctly, and {signs:.3f} under "
        "random signs of the same size."
    )


def courses(normal: Sequence[Course], mixed: Sequence[Course]) -> str:
    """How both trainings end, on clean images, and what happens after the lowest loss."""
    right = [np.mean([one.test_correct[-1].mean() for one in of]) for of in (normal, mixed)]
    loss = [np.mean([one.test_loss[-1] for one in of]) for of in (normal, mixed)]
    (rise, gain), (mixed_rise, mixed_gain) = rates.after_lowest_loss(normal), rates.after_lowest_loss(mixed)
    lowest = "at which the other networks' test loss is lowest" if len(normal) > 1 else "of the lowest test loss"
    return (
        f"In this run: after {normal[0].epochs} epochs accuracy on clean test images is {right[0]:.4f} in normal "
        f"training, with a loss of {loss[0]:.4f}, and {right[1]:.4f} in mixed training, with {loss[1]:.4f}. "
        f"From the epoch {lowest} to the last, normal training's loss changes by {rise:+.4f} and its "
        f"accuracy by {gain:+.4f}, mixed training's by {mixed_rise:+.4f} and {mixed_gain:+.4f}."
    )


def pictures(seen: Pictures) -> str:
    """How many of the digits shown change their class."""
    changed, kept, lost = (
        int((read != seen.clean_read).sum())
        for read in (seen.fgsm_read, seen.fgsm_read_by_mixed, seen.pgd_read_by_mixed)
    )
    return (
        f"In this run: clipped FGSM changes the undefended network's answer for {changed} of {len(seen.clean)} digits, "
        f"and the mixed network's for {kept}. Fresh PGD changes the mixed network's for {lost}."
    )


def confusion(undefended: Sequence[Scores], defended: Sequence[Scores]) -> str:
    """What each network answers most often, and its commonest error; all digits count alike."""
    told = []
    for name, scores, kind in (("undefended network", undefended, "P"), ("mixed-trained one", defended, "W")):
        shares = rates.confusion(scores, kind)
        (digit, taken, error), often = commonest_error(shares), shares.mean(0)
        told.append(
            f"the {name} answers {often.argmax()} most often, for {often.max():.0%} of the images; its commonest error "
            f"is {digit} taken for {taken}, in {error:.0%} of that digit's images"
        )
    return f"In this run: under FGSM {told[0]}. {told[1].capitalize()}."


def nearest_settings(calibrated: Sequence[Calibration]) -> str:
    """Which setting of the attack comes nearest to Table I's second row, and what it gives on other networks."""
    tried = fitting.tried(calibrated).values()
    giving = sum(one.gives for one in tried)
    chosen, _ = fitting.nearest(fitting.chosen_on(calibrated))
    silent = np.mean([one.silent[list(READINGS).index("squared_error")].mean() for one in calibrated])
    where = f"{max(silent, 0.0001):.2%}" if silent else "none"
    less = "less than " if 0 < silent < 0.0001 else ""
    told = f"The gradient of the squared error is zero on {less}{where} of the test images: FGSM does nothing there."
    others = fitting.judged_on(calibrated)
    among = f" on {len(fitting.chosen_on(calibrated))} of {len(calibrated)} networks" if len(calibrated) > 1 else ""
    on_others = "there is no other network to judge it on"
    if others:
        found = fitting.tried(others)[chosen.reading, chosen.number]
        rest = "on the other network" if len(others) == 1 else f"on the other {len(others)}"
        both = "within both tolerances" if found.gives else "not within both tolerances"
        on_others = f"{rest} it gives {found.accuracy.mean:.4f} with {found.loss.mean:.2f}, {both}"
    return (
        f"In this run: by all networks, {giving} of {len(tried)} settings {agreeing(giving, 'gives', 'give')} both "
        f"numbers; nearest{among} is {chosen.name}, and {on_others}. {told}"
    )


def attacks(far: Mapping[str, Reach]) -> str:
    """How far L-BFGS and FGSM go."""
    fgsm, lbfgs = far["FGSM, smallest eps"], far["L-BFGS"]
    return (
        f"In this run: L-BFGS fools {lbfgs.successful.mean():.3f} of {len(lbfgs.l2)} images at a median L2 distance of "
        f"{median_l2(lbfgs):.2f}, FGSM at its smallest eps {fgsm.successful.mean():.3f} at {median_l2(fgsm):.2f}."
    )


def towards_next(targeted: Reach, untargeted: Reach) -> str:
    """L-BFGS towards the next digit, beside L-BFGS away from the digit on the same images."""
    count = len(targeted.l2)
    return (
        f"In this run: L-BFGS towards the next digit reaches it for {targeted.successful.sum()} of {count} images, "
        f"at a median L2 of {median_l2(targeted):.2f}; on the same images, away from the digit, "
        f"{median_l2(untargeted, count):.2f}."
    )


def protocols(scored: Scored) -> str:
    """How accurate the same networks are on stale images and on fresh ones."""
    seen, made = accuracy(scored[cases.TUNED_ON_TEST], "P").mean, ("P", "W", "PGD")
    tuned, mixed = ([accuracy(scored[one], kind).mean for kind in made] for one in (cases.TUNED, cases.MIXED_HELD_OUT))
    stale, lot = (accuracy(scored[cases.UNDEFENDED], kind) for kind in ("P", CONTROL))
    lead = [gap(scored[cases.GOING_ON], scored[cases.TUNED], kind).mean for kind in made]
    return (
        f"In this run: with Table II's training the undefended network classifies {stale.mean:.3f} of the stale images "
        f"correctly, and {ends(lot.per_network, '.3f')} under random signs. The network fine-tuned on test images has "
        f"an accuracy of {seen:.3f} on those very images. The one fine-tuned on training images has {tuned[0]:.3f} on "
        f"held-out stale images, {tuned[1]:.3f} under fresh FGSM and {tuned[2]:.3f} under PGD. Mixed training from "
        f"scratch has {mixed[0]:.3f}, {mixed[1]:.3f} and {mixed[2]:.3f} on these three. The fair comparison has equal "
        "epochs and images: mixed training from the trained network, minus fine-tuning, is "
        f"{lead[0]:+.3f}, {lead[1]:+.3f} and {lead[2]:+.3f}."
    )


def batch_sizes(by_size: Mapping[int, Sequence[Scores]]) -> str:
    """What the size of the batches does to the paper's score and to a sound one."""
    told = [
        f"{size}: {accuracy(of, 'P').mean:.3f} on the images trained on, {accuracy(of, 'PGD').mean:.3f} under PGD"
        for size, of in by_size.items()
    ]
    return f"In this run: by images in a batch, {'; '.join(told)}."


def peaks(mixed: Sequence[Course]) -> str:
    """How much lower accuracy under PGD is at the end than at the best epoch."""
    falls = [max(one.attacked) - one.attacked[-1] for one in mixed]
    return f"In this run: from a network's best epoch to its last, accuracy under PGD falls by {ends(falls, '.3f')}."


def remedies(ended: Scored) -> str:
    """Which ending is the most accurate under PGD."""
    found = {end: accuracy(of, "PGD").mean for end, of in ended.items()}
    best, clean = max(found, key=found.get), [accuracy(of, "clean").mean for of in ended.values()]
    told = f"highest for “{best}”, {found[best]:.3f}; stopped by PGD it is {found[cases.STOPPED]:.3f}"
    if len(set(found.values())) == 1:
        told = f"{found[best]:.3f} whichever way training ends"
    return (
        f"In this run: accuracy under PGD is {told}; clean accuracy lies between {min(clean):.3f} and {max(clean):.3f}."
    )


def few_pixels(searched: Mapping[str, Sequence[Searched]]) -> str:
    """What mixed training gains under a search over few pixels."""
    told = [f"{rates.few_pixels_gain(searched, one):+.3f} where {one} pixels may change" for one in cases.BUDGETS]
    return f"In this run: mixed training changes accuracy by {' and by '.join(told)}."


def sweep(swept: Swept) -> str:
    """Which setting moves clean accuracy most and which least, beside the seed."""
    found = {name: influence.spread_of(one).mean() for name, one in influence.accuracies(swept, "clean").items()}
    named, other = ({name: found[name] for name in names} for names in (cases.SETTINGS, cases.CONTROLS))
    least, most, control = min(named, key=named.get), max(named, key=named.get), max(other, key=other.get)
    seeds = ""
    if influence.seeds(swept) > 1:
        seeds = f"; over seeds it is {influence.spread_over_seeds(swept, 'clean').mean():.4f}"
    return (
        f"In this run: of the paper's four, “{most}” moves clean accuracy most, with a standard deviation of "
        f"{found[most]:.4f} over its values, and “{least}” least, with {found[least]:.4f}. Of the two that it does not "
        f"name, “{control}” has {found[control]:.4f}{seeds}."
    )


def losses(runs: Scored) -> str:
    """The loss of the undefended networks under the paper's attack, one by one: the mean hides how they differ."""
    each = [f"{one:.1f}" for one in loss(runs["normal"], "P").per_network]
    if len(each) == 1:
        return f"In this run: the undefended network's loss on stale images is {each[0]}."
    return f"In this run: the undefended networks' losses on stale images are {', '.join(each)}."


def apart(cells: Sequence[Cell]) -> str:
    """Whether kept measurements that share a network trained it to the same weights, by their digests.

    It also says why the foot of the page, which goes by the networks that measurements name, may count otherwise.
    """
    trained: dict[object, list[tuple[str, bool]]] = {}
    for cell in cells:
        training = getattr(cell.setting, "network", None) or getattr(cell.setting, "training", None)
        kept = cell.read()
        if kept and hasattr(kept[0], "weights"):
            trained.setdefault(training, []).append((kept[0].weights, kept[1].networks is not None))
    several = [found for found in trained.values() if len(found) > 1]
    differing = [found for found in several if len({digest for digest, _ in found}) > 1]
    told = "Networks that were not kept are trained again for each measurement. "
    told += f"Of {counted(len(several), 'network')} that several measurements share, "
    if not differing:
        return told + "each has the same weights in all of them."
    told += (
        f"{len(differing)} {agreeing(len(differing), 'has', 'have')} other weights in one of them: processors round "
        "differently, and training magnifies that. So two tables may show two networks of one seed."
    )
    if all(named for found in differing for _, named in found):
        return told
    return f"{told} The foot of this page compares only measurements that name their network, so it counts otherwise."


def signs_twice(scored: Sequence[Scores], calibrated: Sequence[Calibration], experiment: Experiment) -> str:
    """The first undefended network's accuracy under random signs in both places that show it, where they differ."""
    if experiment.eps not in cases.EPS_VALUES or experiment.reading.endswith("clipped"):
        return ""
    at = cases.EPS_VALUES.index(experiment.eps)
    found = [scored[0].correct(CONTROL).mean(), calibrated[0].signs_correct(at).mean()]
    if found[0] == found[1]:
        return ""
    return (
        f" Under random signs the first undefended network classifies {found[0]:.3f} of the images correctly in the "
        f"table of stale and fresh images, and {found[1]:.3f} in the figure of the readings of FGSM."
    )
