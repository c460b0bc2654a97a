"""The page for departments: its text stands in ``book/departments*.md``, its numbers are computed here.

They come from what was measured and kept (``benchmarks/results``). What was not is said not to be.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.grading.cluster import capacity
from course_lib.grading.commands.capacity import headings
from course_lib.language import both, current

CROWDS = ("usual", "hard")  # as ``benchmarks/capacity.py`` names them


def departments_page(root: Path) -> str:
    """Write the page as Markdown, in the current language."""
    name = "departments.zh.md" if current() == "zh" else "departments.md"
    text = (root / "book" / name).read_text(encoding="utf-8")
    results = root / "benchmarks" / "results"
    text = text.replace("{{ seconds }}", _seconds(results / "capacity.json"))
    for crowd in CROWDS:
        text = text.replace("{{ " + crowd + " }}", _plans(results / "capacity.json", crowd))
    text = text.replace("{{ cluster }}", _cluster(results / "cluster.json"))
    text = text.replace("{{ paper }}", _paper(results / "scaling.json"))
    return text.replace("{{ scaling }}", _scaling(results / "scaling.json"))


def _plans(kept: Path, crowd: str) -> str:
    try:
        found = json.loads(kept.read_text(encoding="utf-8"))["result"]["plans"][crowd]
        plans = [capacity.Plan(**row["plan"]) for row in found]
    except (OSError, ValueError, KeyError, TypeError):
        return _not_measured("capacity")
    lines = _table(headings(), capacity.as_rows(plans))
    for row, plan in zip(found, plans, strict=True):
        if row["parts"]:
            lines += ["", _cut(plan, row["parts"], row["each"] and capacity.Plan(**row["each"]))]
    return "\n".join(lines)


def _cut(whole: capacity.Plan, parts: int, one: capacity.Plan | None) -> str:
    """Say what a class comes to that is too large for one gradebook."""
    said = both(
        f"{whole.students:,} students in this rush are too many for one gradebook's writer, however many "
        f"kernels there are ({whole.kernels} are shown).",
        f"{whole.students:,} 名学生挤在这样的高峰里，内核再多（表中为 {whole.kernels} 个），"
        "一本成绩册的写入进程也跟不上。",
    )
    if one is None:
        return said
    late = [capacity.minutes_of(seconds) for seconds in one.late]
    return said + both(
        f" Cut into {parts} course directories of {one.students:,} students, each with {one.kernels} "
        f"{'kernel' if one.kernels == 1 else 'kernels'} ({parts * one.kernels} in all), 95 of 100 have their mark "
        f"within {late[0]} ({late[1]}–{late[2]}).",
        f"分到 {parts} 个课程目录，每个 {one.students:,} 名学生、{one.kernels} 个内核（共 {parts * one.kernels} 个），"
        f"100 份中有 95 份在 {late[0]}（{late[1]}–{late[2]}）内得到分数。",
    )


def _seconds(kept: Path) -> str:
    try:
        service = capacity.read_service(kept)
    except CourseError:
        return _not_measured("capacity")
    seconds = service.kernel
    chapter, (machine, day) = service.chapter, service.made.split("; ", 1)
    return both(
        f"{len(seconds)} submissions of chapter {chapter}; {machine}; {day}: half of them took at most "
        f"{_middle(seconds):.1f} s in a kernel, the longest {seconds.max():.0f} s, the mean is {seconds.mean():.1f} s; "
        f"judging and writing down {service.record:.2f} s each.",
        f"第 {chapter} 章的 {len(seconds)} 份作业（{machine}，{day}）：一半在内核中不超过 "
        f"{_middle(seconds):.1f} 秒，最长 "
        f"{seconds.max():.0f} 秒，平均 {seconds.mean():.1f} 秒；判分与写入每份 {service.record:.2f} 秒。",
    )


def _middle(seconds: Any) -> float:
    return float(sorted(seconds)[(len(seconds) - 1) // 2])


def _cluster(kept: Path) -> str:
    """Show the rate by workers: what was measured, and below it, marked so, what was computed from that."""
    try:
        whole = json.loads(kept.read_text(encoding="utf-8"))
        rows = [
            [f"{row['workers']}", f"{row['a_minute']:.0f}", both("measured", "实测")]
            for row in whole["result"]["rows"]
        ]
        rows += [
            [f"{row['workers']}", f"{row['a_minute']:.0f}", _computed(bool(row["bound"]))]
            for row in whole["result"]["paper"]
        ]
        machine = f"{whole['machine']['processor']}, {whole['date']}"
    except (OSError, ValueError, KeyError, TypeError):
        return _not_measured("cluster")
    names = [both("workers", "工作节点"), both("submissions a minute", "每分钟份数"), ""]
    return "\n".join(
        [*_table(names, rows), "", both(f"Measured: {machine}.", f"测于：{machine}。")]
    )


def _computed(grader_is_the_limit: bool) -> str:
    if grader_is_the_limit:
        return both(
            "computed, at most: the one grader is the limit", "推算上限：受限于唯一的评分进程"
        )
    return both("computed, at most: the workers are the limit", "推算上限：受限于工作节点")


def _scaling(kept: Path) -> str:
    try:
        measured = json.loads(kept.read_text(encoding="utf-8"))
        halves = measured["result"]["halves"]
        rows = [
            [
                {"pytorch": "PyTorch (DDP, Gloo)", "keras": "Keras (JAX, Gloo)"}[half["half"]],
                f"{half['gradient_differs']:.0e}",
                *(
                    f"{half['images_per_second'][name]:.0f}"
                    for name in ("one", "apart", "same batch", "twice the batch")
                ),
                f"{half['images_per_second']['same batch'] / half['images_per_second']['one'] / 2:.2f}",
                f"{half['images_per_second']['twice the batch'] / half['images_per_second']['one'] / 2:.2f}",
            ]
            for half in halves
        ]
        machine = f"{measured['machine']['processor']}, {measured['date']}"
    except (OSError, ValueError, KeyError, TypeError):
        return _not_measured("scaling")
    names = [
        both("by", "方式"),
        both("gradients differ by", "梯度相差"),
        both("one process, images/s", "单进程，图片/秒"),
        both("two apart", "两个互不相干"),
        both("two, same batch", "两个，批量不变"),
        both("two, twice the batch", "两个，批量加倍"),
        both("efficiency", "效率"),
        both("efficiency, twice the batch", "效率（批量加倍）"),
    ]
    return "\n".join(
        [*_table(names, rows), "", both(f"Measured: {machine}.", f"测于：{machine}。")]
    )


def _paper(kept: Path) -> str:
    """Show what ``bench scaling`` computed from one GPU's rates, if there were any."""
    try:
        paper = json.loads(kept.read_text(encoding="utf-8"))["result"]["paper"]
        rows = [
            [
                cost["model"],
                f"{cost['devices']}",
                f"{cost['hours'][1]:.1f}–{cost['hours'][0]:.1f}",
                f"{cost['device_hours'][1]:.0f}–{cost['device_hours'][0]:.0f}",
            ]
            for cost in paper["costs"]
        ]
        device = f"{paper['device']}, {paper['date']}"
    except (OSError, ValueError, KeyError, TypeError):
        return both(
            "*No GPU has been measured yet, so no such figure stands here.*",
            "*还没有测过 GPU，因此这里没有数字。*",
        )
    names = [both("network", "网络"), "GPU", both("hours", "小时"), both("GPU-hours", "GPU 小时")]
    said = both(f"Computed, not measured, from one {device}.", f"由单块 {device} 推算，并非实测。")
    return "\n".join([*_table(names, rows), "", said])


def _table(names: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def _not_measured(name: str) -> str:
    return both(
        f"*Not measured yet: `./course bench {name} --keep`.*",
        f"*尚未测量：`./course bench {name} --keep`。*",
    )
