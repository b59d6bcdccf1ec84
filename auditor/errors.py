"""What can go wrong, in sentences a user can act on.

    AuditError              exit 2: one clear sentence, no traceback
    ├── PlanError           the plan or the command line cannot be used
    ├── DataError           a data file, lexicon or template cannot be used
    ├── ModelError          a model cannot be loaded or does not answer as it must
    └── RunError            a run folder is broken, newer, or belongs to other inputs

Every message says what was given, what is accepted and what to do next. Errors of a file are
collected and raised together, one line each: see `Problems`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class AuditError(Exception):
    """What was given, what is accepted, what to do next. The command line exits with 2."""


class PlanError(AuditError):
    """The plan or the command line cannot be used as given."""


class DataError(AuditError):
    """A table, pairs file, lexicon or template cannot be used as given."""


class ModelError(AuditError):
    """A model cannot be loaded, or does not answer in the shape that it must."""


class RunError(AuditError):
    """A run folder is missing, broken, written by a newer version, or of other inputs."""


class Problems:
    """Collects the problems of one input, so that a user mends a file once and not ten times.

    At most `shown` are kept as text; the rest are counted, since a million rows can all be wrong.
    """

    def __init__(self, subject: str, shown: int = 20) -> None:
        self.subject = subject
        self.shown = shown
        self.lines: list[str] = []
        self.count = 0

    def add(self, line: str) -> None:
        self.count += 1
        if self.count <= self.shown:
            self.lines.append(line)

    def message(self) -> str:
        more = self.count - len(self.lines)
        tail = [f"... and {more} more"] if more else []
        if self.count == 1:
            return f"{self.subject}: {self.lines[0]}"
        head = f"{self.subject}: {self.count} problems"
        return "\n".join([head, *(f"  - {line}" for line in [*self.lines, *tail])])


@contextmanager
def collected(subject: str, error: type[AuditError] = DataError) -> Iterator[Problems]:
    """Yields a `Problems`; raises them together as `error` on leaving, if there are any."""
    problems = Problems(subject)
    yield problems
    if problems.count:
        raise error(problems.message())
