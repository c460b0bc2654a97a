"""``./course teach capacity``: how many kernels a class of some size needs, simulated from measured seconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from course_lib.errors import CourseError
from course_lib.grading.commands.options import say
from course_lib.language import both
from course_lib.paths import repository_root

if TYPE_CHECKING:
    from course_lib.grading.cluster import capacity as queue


def capacity(
    students: Annotated[int, typer.Option(min=1, help=both("how many students", "学生人数"))] = 500,
    kernels: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            max=4096,
            help=both(
                "this many at a time; may be repeated; not given: the fewest that are enough",
                "同时运行的内核数；可重复使用；不给则求够用的最小值",
            ),
        ),
    ] = None,
    minutes: Annotated[
        float,
        typer.Option(
            min=0.01,
            help=both("enough: 95 of 100 marks within this", "够用：95% 的成绩在此时间内给出"),
        ),
    ] = 10.0,
    attempts: Annotated[
        float, typer.Option(help=both("hand-ins of each student, on average", "人均提交次数"))
    ] = 1.5,
    days: Annotated[
        float, typer.Option(help=both("from release to deadline", "从发布到截止的天数"))
    ] = 7.0,
    peak: Annotated[
        float, typer.Option(help=both("share of hand-ins in the last rush", "截止前高峰所占比例"))
    ] = 0.6,
    hours: Annotated[
        float,
        typer.Option(
            help=both(
                "a hand-in of the rush, before the deadline", "高峰中的提交平均早于截止多少小时"
            )
        ),
    ] = 4.0,
    price: Annotated[
        float | None,
        typer.Option(
            min=0, help=both("of a kernel-hour, in your currency", "每内核小时的价格（任意货币）")
        ),
    ] = None,
    measured: Annotated[
        Path | None,
        typer.Option(
            help=both("another result of  bench capacity", "另一份 bench capacity 的结果")
        ),
    ] = None,
) -> None:
    from course_lib.grading.cluster import capacity as queue

    crowd = queue.Crowd(students, attempts, days, peak, hours)
    service = queue.read_service(
        measured or repository_root() / "benchmarks" / "results" / "capacity.json"
    )
    if kernels:
        plans = [queue.plan(crowd, service, each) for each in kernels]
    else:
        enough = queue.fewest_kernels(crowd, service, minutes)
        if enough is None:
            raise _not_enough(crowd, service, minutes)
        plans = [enough]
    say(both("Simulated, not promised:", "模拟结果，仅供估算："))
    _show(queue.as_rows(plans), Console())
    say(
        both(
            f"Seconds measured: chapter {service.chapter}; {service.made}.",
            f"实测秒数来自：第 {service.chapter} 章；{service.made}。",
        )
    )
    for each in plans if price is not None else ():
        paid = queue.price(each.kernels, days, price or 0.0)
        computed = each.kernel_hours * (price or 0.0)
        word = "kernel" if each.kernels == 1 else "kernels"
        say(
            both(
                f"{each.kernels} {word} kept for {days:g} days: {paid:,.2f}; paid by computing: {computed:,.2f}.",
                f"{each.kernels} 个内核保留 {days:g} 天：{paid:,.2f}；若只为实际计算付费：{computed:,.2f}。",
            )
        )


def _not_enough(crowd: queue.Crowd, service: queue.Service, minutes: float) -> CourseError:
    """Say why no number of kernels helps, and what does, if anything."""
    from course_lib.grading.cluster.capacity import cut

    parts, each = cut(crowd, service, minutes)
    longest, record = service.kernel.max(), service.record
    if each is None:
        en = "Neither does cutting the class into parts: allow more minutes."
        zh = "把班级分开也不行：请放宽 --minutes。"
    else:
        en = (
            f"Cut the class into {parts} course directories, each with its own writer: then {each.kernels} "
            "kernels for each are enough."
        )
        zh = f"把班级分到 {parts} 个课程目录，各有自己的写入进程：这样每个目录 {each.kernels} 个内核就够。"
    return CourseError(
        f"No number of kernels gives 95 of 100 marks within {minutes:g} minutes: a submission takes up to "
        f"{longest:.0f} s, and the one writer of the gradebook {record:.2f} s for each. {en}",
        f"内核再多，也无法让 95% 的成绩在 {minutes:g} 分钟内给出："
        f"一份作业最长要 {longest:.0f} 秒，成绩册唯一的写入进程每份要 {record:.2f} 秒。{zh}",
    )


def _show(plans: list[list[str]], console: Console) -> None:
    """Show each plan as a column, so many side by side as the terminal has room for: no cell is cut or wrapped."""
    lines = []
    for name, *cells in zip(headings(), *plans, strict=True):
        if "(" in cells[0]:  # the range stands below what it is the range of
            name = name.replace("（", "\n（").replace(" (", "\n(")
            cells = [cell.replace(" (", "\n(") for cell in cells]
        lines.append([name, *cells])
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    fit = max(1, (console.width - widths[0]) // (max(widths[1:]) + 2))
    for first in range(1, len(widths), fit):
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for place in range(len(lines[0][first : first + fit]) + 1):
            table.add_column(no_wrap=True, justify="right" if place else "left")
        for name, *cells in lines:
            table.add_row(name, *cells[first - 1 : first - 1 + fit])
        console.print(table)
        console.print()


def _width(cell: str) -> int:
    return max(map(cell_len, cell.split("\n")))


def headings() -> list[str]:
    """Name the columns of ``capacity.as_rows``."""
    return [
        both("students", "学生"),
        both("kernels", "内核"),
        both("mark after (half)", "一半成绩等待"),
        both("95 of 100 (range over 5 seeds)", "95% 等待（5 个种子的范围）"),
        both("longest", "最长等待"),
        both("longest line", "最长队列"),
        both("kernel busy", "内核忙碌"),
        both("kernel-hours", "内核小时"),
        both("or all after the deadline", "或截止后一次评完"),
    ]


def add_to(teach: typer.Typer) -> None:
    """Put this command beside the others."""
    teach.command(
        "capacity",
        help=both(
            "How many kernels a class of some size needs: a simulation from measured seconds.",
            "某个规模的班级需要多少内核：由实测时间驱动的模拟。",
        ),
    )(capacity)
