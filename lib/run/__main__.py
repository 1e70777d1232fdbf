"""python -m lib.run: measure, execute notebooks, record runs, render the site, make a course, say what is stale."""

import argparse
import io
import os
import sys
from pathlib import Path

from lib import book, data
from lib.digest.same import SameError
from lib.evidence import carry, compare
from lib.evidence.cluster import EngineError
from lib.exercises.directives import ExerciseError
from lib.files import clear_abandoned
from lib.judge import Refused
from lib.judge import options as judging
from lib.ledger import results
from lib.ledger.claims_file import ClaimsError
from lib.parameters import ParameterError
from lib.run import commands, execute, interrupts, measuring, profiles
from lib.run.arguments import folder, new_file, positive, resource, seconds
from lib.site.render import SiteError

FAILURES = (
    *(ParameterError, execute.RunError, measuring.MeasuringError, data.DataError, SiteError, EngineError),
    *(carry.CarryError, compare.NotTheSame, SameError, Refused, ExerciseError, ClaimsError),
    OSError,  # a full or read-only disk, a name that is too long
)
INTERRUPTED, BROKEN = 130, 141
"""The exit statuses by which a shell reports SIGINT and SIGPIPE: the work is not done."""
KEPT = "finished results stand, training goes on from its last snapshot"
"""What is true after an interrupt, unless the command says something else."""
LARGEST = "of the file: trainings that would make it larger stay here"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a character shows its number
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
        when_done = commands.run_status, commands.run_judge  # these print nothing before they are done
        is_told = options is None or options.command in when_done
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
        print(f"interrupted; {KEPT}", file=sys.stderr)  # as in the middle of a zip file, which then will not close
        return INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lib.run", description=__doc__)
    added_to = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, help: str) -> argparse.ArgumentParser:
        added = added_to.add_parser(name, help=help, description=help)
        added.set_defaults(command=getattr(commands, f"run_{name}"))
        return added

    def parameters(added: argparse.ArgumentParser) -> None:
        added.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE")

    def asked(added: argparse.ArgumentParser, profile: str) -> None:
        added.add_argument("notebook", nargs="*")
        added.add_argument("--profile", default=profile, help=f"notebooks/profiles/<name>.yaml; {profile} by default")
        parameters(added)

    run = command("execute", "execute notebooks (all of them where none is named)")
    whole = command("reproduce", "execute notebooks, render the site from them, sum up the scoreboard")
    asked(run, profiles.QUICK)
    asked(whole, profiles.QUICK)
    run.add_argument("--force", action="store_true", help="execute also what is up to date")
    kept = command("record", "execute the paper profile and keep it in book/recorded")
    kept.add_argument("notebook", nargs="+")
    parameters(kept)
    filled = command("fill", "measure what is missing, the most telling first; goes on where it was")
    asked(filled, profiles.PAPER)
    filled.add_argument("--list", action="store_true", help="only say what is missing, and how long it will take here")
    filled.add_argument("--within", type=seconds, metavar="TIME", help="have ended after 90s, 12m or 2h, file and all")
    filled.add_argument("--jobs", type=positive, metavar="N", help="processes side by side; one a core by default")
    filled.add_argument("--export", type=new_file, metavar="FILE", help="at the end, do what `export` does")
    packed = command("export", "put the cells that are kept, and trainings to go on with, into a zip file")
    packed.add_argument("export", type=new_file, metavar="FILE")
    asked(packed, profiles.PAPER)
    for added in (filled, packed):
        added.add_argument("--at-most", type=positive, default=float("inf"), metavar="MB", help=LARGEST)
    networks = command("weights", "write a run's trained networks as safetensors files, with a card each")
    asked(networks, profiles.QUICK)
    networks.add_argument("--to", type=Path, metavar="FOLDER", help="by default weights/ in the run's folder")
    unchanged = command("same", "let changed code count as unchanged: cells of before and after it are the same")
    unchanged.add_argument("why", help="what was changed, and why it alters no result")
    command("import", "take over the cells of such a file").add_argument("file", nargs="+", type=Path)
    swept = command("sweep", "execute a notebook over a grid of parameters; table and page of the results")
    swept.add_argument("notebook")
    swept.add_argument("--profile", default=profiles.QUICK, help="notebooks/profiles/<name>.yaml; quick by default")
    swept.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE,VALUE,... or NAME=A:B")
    swept.add_argument("--name", help="of its folder in runs/sweeps; by default made of what is swept")
    swept.add_argument("--workers", type=positive, metavar="N", help="runs at a time on this machine")
    for added in (swept, filled):
        added.add_argument("--scheduler", metavar="ADDRESS", help="of a running Dask cluster, say tcp://host:8786")
        wanted = added.add_argument("--resources", type=resource, action="append", default=[], metavar="NAME=AMOUNT")
        wanted.help = "what a run or a cell takes of what the cluster's workers offer, say GPU=1"
    command("data", "fetch data sets into data/").add_argument("name", nargs="+")
    rendered = command("book", "render the site from a folder of executed notebooks")
    rendered.add_argument("results", nargs="?", type=folder, default=results.RECORDED)
    rendered.add_argument("output", nargs="?", type=Path, default=book.PAGES / "_build" / "html")
    rendered.add_argument("--without-solutions", action="store_true", help="also not in what pages let one download")
    taught = command("course", "make copies of the exercises, for students and with solutions, in runs/course")
    taught.add_argument("page", nargs="*", help="a chapter, or primer; all that have exercises by default")
    taught.add_argument("--grader", choices=["otter"], help="have otter-grader call the checks")
    printed = command("pdf", "print that site with Chromium: the book in one file, and each page")
    printed.add_argument("results", nargs="?", type=folder, default=results.RECORDED)
    printed.add_argument("output", nargs="?", type=Path, default=book.PAGES / "_build" / "pdf")
    command("status", "what has run, and what would come out differently today")
    judging.add(command("judge", "attack a network of your own as the book's are attacked, beside them"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
