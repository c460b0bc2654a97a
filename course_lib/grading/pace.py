"""How a long grading gets on: how many are done, how many a minute, how long it still takes.

In a terminal a bar says it; elsewhere (a log, a pipe, a job on a server) a line now and then does.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from course_lib.language import both

_LOOK_BACK = 50  # how many of the latest the rate is taken over
_EVERY = 20.0  # seconds between two lines where there is no terminal


class Pace:
    """Counts what is done, and from that the rate and the time left."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.total, self.done, self._clock = total, 0, clock
        self._times: deque[float] = deque([clock()], maxlen=_LOOK_BACK + 1)

    def step(self, *, counts: bool = True) -> None:
        """Note one more; ``counts``: it took work, and says something about the rate."""
        self.done += 1
        if counts:
            self._times.append(self._clock())

    @property
    def a_minute(self) -> float | None:
        """Give how many a minute there were lately; ``None`` before there is anything to go by."""
        took = self._times[-1] - self._times[0]
        return 60 * (len(self._times) - 1) / took if took > 0 else None

    def words(self) -> str:
        """Say how it gets on."""
        count = both(f"{self.done} of {self.total}", f"{self.done}/{self.total}")
        rate = self.a_minute
        if rate is None:
            return count
        minutes = (self.total - self.done) / rate
        speed = both(f"{rate:.3g} a minute", f"每分钟 {rate:.3g} 份")
        if self.done >= self.total:
            return both(f"{count}, {speed}", f"{count}，{speed}")
        left = both(f"{minutes * 60:.0f} s left", f"还需 {minutes * 60:.0f} 秒")
        if minutes >= 2:
            left = both(f"{minutes:.0f} min left", f"还需 {minutes:.0f} 分钟")
        return both(f"{count}, {speed}, {left}", f"{count}，{speed}，{left}")


@contextmanager
def shown(total: int, *, every: float = _EVERY) -> Iterator[Callable[[str, bool], None]]:
    """Show how something gets on; call what this gives with a line to print, and whether it counts.

    Args:
        total: How many there will be.
        every: Seconds between two lines about it, where there is no terminal.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    pace, console, said = Pace(total), Console(), time.monotonic()
    bar = Progress(
        BarColumn(30),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
    )

    def step(line: str, counts: bool) -> None:
        nonlocal said
        pace.step(counts=counts)
        bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        bar.update(task, completed=pace.done, description=pace.words())
        if not console.is_terminal and time.monotonic() - said >= every and pace.done < total:
            said = time.monotonic()
            console.print(f"… {pace.words()}", markup=False, highlight=False, soft_wrap=True)

    bar.disable = not console.is_terminal
    with bar:
        task = bar.add_task(both("starting", "正在启动"), total=total)
        yield step
