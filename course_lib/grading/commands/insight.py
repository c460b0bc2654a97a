"""The instructors' commands that look at a class as a whole: similarities, exercises, the concept test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from course_lib.errors import CourseError
from course_lib.grading.commands.options import Chapter, Directory, find, say
from course_lib.language import both, pick

if TYPE_CHECKING:
    from course_lib.grading.insight.concept import Gain, Question


def integrity(
    chapter: Chapter,
    to: Annotated[
        Path | None,
        typer.Option(
            help=both("the page; default: in the course directory", "报告页；默认放在课程目录里")
        ),
    ] = None,
    folder: Directory = None,
) -> None:
    from course_lib.files import write_atomically
    from course_lib.grading import audit
    from course_lib.grading.insight.integrity import compare
    from course_lib.grading.insight.integrity_report import write_page
    from course_lib.grading.people import roster

    course = find(folder)
    findings = compare(course, chapter)
    target = to.expanduser() if to is not None else course.private / "integrity" / f"{chapter}.html"
    write_atomically(target, write_page(findings, roster.load(course))).chmod(0o600)
    entry = {"event": "compared", "assignment": chapter, "submissions": findings.students}
    audit.record(course, entry)
    count = len(findings.pairs) + findings.left_off
    say(
        both(
            f"{count} pairs and {len(findings.edits)} changed locked cells to look at: {target}",
            f"有 {count} 对提交、{len(findings.edits)} 处被改动的锁定单元格值得一看：{target}",
        ),
        both("Hints for a person, never a verdict.", "只是供人查看的线索，绝不是结论。"),
    )


def items(chapter: Chapter, folder: Directory = None) -> None:
    from course_lib.grading.course import specification
    from course_lib.grading.insight.items import analyse
    from course_lib.grading.people.standing import natural, read_grades

    course = find(folder)
    exercises = specification(course, course.notebook_name(chapter))
    most = {
        name: float(each.points)
        for name, each in exercises.items()
        if getattr(each, "points", None)
    }
    rows = read_grades(course, chapter)
    found = analyse(rows, most)
    table = Table(
        title=both(
            f"Chapter {chapter}, {found[0].n} students", f"第 {chapter} 章，{found[0].n} 名学生"
        )
    )
    for heading in (
        both("Exercise", "题目"),
        both("Difficulty (mean share of points)", "难度（平均得分率）"),
        both("All points, 95 %", "满分比例，95%"),
        both("Discrimination, 95 %", "区分度，95%"),
        both("Note", "备注"),
    ):
        table.add_column(heading, overflow="fold")
    for item in found:
        share, low, high = item.full
        shown = both("no spread", "无差异")
        if item.discrimination is not None:
            r, least, most_ = item.discrimination
            shown = f"{r:+.2f} ({least:+.2f} … {most_:+.2f})"
        title = pick(exercises[item.name].title)
        table.add_row(
            f"{item.name} {title}".replace("[", "\\["),
            f"{item.difficulty:.2f}",
            f"{share:.2f} ({low:.2f} … {high:.2f})",
            shown,
            pick(_NOTES[item.note]) if item.note else "",
        )
    Console().print(table)
    left_out = sorted(most.keys() - {item.name for item in found}, key=natural)
    if left_out:
        say(
            both(
                f"Left out, since somebody's answer still waits for marks by hand: {', '.join(left_out)}.",
                f"未列入（还有作答等待人工评分）：{'、'.join(left_out)}。",
            )
        )
    say(
        both(
            "Difficulty near 1 is easy. Discrimination is the correlation with the points of all other exercises; "
            "below 0.2 is low for a test, but an exercise that teaches may be solved by everybody.",
            "难度越接近 1 越容易。区分度是与其余各题总分的相关系数；就考试而言低于 0.2 偏低，"
            "但用来教学的练习人人都会做也没有关系。",
        )
    )


def concept(
    act: Annotated[
        str,
        typer.Argument(
            help=both("give, take or gain", "give（发题）、take（收答案）或 gain（看收获）")
        ),
    ],
    moment: Annotated[
        str | None, typer.Argument(help=both("before or after", "before（课前）或 after（课后）"))
    ] = None,
    path: Annotated[
        Path | None,
        typer.Argument(
            help=both(
                "give: the folder to write into; take: a folder, zip or CSV",
                "give：写到哪个目录；take：文件夹、zip 或 CSV",
            )
        ),
    ] = None,
    folder: Directory = None,
) -> None:
    from course_lib.grading.collect import printable
    from course_lib.grading.insight import concept as test

    if act not in ("give", "take", "gain") or (act != "gain" and (moment is None or path is None)):
        raise CourseError(
            "Say  concept give before DIR,  concept take before PATH  (the same with after), or  concept gain.",
            "请写  concept give before 目录、concept take before 路径（或 after），或  concept gain。",
        )
    course = find(folder)
    if act == "gain":
        _show_gain(*test.gains(course), {q.id: q for q in test.read_questions(course.repository)})
        return
    assert moment is not None and path is not None
    if act == "give":
        say(
            str(test.write_sheet(course, moment, path)),
            both(
                "Hand it out as any other file; students fill in its last cell and hand it in under this name. Then:  "
                f"./course teach concept take {moment} PATH  with the zip or folder of what they handed in.",
                "像其他文件一样发给学生；学生填写最后一个单元格，按原文件名提交。然后运行  "
                f"./course teach concept take {moment} 路径  ，路径是收到的 zip 或文件夹。",
            ),
        )
        return
    outcomes = test.take(course, moment, path)
    for each in outcomes:
        if not each.student:
            say(f"✗ {printable(each.name)}: {each.why}")
    taken = len({each.student for each in outcomes if each.student})
    then = both("Now:  ./course teach concept gain", "接着运行：./course teach concept gain")
    say(
        both(
            f"Answers of {taken} students taken, {len(outcomes) - taken} files or lines not. Nothing is graded.",
            f"收到 {taken} 名学生的作答，{len(outcomes) - taken} 份未收。不计分。",
        ),
        *([then] if moment == "after" and taken else []),
    )


def _show_gain(count: int, found: list[Gain], questions: dict[str, Question]) -> None:
    from course_lib.grading.insight.concept import describe

    table = Table(title=both(f"{count} students took both", f"{count} 名学生前后都作答"))
    for heading in (
        both("Question", "题目"),
        both("Before", "课前"),
        both("After", "课后"),
        both("Gain g", "收获 g"),
        both("Most frequent mistake left", "课后最常见的误解"),
    ):
        table.add_column(heading, overflow="fold")
    for each in found:
        gain = "–" if each.gain is None else f"{each.gain:+.2f}"
        if each.low is not None and each.high is not None:
            gain += f" ({each.low:+.2f} … {each.high:+.2f})"
        name = both("the class", "全班")
        if each.id:
            name = f"{each.id} ({questions[each.id].chapter})"
        left = f"{each.wrong[1]:.0%} {describe(each.wrong[0])}" if each.wrong else ""
        table.add_row(name, f"{each.before:.0%}", f"{each.after:.0%}", gain, left)
    Console().print(table)
    say(
        both(
            "g is the share of what could still be gained (Hake 1998). Without a class that was taught otherwise it "
            "says what was learned meanwhile, not what it was learned by.",
            "g 是可提高的部分中实际提高的比例（Hake 1998）。没有对照班，它只说明这段时间学到了多少，"
            "不能说明是靠什么学到的。",
        )
    )


_NOTES = {
    "easy": {"en": "nearly everybody has it", "zh": "几乎人人都对"},
    "hard": {"en": "hardly anybody has it", "zh": "几乎无人做对"},
    "low": {"en": "says little about the rest", "zh": "与其余各题关系不大"},
    "negative": {
        "en": "the strong miss it: is it misleading, or judged wrongly?",
        "zh": "强者反而失分：题目有误导，或判分有误？",
    },
}


def add_to(teach: typer.Typer) -> None:
    """Put these commands beside the others."""
    teach.command(
        "integrity",
        help=both(
            "Compare submissions: a page of hints for a person, never a verdict.",
            "比较各份提交，生成供人查看的线索页；绝不是结论。",
        ),
    )(integrity)
    teach.command(
        "items",
        help=both(
            "Show how hard each exercise was, and whether it discriminates.",
            "查看各题的难度和区分度。",
        ),
    )(items)
    teach.command(
        "concept",
        help=both(
            "The concept test: give it out, take answers in, show what the class gained; ungraded.",
            "概念测验：发题、收答案、看全班的收获；不计分。",
        ),
    )(concept)
