"""What a long command is doing, where somebody is looking at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def steps(total: int) -> Iterator[Callable[[str], None]]:
    """Show how far a long command is: call what this gives at the beginning of each of its steps.

    The bar stands on stderr and goes when the work is done. There is none unless stdout and stderr
    are both terminals: where the result is piped into a file or a program, nothing else is said.

    Args:
        total: The number of steps.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    bar = Progress(
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        disable=not (sys.stdout.isatty() and sys.stderr.isatty()),
        transient=True,
        refresh_per_second=1,  # what is measured meanwhile should not notice
    )
    begun = 0

    def begin(what: str) -> None:
        nonlocal begun
        bar.update(task, completed=begun, description=what, refresh=True)
        begun += 1

    with bar:
        task = bar.add_task("", total=total)
        yield begin
