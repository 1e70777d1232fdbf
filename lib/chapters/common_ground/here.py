"""What this run shows: one sentence for each table and figure of the chapter, from what was measured."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from lib.chapters.common_ground import madry
from lib.chapters.common_ground.defences import FROM_PAPERS, NONE, YARDSTICKS, titled
from lib.chapters.common_ground.judging import WORST, Judgement
from lib.chapters.common_ground.measure import FilterFound
from lib.chapters.common_ground.rows import ALIKE, LESS, MORE, Curves, Row, Rows, against_control, best
from lib.evidence.cells import Cell
from lib.ledger.basis import of_networks
from lib.show import wording
from lib.show.counting import agreeing
from lib.show.plots import APART, is_split
from lib.show.sentences import capital

CLOSE = 0.02
"""By how much accuracies may differ and still be called the same."""


def _named(name: str) -> str:
    """What a row is called in a sentence."""
    return "the network without a defence" if name == NONE else titled(name)


def which_work(rows: Rows) -> str:
    """For the opening: which of the papers' defences keep more images safe from all attacks than their controls do."""
    yardstick = best(rows[max(rows)], YARDSTICKS)
    told = [_which_work(eps, of) for eps, of in rows.items()]
    left = rows[max(rows)][yardstick].accuracy(WORST)
    return f"{' '.join(told)} For comparison, training on PGD images ({titled(yardstick)}): {left:.2f}."


def _which_work(eps: float, of: Mapping[str, Row]) -> str:
    found, none = against_control(of)[MORE], of[NONE].accuracy(WORST)
    if not found:
        return f"At eps {eps:g} none of the papers' defences is shown to do better than having none."
    kept = ", ".join(f"{of[name].accuracy(WORST):.2f} with {titled(name)}" for name in found)
    return f"At eps {eps:g} the share of images safe from every attack is {none:.2f} without a defence, {kept}."


def _best_left(of: Mapping[str, Row]) -> float:
    """The highest share of images that no attack fools, of the papers' defences."""
    return max(of[name].accuracy(WORST) for name in FROM_PAPERS)


def beside(rows: Rows) -> str:
    """For what the opening is based on: the papers' other defences; where none does better, the best and no defence."""
    return " ".join(filter(None, (_beside(eps, of) for eps, of in rows.items())))


def _beside(eps: float, of: Mapping[str, Row]) -> str:
    found, none = against_control(of), of[NONE].accuracy(WORST)
    if not found[MORE]:
        highest = _best_left(of)
        chance = ", a difference which may be chance" if highest > none else ""
        return f"At eps {eps:g} the best of the papers' defences has {highest:.2f}, no defence {none:.2f}{chance}."
    alike, less = len(found[ALIKE]), len(found[LESS])
    told = [f"{alike} {agreeing(alike, 'does', 'do')} not differ from the control beyond chance"] if alike else []
    told += [f"{less} {agreeing(less, 'has', 'have')} a smaller share"] if less else []
    return f"At eps {eps:g}, of the papers' other defences, {', and '.join(told)}." if told else ""


def why(rows: Rows) -> str:
    """For what the opening is based on: what the best of the papers' defences has learned at the larger eps."""
    name = best(rows[max(rows)], FROM_PAPERS)
    fgsm, worst = (rows[max(rows)][name].accuracy(column) for column in ("FGSM", WORST))
    return (
        f"At eps {max(rows):g} accuracy with {titled(name)} is {fgsm:.2f} under FGSM; a share of {worst:.2f} is safe "
        "from all attacks."
    )


def networks(rows: Rows) -> str:
    """For the figure of what is left: what several networks of a kind show, or what one does not."""
    if len(rows[max(rows)][NONE].judgements) == 1:
        return "One network of each kind was trained: how another one would have come out is not known."
    apart = [
        f"{_named(name)} at eps {eps:g}"
        for eps, of in rows.items()
        for name, row in of.items()
        if np.ptp(row.accuracies(WORST)) > APART
    ]
    if not apart:
        return "The dots lie nowhere so far apart that training must have failed for some networks."
    return (
        "Where dots lie far apart, training failed for some networks, and the black mark is a mean that no network "
        f"has: {', '.join(apart)}."
    )


def groups(rows: Rows) -> str:
    """For the table of the papers' defences against their controls: how many keep more images safe, at each eps."""
    parts = []
    for eps, of in rows.items():
        found = against_control(of)
        told = f"{_keeping(found[MORE])} more images safe than the control does, {_keeping(found[LESS])} fewer"
        parts.append(f"at eps {eps:g}, of {len(FROM_PAPERS)} defences {told}")
    return _here(parts)


def transferred(rows: Rows) -> str:
    """For networks trained on images of the undefended network: how they classify such images, and others."""
    parts = []
    for eps, of in rows.items():
        told = (
            f"{titled(name)} has {of[name].accuracy('clean'):.2f} on clean images, {of[name].accuracy('transfer'):.2f} "
            f"under transfer, and {of[name].accuracy(WORST):.2f} safe from all"
            for name in ("fine-tuned", "retrained")
        )
        parts.append(f"at eps {eps:g} {'; '.join(told)}")
    return _here(parts)


def image_by_image(rows: Rows, eps: float) -> str:
    """For the picture of what becomes of single images: the shares that it is a sample of, on the same network."""
    name = best(rows[eps], FROM_PAPERS)
    first = rows[eps][name].judgements[0]
    kept, fgsm = (first.correct["clean"] & first.correct["FGSM"]).mean(), first.accuracy("FGSM")
    others = ""
    if fgsm > kept:
        others = f" Accuracy under FGSM, {fgsm:.2f}, is higher, since it also counts images that are misclassified "
        others += "without an attack and not under FGSM."
    return (
        f"In this run: at eps {eps:g} the first network of {titled(name)} classifies a share of {kept:.2f} of all "
        f"{len(first.y)} images correctly both without an attack and under FGSM; a share of "
        f"{first.accuracy(WORST):.2f} is safe from all attacks.{others}"
    )


def what_is_left(rows: Rows) -> str:
    """For the figure from clean accuracy down to what is safe from all attacks."""
    parts = []
    for eps, of in rows.items():
        name, yardstick = best(of, FROM_PAPERS), best(of, YARDSTICKS)
        parts.append(
            f"at eps {eps:g} the best of the papers' defences is {_named(name)}, with {of[name].accuracy('FGSM'):.2f} "
            f"under FGSM and {of[name].accuracy(WORST):.2f} safe from all attacks; {_named(yardstick)} has "
            f"{of[yardstick].accuracy(WORST):.2f}"
        )
    return _here(parts)


def _here(parts: Sequence[str]) -> str:
    """The parts as sentences; those after the first begin with a capital letter."""
    first, *others = parts
    return f"In this run: {'. '.join([first, *map(capital, others)])}."


def _keeping(names: Sequence[str]) -> str:
    return f"{len(names) or 'none'} {agreeing(len(names) or 1, 'keeps', 'keep')}"


def filtered(found: FilterFound) -> str:
    """For the table of the filter's readings."""
    idle = [name for name, change in found.changes.items() if (change.before == change.after).all()]
    said = f"In this run: readings that change no singular value: {len(idle)} of {len(found.changes)}"
    return f"{said} ({'; '.join(idle)})." if idle else f"{said}."


def defences(rows: Rows) -> str:
    """For the tables of all attacks: whom FGSM flatters most."""
    parts = []
    for eps, of in rows.items():
        gaps = {name: of[name].accuracy("FGSM") - of[name].accuracy(WORST) for name in of}
        name = max(gaps, key=gaps.__getitem__)
        if not gaps[name]:
            parts.append(f"at eps {eps:g} FGSM overlooks nothing: what is safe from it is safe from all attacks")
            continue
        fgsm, signs, worst = (of[name].accuracy(column) for column in ("FGSM", "random signs", WORST))
        parts.append(
            f"at eps {eps:g} FGSM overlooks most for {_named(name)}: {fgsm:.2f} under FGSM, {worst:.2f} safe from all "
            f"attacks; under random signs accuracy is {signs:.2f}"
        )
    return _here(parts)


def price(rows: Rows, costs: Mapping[str, float]) -> str:
    """For the figure of clean accuracy against the worst case."""
    parts = []
    for eps, of in rows.items():
        name = best(of, YARDSTICKS)
        kept = of[name].accuracy("clean") - of[NONE].accuracy("clean")
        won = of[name].accuracy(WORST) - of[NONE].accuracy(WORST)
        parts.append(
            f"at eps {eps:g}, compared with no defence, {_named(name)} changes clean accuracy by {kept:+z.3f} and the "
            f"safe share by {won:+z.3f}, for {costs[name]:.1f} times the computation"
        )
    return _here(parts)


def over_eps(grid: Sequence[float], curves: Curves) -> str:
    """For the curves over eps."""
    return f"{_over_eps(grid, curves)}{_split(curves)}"


def _split(curves: Curves) -> str:
    """Which lines are means that no network has."""
    apart = [
        f"{_named(name)}, trained at eps {eps:g}"
        for eps, of in curves.items()
        for name, series in of.items()
        if is_split(np.array(series))
    ]
    if not apart:
        return ""
    return f" Where the thin lines of single networks lie far apart, the mean is none of them: {'; '.join(apart)}."


def _over_eps(grid: Sequence[float], curves: Curves) -> str:
    ends = {
        eps: {name: float(np.mean(series, axis=0)[-1]) for name, series in of.items()} for eps, of in curves.items()
    }
    if max(end for of in ends.values() for end in of.values()) < CLOSE:
        return f"In this run: at eps {grid[-1]:g} every defence has an accuracy below {CLOSE:g}."
    parts, gone = [], []
    for eps, of in ends.items():
        name = max(of, key=of.__getitem__)
        if of[name] < CLOSE:
            gone.append(f"; of those trained at eps {eps:g} every one has less than {CLOSE:g}")
        else:
            parts.append(f"{_named(name)}, {of[name]:.2f}, of those trained at eps {eps:g}")
    return f"In this run: at eps {grid[-1]:g} accuracy is highest for {', and for '.join(parts)}{''.join(gone)}."


def flags(rows: Rows) -> str:
    """For the red flags."""
    raised = [of[name].raised for of in rows.values() for name in of]
    counts = Counter(flag for one in raised for flag in one)
    told = "; ".join(f"{flag}: {count}" for flag, count in counts.items())
    up = sum(map(bool, raised))
    said = f"In this run: {up} of {len(raised)} rows {agreeing(up, 'raises', 'raise')} a flag"
    return f"{said} ({told})." if told else f"{said}."


def alike(cells: Iterable[Cell]) -> str:
    """For the limits: whether all numbers of a row were measured on one network."""
    return wording.networks(of_networks([made.networks for cell in cells if (made := cell.made)]))


def published(judgements: Sequence[Judgement]) -> str:
    """For Madry's network against its published figures."""
    if not judgements:
        return (
            "In this run: Madry's own network was not trained, so this page does not show how near its PGD training "
            "comes to Madry's. Which attack breaks which defence needs no yardstick."
        )
    gaps = {name: judgements[0].accuracy(name) - value for name, value in madry.PUBLISHED.items()}
    name = max(gaps, key=lambda one: abs(gaps[one]))
    return f"In this run: the farthest from its published figure is {name}, by {gaps[name]:+z.3f}."


def yardsticks(rows: Rows) -> str:
    """For the yardsticks network by network: how many failed in training, how many resist little, and where."""
    failed, weak, count = [], [], 0
    for eps, of in rows.items():
        usual = of[NONE].accuracy("clean")
        for name in YARDSTICKS:
            clean, worst = of[name].accuracies("clean"), of[name].accuracies(WORST)
            alike = [abs(one - other) < CLOSE and one < usual / 2 for one, other in zip(clean, worst, strict=True)]
            little = [two < one / 2 and not same for one, two, same in zip(clean, worst, alike, strict=True)]
            failed += [f"{sum(alike)} of {_named(name)} at eps {eps:g}"] if any(alike) else []
            weak += [f"{sum(little)} of {_named(name)} at eps {eps:g}"] if any(little) else []
            count += len(alike)
    told = [f"nearly one answer to all images: {', '.join(failed)}"] if failed else []
    told += [f"less than half of clean accuracy is safe from all attacks: {', '.join(weak)}"] if weak else []
    if not told:
        return f"In this run: all {count} networks serve as yardsticks."
    return f"In this run: of {count} networks these are no yardstick. {capital('; '.join(told))}."
