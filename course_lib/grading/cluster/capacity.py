"""How many kernels a class needs: hand-ins wait for a kernel, their results for the gradebook's writer.

A simulation. When students hand in is drawn from what :class:`Crowd` assumes; how long a submission
takes is drawn from seconds that were measured (``./course bench capacity``). It tells how such a queue
behaves, not how your students will. Two stations, one behind the other, first come, first served:
``kernels`` kernels that run submissions, and one process that writes grades down. The second station is
why more kernels stop helping.
"""

from __future__ import annotations

import heapq
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from course_lib.errors import CourseError
from course_lib.language import both

HOUR = 3600.0
DAY = 24 * HOUR
MOST_STUDENTS = 1_000_000
SEEDS = 5


@dataclass(frozen=True)
class Crowd:
    """Who hands in, and when: all of it assumed.

    Attributes:
        students: How many.
        attempts: Hand-ins of each, on average, the first included.
        days: Between release and the deadline.
        peak: The share of hand-ins in the rush before the deadline; the others are spread evenly.
        peak_hours: How long before the deadline a hand-in of the rush comes, on average.
    """

    students: int
    attempts: float = 1.5
    days: float = 7.0
    peak: float = 0.6
    peak_hours: float = 4.0

    def __post_init__(self) -> None:
        right = {
            "students": 1 <= self.students <= MOST_STUDENTS,
            "attempts": 1 <= self.attempts <= 100,
            "days": 0 < self.days <= 366,
            "peak": 0 <= self.peak <= 1,
            "peak_hours": 0 < self.peak_hours <= 24 * self.days,
        }
        wrong = [name for name, fits in right.items() if not fits]
        if wrong:
            raise CourseError(
                f"{wrong[0]} = {getattr(self, wrong[0])} cannot be simulated: students from 1 to "
                f"{MOST_STUDENTS:,}, attempts from 1 to 100, days up to 366, the peak a share from 0 to 1, its "
                "hours (--hours) no longer than the days.",
                f"{wrong[0]} = {getattr(self, wrong[0])} 无法模拟：students 取 1 到 {MOST_STUDENTS:,}，attempts 取 "
                "1 到 100，days 不超过 366，peak 是 0 到 1 之间的比例，peak_hours（--hours）不长于 days。",
            )


@dataclass(frozen=True)
class Service:
    """How long a submission takes, as measured.

    Attributes:
        kernel: Seconds in a kernel, of each submission of a class.
        record: Seconds that the one writer is busy with a submission.
        made: Where the figures come from: machine and date.
        chapter: Of which chapter the submissions were.
    """

    kernel: np.ndarray
    record: float
    made: str
    chapter: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of the hand-ins.

    Attributes:
        waits: Seconds from handing in to the mark in the gradebook, of each.
        longest_line: The most hand-ins that were there, waiting or being graded, at one time.
        busy_seconds: What all kernels together computed.
    """

    waits: np.ndarray
    longest_line: int
    busy_seconds: float


def draw_hand_ins(crowd: Crowd, rng: np.random.Generator) -> np.ndarray:
    """Draw when each hand-in comes: seconds before (negative) the deadline at 0, in order."""
    count = crowd.students + rng.poisson(crowd.students * (crowd.attempts - 1))
    evenly = rng.uniform(0, crowd.days * DAY, count)
    rush = rng.exponential(crowd.peak_hours * HOUR, count) % (crowd.days * DAY)
    return np.sort(-np.where(rng.random(count) < crowd.peak, rush, evenly))


def wait_in_line(arrivals: np.ndarray, service: np.ndarray, servers: int) -> np.ndarray:
    """Give when each is done: first come, first served, by the server that is free first.

    Args:
        arrivals: Seconds, in order.
        service: Seconds that each takes.
        servers: How many serve at a time.
    """
    free = [-np.inf] * servers
    done = np.empty(len(arrivals))
    for i, (came, takes) in enumerate(zip(arrivals, service, strict=True)):
        done[i] = max(came, free[0]) + takes
        heapq.heapreplace(free, done[i])
    return done


def wait_for_one(arrivals: np.ndarray, takes: float) -> np.ndarray:
    """Give the same for one server that takes as long for each: all at once, without a loop.

    Who comes as number j, from 0, to a server that has never been idle since is done (i − j + 1) services later
    than j came, if i is the last; the latest of these over all j counts.
    """
    before = takes * np.arange(len(arrivals))
    return np.maximum.accumulate(arrivals - before) + before + takes


def simulate(
    hand_ins: np.ndarray, service: Service, kernels: int, rng: np.random.Generator
) -> Outcome:
    """Send hand-ins through both stations."""
    takes = rng.choice(service.kernel, len(hand_ins))
    ran = wait_in_line(hand_ins, takes, kernels)
    order = np.argsort(ran, kind="stable")  # results come as they are ready
    done = np.empty(len(hand_ins))
    done[order] = wait_for_one(ran[order], service.record)
    return Outcome(done - hand_ins, _longest_line(hand_ins, done), float(takes.sum()))


def _longest_line(came: np.ndarray, left: np.ndarray) -> int:
    moments = np.concatenate([came, left])
    change = np.concatenate([np.ones(len(came), int), -np.ones(len(left), int)])
    order = np.lexsort(
        [change, moments]
    )  # who leaves at the moment that another comes, leaves first
    return int(np.cumsum(change[order]).max())


@dataclass(frozen=True)
class Plan:
    """A class with so many kernels, over several seeds: medians over seeds, and the range of ``late``.

    Attributes:
        median: Seconds from handing in to the mark, for half of the hand-ins at most.
        late: The same for 95 of 100: median, lowest and highest over seeds.
        longest: The longest of all.
        line: The longest line.
        all_at_once: Hours until the last mark, if all are graded after the deadline instead (the last
            hand-in of each student only).
        busy: The share of the week in which a kernel has something to do, as they come.
        kernel_hours: Of computing, as they come.
    """

    students: int
    kernels: int
    median: float
    late: tuple[float, float, float]
    longest: float
    line: int
    all_at_once: float
    busy: float
    kernel_hours: float


def plan(crowd: Crowd, service: Service, kernels: int, *, seeds: int = SEEDS) -> Plan:
    """Simulate a class with so many kernels, once for each seed."""
    if kernels < 1:
        raise CourseError("There must be at least one kernel.", "至少要有一个内核。")
    outcomes, after = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        outcomes.append(simulate(draw_hand_ins(crowd, rng), service, kernels, rng))
        last_ones = simulate(np.zeros(crowd.students), service, kernels, rng)
        after.append(float(last_ones.waits.max()))
    late = [float(np.quantile(each.waits, 0.95)) for each in outcomes]
    worked = float(np.median([each.busy_seconds for each in outcomes]))
    return Plan(
        students=crowd.students,
        kernels=kernels,
        median=float(np.median([np.median(each.waits) for each in outcomes])),
        late=(float(np.median(late)), min(late), max(late)),
        longest=float(np.median([each.waits.max() for each in outcomes])),
        line=int(np.median([each.longest_line for each in outcomes])),
        all_at_once=float(np.median(after)) / HOUR,
        busy=worked / (kernels * crowd.days * DAY),
        kernel_hours=worked / HOUR,
    )


def fewest_kernels(
    crowd: Crowd, service: Service, minutes: float, *, most: int = 4096, seeds: int = SEEDS
) -> Plan | None:
    """Find the fewest kernels with which 95 of 100 marks come within so many minutes, for every seed.

    ``None`` if no number up to ``most`` does: the one writer, or a submission itself, takes too long.
    """

    def enough(kernels: int) -> bool:
        return plan(crowd, service, kernels, seeds=seeds).late[2] <= 60 * minutes

    high = 1
    while not enough(high):
        if high >= most:
            return None
        high = min(2 * high, most)
    low = high // 2  # not enough, or 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return plan(crowd, service, high, seeds=seeds)


def read_service(path: Path) -> Service:
    """Read what ``./course bench capacity --keep`` has measured.

    Raises:
        CourseError: There is no such file, or something else is in it.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        result, machine = kept["result"], kept["machine"]
        seconds = np.asarray(result["kernel_seconds"], dtype=float)
        record = float(result["record_seconds"])
        if seconds.ndim != 1 or not len(seconds) or not (seconds > 0).all() or record <= 0:
            raise ValueError
        made, chapter = f"{machine['processor']}; {kept['date']}", str(result["chapter"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise CourseError(
            f"{path.name} holds no measured seconds of submissions: make it with  "
            "./course bench capacity --keep",
            f"{path.name} 中没有测得的评分时间：请用  ./course bench capacity --keep  生成。",
        ) from problem
    return Service(seconds, record, made, chapter)


def sharding(crowd: Crowd, service: Service) -> int:
    """Give into how many course directories a class must be cut so that a writer keeps up in the rush.

    The rush's first hours bring ``peak × hand-ins ÷ peak_hours`` an hour at the deadline, where an
    exponential's rate is highest, besides what comes evenly.
    """
    hand_ins = crowd.students * crowd.attempts
    at_peak = hand_ins * crowd.peak / (crowd.peak_hours * HOUR)
    evenly = hand_ins * (1 - crowd.peak) / (crowd.days * DAY)
    return max(1, int(np.ceil((at_peak + evenly) * service.record)))


def cut(crowd: Crowd, service: Service, minutes: float) -> tuple[int, Plan | None]:
    """Cut a class into the fewest course directories that each keep up; give how many, and the plan of one.

    What :func:`sharding` computes is where the search begins. Where even twice as many parts do not keep
    up, because a submission itself takes too long, there is no plan of one.
    """
    first = max(2, sharding(crowd, service))
    for parts in range(first, 2 * first + 1):
        one = replace(crowd, students=math.ceil(crowd.students / parts))
        found = fewest_kernels(one, service, minutes)
        if found:
            return parts, found
    return first, None


def price(kernel_count: int, days: float, an_hour: float) -> float:
    """Give what so many kernels cost, rented for so many days, at a price for a kernel-hour."""
    return kernel_count * days * 24 * an_hour


def as_rows(plans: Sequence[Plan]) -> list[list[str]]:
    """Write plans as a table's cells, without headings."""
    return [
        [
            f"{each.students:,}",
            f"{each.kernels}",
            minutes_of(each.median),
            minutes_of(each.late[0]) + in_brackets(*map(minutes_of, each.late[1:])),
            minutes_of(each.longest),
            f"{each.line:,}",
            f"{100 * each.busy:.1f} %",
            f"{each.kernel_hours:.1f}",
            minutes_of(each.all_at_once * HOUR),
        ]
        for each in plans
    ]


def in_brackets(low: str, high: str) -> str:
    """Write a range behind a figure."""
    return both(f" ({low}–{high})", f"（{low}–{high}）")


def minutes_of(seconds: float) -> str:
    """Write a time that people wait: 8 s, 12 min, 3.4 h."""
    if seconds < 100:
        return both(f"{seconds:.0f} s", f"{seconds:.0f} 秒")
    if seconds < 100 * 60:
        return both(f"{seconds / 60:.0f} min", f"{seconds / 60:.0f} 分钟")
    return both(f"{seconds / HOUR:.1f} h", f"{seconds / HOUR:.1f} 小时")
