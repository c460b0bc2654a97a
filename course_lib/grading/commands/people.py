"""The instructors' commands that are about people: who is in the class, by when, and how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from course_lib.errors import CourseError
from course_lib.grading.commands.options import (
    Chapter,
    Directory,
    MaybeChapter,
    Students,
    find,
    say,
)
from course_lib.grading.course import Course
from course_lib.language import both, pick

if TYPE_CHECKING:  # what knows the gradebook imports nbgrader, which takes a second
    from course_lib.grading.audit import Findings
    from course_lib.grading.people.standing import Row

_KINDS = ("missing", "failed", "late", "manual", "open", "graded")


def roster(
    file: Annotated[
        Path | None,
        typer.Argument(
            help=both(
                "CSV or Excel with 学号 and 姓名 (or id and name); none: show the list",
                "含“学号”“姓名”两列的 CSV 或 Excel；不写则显示现有名单",
            )
        ),
    ] = None,
    folder: Directory = None,
) -> None:
    from course_lib.grading import audit
    from course_lib.grading.people import roster as lists

    course = find(folder)
    if file is None:
        for student in lists.load(course).values():
            say(f"{student.id}  {student.shown}")
        return
    students = lists.read_file(file)
    lists.save(course, students)
    audit.record(course, {"event": "roster", "students": len(students)})
    say(
        both(
            f"{len(students)} students are on the class list.", f"名单上共 {len(students)} 名学生。"
        )
    )


def due(
    chapter: Chapter,
    time: Annotated[
        str | None,
        typer.Argument(
            help=both("such as '2026-10-01 23:59', or none", "例如 '2026-10-01 23:59'，或 none")
        ),
    ] = None,
    folder: Directory = None,
) -> None:
    from course_lib.grading import audit
    from course_lib.grading.people import lateness
    from course_lib.grading.people.policy import read_policy
    from course_lib.grading.people.times import read_time, show_time

    course = find(folder)
    zone = read_policy(course.folder).zone
    if time is not None:
        moment = None if time.strip().lower() in ("none", "无") else read_time(time, zone)
        lateness.set_due(course, chapter, moment)
        words = moment.isoformat() if moment is not None else None
        audit.record(course, {"event": "due", "assignment": chapter, "due": words})
    course.notebook_name(chapter)
    there = lateness.due_date(course, chapter)
    shown = show_time(there, zone) or both("no due date", "无截止时间")
    say(both(f"Chapter {chapter}: {shown}", f"第 {chapter} 章截止时间：{shown}"))


def late(
    percent: Annotated[
        float | None,
        typer.Option(
            help=both(
                "percent of the points off for each day begun",
                "每迟交一天（不足一天按一天计）扣百分之几",
            )
        ),
    ] = None,
    limit: Annotated[
        float | None, typer.Option(help=both("at most so many percent", "最多扣百分之几"))
    ] = None,
    grace: Annotated[
        float | None, typer.Option(help=both("minutes that cost nothing", "宽限分钟数"))
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help=both("such as Asia/Shanghai", "例如 Asia/Shanghai"))
    ] = None,
    folder: Directory = None,
) -> None:
    from course_lib.grading import audit
    from course_lib.grading.people import lateness
    from course_lib.grading.people.policy import change_policy, read_policy

    course = find(folder)
    given = {
        "percent_per_day": percent,
        "most_percent": limit,
        "grace_minutes": grace,
        "timezone": timezone,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if changes:
        change_policy(course, **changes)
        audit.record(course, {"event": "late policy", **changes})
        lateness.refresh(course)
    policy = read_policy(course.folder)
    zone = policy.timezone or both("this machine's", "本机时区")
    per, most, minutes = policy.percent_per_day, policy.most_percent, policy.grace_minutes
    say(
        both(
            f"{per:g} % of the points off for each day begun, {most:g} % at most; "
            f"{minutes:g} minutes of grace; times in {zone}.",
            f"每迟交一天（不足一天按一天计）扣得分的 {per:g}%，最多扣 {most:g}%；"
            f"宽限 {minutes:g} 分钟；时区：{zone}。",
        )
    )


def extend(
    chapter: Chapter,
    student: Annotated[
        list[str], typer.Option(help=both("who; may be repeated", "学生；可重复使用"))
    ],
    until: Annotated[
        str | None, typer.Option(help=both("such as '2026-10-03 12:00'", "例如 '2026-10-03 12:00'"))
    ] = None,
    days: Annotated[float, typer.Option(help=both("days more", "延长天数"))] = 0,
    hours: Annotated[float, typer.Option(help=both("hours more", "延长小时数"))] = 0,
    remove: Annotated[
        bool, typer.Option("--remove", help=both("take it back", "取消延期"))
    ] = False,
    folder: Directory = None,
) -> None:
    from course_lib.grading import audit
    from course_lib.grading.people import lateness
    from course_lib.grading.people import roster as lists

    course = find(folder)
    listed = lists.load(course)
    known = set(listed) | set(course.submissions(chapter))
    for each in student:
        if each not in known and not remove:
            raise CourseError(
                f"There is no {each}, neither on the class list nor among the submissions of {chapter}.",
                f"名单和第 {chapter} 章的提交中都没有 {each}。",
            )
    minutes = None if remove else _minutes(course, chapter, until, days, hours)
    for each in student:
        lateness.extend(course, chapter, each, minutes)
        entry = {"event": "extension", "assignment": chapter, "student": each, "minutes": minutes}
        audit.record(course, entry)
        say(f"{each}  {_until(course, chapter, minutes)}")


def _minutes(course: Course, chapter: str, until: str | None, days: float, hours: float) -> float:
    from course_lib.grading.people.lateness import due_date
    from course_lib.grading.people.policy import read_policy
    from course_lib.grading.people.times import read_time

    if (until is None) == (days == 0 and hours == 0):
        raise CourseError(
            "Say how long: either --until TIME, or --days and --hours.",
            "请说明延到何时：用 --until 时间，或用 --days 和 --hours。",
        )
    if until is None:
        return days * 24 * 60 + hours * 60
    there = due_date(course, chapter)
    if there is None:
        return 1.0  # which is refused, with the reason
    moment = read_time(until, read_policy(course.folder).zone)
    return (moment - there).total_seconds() / 60


def _until(course: Course, chapter: str, minutes: float | None) -> str:
    from datetime import timedelta

    from course_lib.grading.people.lateness import due_date
    from course_lib.grading.people.policy import read_policy
    from course_lib.grading.people.times import show_time

    there = due_date(course, chapter)
    if there is None or minutes is None:
        return both("no extension", "无延期")
    return "→ " + show_time(there + timedelta(minutes=minutes), read_policy(course.folder).zone)


def audit_log(
    verify: Annotated[
        bool, typer.Option("--verify", help=both("say whether it is whole", "检查日志是否完整"))
    ] = False,
    noted: Annotated[
        str | None,
        typer.Option("--noted", help=both("a last hash noted earlier", "先前记下的末行哈希")),
    ] = None,
    student: Students = None,
    folder: Directory = None,
) -> None:
    from course_lib.grading import audit

    course = find(folder)
    if not (verify or noted):
        for line in audit.read(course):
            if not student or line.get("student") in student:
                say(_audit_line(line))
    findings = audit.verify(course, noted)
    say(*_findings(findings))
    if not findings.whole:
        raise typer.Exit(1)


def _audit_line(line: dict[str, object]) -> str:
    what = str(line.get("event", ""))
    said = [str(line.get(name)) for name in ("time", "by", "assignment", "student")]
    verdicts, execution = line.get("verdicts"), line.get("execution")
    notes = []
    if isinstance(verdicts, dict):
        notes.append(" ".join(f"{name}={code}" for name, code in verdicts.items()))
    if isinstance(execution, dict) and not execution.get("sandboxed", True):
        notes.append(both("UNSANDBOXED", "未用沙箱"))
    if "failed" in line:
        failed = line["failed"]
        notes.append(pick(failed) if isinstance(failed, dict) else str(failed))
    shown = [said[0], said[1], what, *(each for each in said[2:] if each != "None"), *notes]
    return "  ".join(shown)


def _findings(found: Findings) -> list[str]:
    said = []
    for number in found.broken:
        said.append(
            both(
                f"✗ line {number} was changed, or the line before it: they do not belong together",
                f"✗ 第 {number} 行或其前一行被改动过：二者对不上",
            )
        )
    if found.missing:
        said.append(
            both(f"✗ {found.missing} lines are gone at the end", f"✗ 末尾缺少 {found.missing} 行")
        )
    if found.headless:
        said.append(
            both(
                "✗ audit.head is gone, which says how long the log was",
                "✗ 缺少记录日志长度的 audit.head",
            )
        )
    if found.known is False:
        said.append(
            both("✗ no line has the hash that you noted", "✗ 没有哪一行的哈希与你记下的相符")
        )
    for number in found.cut_short:
        said.append(
            both(
                f"  line {number} was cut short while it was written (a kill, a full disk); that is no edit",
                f"  第 {number} 行在写入时中断（进程被终止或磁盘已满），不算改动",
            )
        )
    state = both("whole", "完整") if found.whole else both("NOT whole", "不完整")
    said.append(
        both(
            f"Audit log: {found.lines} lines, {state}; last hash {found.last[:16]}",
            f"审计日志：{found.lines} 行，{state}；末行哈希 {found.last[:16]}",
        )
    )
    return said


def status(
    chapter: MaybeChapter = None,
    student: Students = None,
    only: Annotated[
        str | None,
        typer.Option(help=both("one of " + ", ".join(_KINDS), "只看：" + "、".join(_KINDS))),
    ] = None,
    folder: Directory = None,
) -> None:
    from course_lib.grading import audit
    from course_lib.grading.people.policy import read_policy
    from course_lib.grading.people.standing import read_grades

    if only is not None and only not in _KINDS:
        raise CourseError(
            f"--only takes one of {', '.join(_KINDS)}.", f"--only 可选：{'、'.join(_KINDS)}。"
        )
    course = find(folder)
    if chapter is not None:
        course.notebook_name(chapter)
    rows = read_grades(course, chapter)
    chosen = [
        row for row in rows if (not student or row.student in student) and _is_kind(row, only)
    ]
    Console().print(_status_table(course, chosen, read_policy(course.folder).zone))
    for name in sorted({row.chapter for row in rows}):
        say(_sum_line(course, name, [row for row in rows if row.chapter == name]))
    if not student and only is None:
        say(*_findings(audit.verify(course)))


def _is_kind(row: Row, kind: str | None) -> bool:
    return {
        None: True,
        "missing": row.state == "missing",
        "failed": row.state == "failed",
        "late": row.seconds_late > 0,
        "manual": bool(row.open),
        "open": row.state in ("handed in", "changed", "failed"),
        "graded": row.score is not None,
    }[kind]


def _status_table(course: Course, rows: Sequence[Row], zone: tzinfo) -> Table:
    from course_lib.grading.people.standing import STATES
    from course_lib.grading.people.times import show_duration, show_time

    table = Table(title=str(course.folder), title_justify="left")
    for heading in (
        both("Chapter", "章"),
        both("Student", "学生"),
        both("State", "状态"),
        both("Handed in", "提交时间"),
        both("Points", "得分"),
        both("Note", "备注"),
    ):
        table.add_column(heading, overflow="fold")
    for row in rows:
        points = "" if row.score is None else f"{row.score:g} / {row.most:g}"
        time = show_time(row.handed_in, zone).rpartition(" ")[0]  # the line below has the offset
        if row.seconds_late:
            how = show_duration(row.seconds_late)
            time += both(f" ({how} late)", f"（迟 {how}）")
            points += both(f" (late −{row.late:g})", f"（迟交 −{row.late:g}）") if row.late else ""
        who = f"{row.student} {row.name}".strip()
        state = pick(STATES[row.state])
        if row.open and row.state == "to be marked":
            state += f" ({len(row.open)})"
        table.add_row(*map(_plain, (row.chapter, who, state, time, points, row.explanation)))
    return table


def _plain(words: str) -> str:
    """Keep brackets in names and messages from being read as colours."""
    from rich.markup import escape

    return escape(words)


def _sum_line(course: Course, chapter: str, rows: Sequence[Row]) -> str:
    from course_lib.grading.people.lateness import due_date
    from course_lib.grading.people.policy import read_policy
    from course_lib.grading.people.times import show_time

    there = show_time(due_date(course, chapter), read_policy(course.folder).zone)
    when = both(f" (due {there})", f"（截止 {there}）") if there else ""
    count = {kind: sum(_is_kind(row, kind) for row in rows) for kind in _KINDS}
    in_hand = len(rows) - count["missing"]
    waiting = sum(len(row.open) for row in rows)
    return both(
        f"Chapter {chapter}{when}: {in_hand} of {len(rows)} handed in, {count['late']} late, "
        f"{count['missing']} missing; {count['graded']} graded, {count['failed']} failed, "
        f"{count['open']} to be graded, {waiting} answers to be marked by hand.",
        f"第 {chapter} 章{when}：{len(rows)} 人中 {in_hand} 人已交，其中迟交 {count['late']} 人，"
        f"未交 {count['missing']} 人；已评分 {count['graded']} 人，评分失败 {count['failed']} 人，"
        f"待评分 {count['open']} 人，待人工评阅 {waiting} 题。",
    )


def add_to(teach: typer.Typer) -> None:
    """Put these commands beside the others."""
    teach.command(
        "roster",
        help=both(
            "Import the class list (学号, 姓名), or show it.", "导入或显示班级名单（学号、姓名）。"
        ),
    )(roster)
    teach.command(
        "due", help=both("Set or show a chapter's due date.", "设置或查看一章的截止时间。")
    )(due)
    teach.command(
        "late",
        help=both(
            "Set or show what lateness costs, and the time zone.", "设置或查看迟交扣分规则和时区。"
        ),
    )(late)
    teach.command("extend", help=both("Give single students more time.", "为个别学生延期。"))(
        extend
    )
    teach.command(
        "status",
        help=both(
            "Show who handed in and when, what came of it, and why.",
            "查看谁交了、何时交的、结果如何、原因何在。",
        ),
    )(status)
    teach.command(
        "audit",
        help=both(
            "Show the audit log; --verify: is it whole?", "查看审计日志；--verify 检查是否完整。"
        ),
    )(audit_log)
