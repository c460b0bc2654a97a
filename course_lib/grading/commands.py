"""``./course teach …``: the instructors' commands. Thin: the work is done in the modules beside this."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from course_lib.grading.course import Course, create, find_course, remember
from course_lib.language import both

teach = typer.Typer(
    help=both(
        "For instructors: release, collect, grade, return, export.",
        "教师用：发布、收取、评分、反馈、导出。",
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_Dir = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        help=both(
            "the course directory; default: this folder, or the one used last",
            "课程目录；默认为当前目录，或上次使用的目录",
        ),
    ),
]
_Chapter = Annotated[str, typer.Argument(help=both("such as 04", "例如 04"))]
_MaybeChapter = Annotated[
    str | None, typer.Option("--chapter", help=both("only this one", "只处理这一章"))
]


@teach.command(help=both("Make a course directory.", "创建课程目录。"))
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help=both("where", "目录位置"))],
    lang: Annotated[str, typer.Option(help=both("en or zh", "en 或 zh"))] = both("en", "zh"),
    framework: Annotated[
        str, typer.Option(help=both("pytorch or keras", "pytorch 或 keras"))
    ] = "pytorch",
    variant: Annotated[
        bool,
        typer.Option(
            "--variant",
            help=both(
                "exercises with numbers of this class's own, since the public solutions can be copied",
                "练习使用本班专用的常数和数据（公开的答案可能被抄袭）",
            ),
        ),
    ] = False,
) -> None:
    course = create(folder, language=lang, framework=framework, variant=variant)
    from course_lib.grading.nbgrader_side import make_gradebook

    make_gradebook(course)
    remember(course)
    _print(
        both(
            f"{course.folder} is ready ({lang}/{framework}). Next:  ./course teach release 04",
            f"{course.folder} 已就绪（{lang}/{framework}）。下一步：./course teach release 04",
        ),
        both(
            f"Back up {course.private / 'secret'}: hidden inputs are drawn from it; show it to nobody.",
            f"请备份 {course.private / 'secret'}：隐藏的评分输入由它生成；不要给任何人看。",
        ),
    )
    if course.variant:
        _print(
            both(
                "This class has numbers of its own: give students what  release/  holds (the notebook and the "
                f"file beside it), or a kit made by  ./course teach kit --dir {course.folder}",
                "本班使用专用数据：请把  release/  里的笔记本连同旁边的数据文件一起发给学生，"
                f"或用  ./course teach kit --dir {course.folder}  生成压缩包。",
            )
        )


@teach.command(help=both("Release a chapter to students.", "向学生发布一章。"))
def release(chapter: _Chapter, folder: _Dir = None) -> None:
    from course_lib.grading.release import release as run

    done = run(_course(folder), chapter)
    state = (
        both("released", "已发布")
        if done.changed
        else both("released already", "此前已发布，无变化")
    )
    _print(
        both(
            f"Chapter {chapter} {state}: {done.notebook}",
            f"第 {chapter} 章{state}：{done.notebook}",
        ),
        *done.warnings,
    )


@teach.command(
    help=both(
        "Take in submissions from a folder or a zip, as learning platforms export them.",
        "从文件夹或 zip（学习平台导出的那种）收取作业。",
    )
)
def collect(
    path: Annotated[Path, typer.Argument(help=both("folder or zip", "文件夹或 zip"))],
    chapter: _MaybeChapter = None,
    folder: _Dir = None,
) -> None:
    from course_lib.grading.collect import collect as run

    outcomes = run(_course(folder), path, chapter=chapter)
    words = {
        "new": both("new", "新交"),
        "changed": both("newer version", "有更新"),
        "unchanged": both("unchanged", "无变化"),
    }
    for outcome in outcomes:
        if outcome.state == "refused":
            _print(both(f"✗ {outcome.name}: {outcome.why}", f"✗ {outcome.name}：{outcome.why}"))
        else:
            _print(f"✓ {outcome.student}  ({words[outcome.state]})  {outcome.name}")
    taken = sum(outcome.state != "refused" for outcome in outcomes)
    left = len(outcomes) - taken
    _print(both(f"{taken} taken, {left} not taken.", f"收取 {taken} 份，未收取 {left} 份。"))
    if not taken:
        raise typer.Exit(1)


@teach.command(help=both("Grade a chapter's submissions.", "为一章的作业评分。"))
def grade(
    chapter: _Chapter,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, max=64, help=both("how many at a time", "同时评几份"))
    ] = 2,
    student: Annotated[
        list[str] | None, typer.Option(help=both("only this student", "只评这名学生"))
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help=both("also what has not changed", "无变化的也重新评"))
    ] = False,
    unsandboxed: Annotated[
        bool,
        typer.Option(
            "--unsandboxed",
            help=both(
                "run submissions as yourself, without walls; recorded in the audit log",
                "不用沙箱，以你自己的身份运行作业；会记入审计日志",
            ),
        ),
    ] = False,
    folder: _Dir = None,
) -> None:
    from course_lib.grading.grade import grade as run

    course = _course(folder)
    if unsandboxed:
        _print(
            both(
                "Without a sandbox: whatever a submission does is done in your name. Recorded.",
                "未使用沙箱：作业的一切操作都以你的身份进行。此事已记录。",
            )
        )
    count = len(student or course.submissions(chapter))
    failed = 0
    with _progress() as progress:
        task = progress.add_task(both("Grading", "评分"), total=count)
        for outcome in run(
            course, chapter, jobs=jobs, students=student, force=force, sandboxed=not unsandboxed
        ):
            progress.advance(task)
            failed += outcome.state == "failed"
            progress.console.print(_graded_line(outcome), markup=False, highlight=False)
    _print(
        both(
            f"{count - failed} graded, {failed} failed. Next:  ./course teach feedback {chapter}",
            f"已评 {count - failed} 份，失败 {failed} 份。下一步：./course teach feedback {chapter}",
        )
    )
    if failed:
        raise typer.Exit(1)


@teach.command(help=both("Make the feedback pages.", "生成反馈页面。"))
def feedback(chapter: _Chapter, folder: _Dir = None) -> None:
    from course_lib.grading.give_back import give_back

    course = _course(folder)
    failed = 0
    for each in give_back(course, chapter):
        failed += each.page is None
        _print(f"✗ {each.student}: {each.why}" if each.page is None else f"✓ {each.page}")
    if failed:
        raise typer.Exit(1)


@teach.command(help=both("Export the grades as CSV.", "把成绩导出为 CSV。"))
def export(
    path: Annotated[Path, typer.Argument(help=both("such as grades.csv", "例如 grades.csv"))],
    chapter: _MaybeChapter = None,
    bom: Annotated[
        bool,
        typer.Option(
            "--bom", help=both("so that Excel reads Chinese names", "便于 Excel 正确显示中文")
        ),
    ] = False,
    folder: _Dir = None,
) -> None:
    from course_lib.grading.export import read_grades, write_csv

    rows = read_grades(_course(folder), chapter)
    write_csv(rows, path, bom=bom)
    _print(both(f"{len(rows)} rows in {path}", f"已写入 {len(rows)} 行：{path}"))


@teach.command(help=both("Show who handed in, and what became of it.", "查看谁交了、结果如何。"))
def status(chapter: _MaybeChapter = None, folder: _Dir = None) -> None:
    from course_lib.grading.export import read_grades

    course = _course(folder)
    rows = read_grades(course, chapter)
    table = Table(title=str(course.folder), title_justify="left")
    for heading in (
        both("Chapter", "章"),
        both("Student", "学生"),
        both("State", "状态"),
        both("Points", "得分"),
        both("Note", "备注"),
    ):
        table.add_column(heading)
    states = {
        "graded": both("graded", "已评分"),
        "to be marked": both("part to be marked by hand", "部分待人工评阅"),
        "failed": both("failed", "评分失败"),
        "handed in": both("handed in, not graded", "已交，未评分"),
        "missing": both("nothing handed in", "未交"),
    }
    for row in rows:
        points = "" if row.score is None else f"{row.score:g} / {row.most:g}"
        table.add_row(row.chapter, row.student, states[row.state], points, row.why)
    Console().print(table)


@teach.command(
    help=both("Make the students' zip, without solutions.", "生成学生用的压缩包（不含答案）。")
)
def kit(
    target: Annotated[
        Path, typer.Argument(help=both("a zip or a folder", "zip 文件或目录"))
    ] = Path(),
    lang: Annotated[str | None, typer.Option(help=both("only en or zh", "只要 en 或 zh"))] = None,
    framework: Annotated[
        str | None, typer.Option(help=both("only pytorch or keras", "只要 pytorch 或 keras"))
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--dir",
            help=both(
                "a course directory with numbers of its own: its chapters as it has them",
                "使用专用数据的课程目录：其中的章节用该班的版本",
            ),
        ),
    ] = None,
) -> None:
    from course_lib.grading.kit import make_kit
    from course_lib.paths import repository_root

    course = find_course(folder) if folder is not None else None
    made, count = make_kit(
        repository_root(), target, language=lang, framework=framework, course=course
    )
    _print(both(f"{made}: {count} files.", f"{made}：共 {count} 个文件。"))


def _course(folder: Path | None) -> Course:
    course = find_course(folder)
    remember(course)
    if folder is None:
        _print(both(f"Course directory: {course.folder}", f"课程目录：{course.folder}"))
    return course


def _graded_line(outcome: object) -> str:
    from course_lib.grading.grade import Graded

    assert isinstance(outcome, Graded)
    if outcome.state == "failed":
        return f"✗ {outcome.student}: {outcome.why}"
    waiting = both(", part to be marked by hand", "，部分待人工评阅") if outcome.waiting else ""
    before = both(" (unchanged)", "（无变化）") if outcome.state == "unchanged" else ""
    return f"✓ {outcome.student}: {outcome.score:g} / {outcome.most:g}{waiting}{before}"


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        transient=True,
    )


def _print(*lines: str) -> None:
    for line in lines:
        typer.echo(line)
