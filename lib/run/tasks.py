"""What runs lack, in the order in which their profile has it measured."""

from collections.abc import Sequence

from lib.evidence import plan
from lib.evidence.plan import Task
from lib.run import profiles
from lib.run.run import Run


def tasks(runs: Sequence[Run], *, needed: bool = True) -> list[Task]:
    """The cells that runs lack, by their profile's order of worth.

    Parameters
    ----------
    needed
        Only those that the notebooks cannot do without, or all that they can show.
    """
    experiments = [run.experiment for run in runs]
    wanted = [cell for one in experiments for cell in (one.needed() if needed else one.cells())]
    return plan.missing(wanted, profiles.worth(runs[0].profile) if runs else ())
