"""Your own network, judged as the chapter on the common ground judges the book's: `judge(model, ...) -> Verdict`.

What would make the number a lie is `Refused`, with the reason and what to do about it.
"""

from lib.judge.judging import judge
from lib.judge.refused import Refused
from lib.judge.verdict import Verdict

__all__ = ["Refused", "Verdict", "judge"]
