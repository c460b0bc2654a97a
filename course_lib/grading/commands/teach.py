"""``./course teach …``: the instructors' commands. Thin: the work is done in the modules beside this."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from course_lib.errors import CourseError
from course_lib.grading.commands import capacity, insight, people
from course_lib.grading.commands.options import (
    Chapter,
    Directory,
    MaybeChapter,
    Students,
    find,
    say,
)
from course_lib.grading.course import create, find_course, remember
from course_lib.language import both, pick

if TYPE_CHECKING:  # what grades imports nbgrader, which takes a second
    from course_lib.grading.course import Course
    from course_lib.grading.grade import Graded
    from course_lib.grading.kernels.executors import Executor
    from course_lib.grading.people.roster import Student

teach = typer.Typer(
    help=both(
        "For instructors: release, collect, grade, return, export.",
        "教师用：发布、收取、评分、反馈、导出。",
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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
    gradebook: Annotated[
        str | None,
        typer.Option(
            envvar="COURSE_GRADEBOOK",
            show_envvar=True,
            help=both(
                "an empty PostgreSQL database, such as postgresql+psycopg://user@host/class (password: ~/.pgpass)",
                "空的 PostgreSQL 数据库，例如 postgresql+psycopg://用户@主机/数据库名（密码放在 ~/.pgpass）",
            ),
        ),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            help=both(
                "such as Asia/Shanghai; default: this machine's",
                "例如 Asia/Shanghai；默认为本机时区",
            )
        ),
    ] = None,
) -> None:
    from course_lib.grading import audit
    from course_lib.grading.gradebook import begin, read_url
    from course_lib.grading.gradebook import make as make_gradebook
    from course_lib.grading.people.policy import change_policy
    from course_lib.grading.people.times import find_zone

    find_zone(timezone)
    if gradebook is not None:
        read_url(gradebook)  # says what is wrong with it before anything is made
    course = create(folder, language=lang, framework=framework, variant=variant)
    if timezone is not None:
        change_policy(course, timezone=timezone)
    if gradebook is not None:
        audit.record(course, {"event": "gradebook", "at": begin(course, gradebook)})
    make_gradebook(course)
    remember(course)
    say(
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
        say(
            both(
                "This class has numbers of its own: give students what  release/  holds (the notebook and the "
                f"file beside it), or a kit made by  ./course teach kit --dir {course.folder}",
                "本班使用专用数据：请把  release/  里的笔记本连同旁边的数据文件一起发给学生，"
                f"或用  ./course teach kit --dir {course.folder}  生成压缩包。",
            )
        )


@teach.command(
    help=both(
        "Take the gradebook into an empty PostgreSQL database; everything is compared afterwards.",
        "把成绩册迁入空的 PostgreSQL 数据库，迁移后逐行核对。",
    )
)
def migrate(
    url: Annotated[
        str,
        typer.Argument(
            envvar="COURSE_GRADEBOOK",
            help=both(
                "such as postgresql+psycopg://user@host/class (password: ~/.pgpass)",
                "例如 postgresql+psycopg://用户@主机/数据库名（密码放在 ~/.pgpass）",
            ),
        ),
    ],
    folder: Directory = None,
) -> None:
    from course_lib.grading import audit
    from course_lib.grading.migrate import migrate as run

    course = find(folder)
    moved = run(course, url)
    audit.record(course, {"event": "gradebook", "at": moved.place, "rows": moved.rows})
    say(
        both(
            f"{moved.rows} rows are in {moved.place}, each the same as before. The old gradebook is kept as "
            f"{moved.kept}; a formgrader that is open has to be started again.",
            f"{moved.rows} 行已迁入 {moved.place}，逐行核对一致。旧成绩册保存为 {moved.kept}；"
            "若 formgrader 正开着，请重新启动。",
        )
    )


@teach.command(help=both("Release a chapter to students.", "向学生发布一章。"))
def release(chapter: Chapter, folder: Directory = None) -> None:
    from course_lib.grading.release import release as run

    done = run(find(folder), chapter)
    state = (
        both("released", "已发布")
        if done.changed
        else both("released already", "此前已发布，无变化")
    )
    say(
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
    chapter: MaybeChapter = None,
    received: Annotated[
        str | None,
        typer.Option(
            help=both(
                "when all of it was handed in, such as '2026-10-01 20:00'",
                "统一的提交时间，例如 '2026-10-01 20:00'",
            )
        ),
    ] = None,
    times: Annotated[
        str,
        typer.Option(
            help=both(
                "auto, zip (believe the zip's times) or none (nobody is late)",
                "auto、zip（采信压缩包内的文件时间）或 none（不计迟交）",
            )
        ),
    ] = "auto",
    folder: Directory = None,
) -> None:
    from course_lib.grading.collect import collect as run
    from course_lib.grading.collect import printable
    from course_lib.grading.people.policy import read_policy
    from course_lib.grading.people.times import read_time, show_time

    if times not in ("auto", "zip", "none"):
        raise CourseError("--times takes auto, zip or none.", "--times 可选 auto、zip 或 none。")
    course = find(folder)
    zone = read_policy(course.folder).zone
    moment = read_time(received, zone) if received is not None else None
    outcomes = run(course, path, chapter=chapter, received=moment, times=times, say=say)
    words = {
        "new": both("new", "新交"),
        "changed": both("newer version", "有更新"),
        "unchanged": both("unchanged", "无变化"),
    }
    for outcome in outcomes:
        name = printable(outcome.name)
        if outcome.state == "refused":
            say(both(f"✗ {name}: {outcome.why}", f"✗ {name}：{outcome.why}"))
        else:
            time = f"  {show_time(outcome.arrived, zone)}" if outcome.arrived else ""
            note = both(f"  ({outcome.why})", f"（{outcome.why}）") if outcome.why else ""
            say(f"✓ {outcome.student}  ({words[outcome.state]}){time}  {name}{note}")
    taken = sum(outcome.state != "refused" for outcome in outcomes)
    left = len(outcomes) - taken
    say(both(f"{taken} taken, {left} not taken.", f"收取 {taken} 份，未收取 {left} 份。"))
    if not taken:
        raise typer.Exit(1)


@teach.command(help=both("Grade a chapter's submissions.", "为一章的作业评分。"))
def grade(
    chapter: Chapter,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, max=64, help=both("how many at a time", "同时评几份"))
    ] = 2,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help=both(
                "run them on a Dask cluster: its scheduler, such as tcp://10.0.0.5:8786 (--jobs is its own)",
                "在 Dask 集群上运行：给出调度器地址，例如 tcp://10.0.0.5:8786（此时 --jobs 不起作用）",
            )
        ),
    ] = None,
    student: Students = None,
    exercise: Annotated[
        str | None,
        typer.Option(
            help=both(
                "judge only this exercise anew, such as 04.3; all other marks stay",
                "只重新判这一题，例如 04.3；其余得分不变",
            )
        ),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help=both("run and judge again what has not changed", "无变化的也重新运行、重新判分"),
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help=both(
                "judge again what has not changed, without running it",
                "无变化的也重新判分，但不重新运行",
            ),
        ),
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
    folder: Directory = None,
) -> None:
    from course_lib.ending import ends_on_request
    from course_lib.grading.grade import grade as run
    from course_lib.grading.pace import shown
    from course_lib.grading.people import roster
    from course_lib.grading.regrade import regrade

    course = find(folder)
    executor = _cluster(scheduler, unsandboxed) if scheduler is not None else None
    if unsandboxed:
        say(
            both(
                "Without a sandbox: whatever a submission does is done in your name. Recorded.",
                "未使用沙箱：作业的一切操作都以你的身份进行。此事已记录。",
            )
        )
    count = len(student or course.submissions(chapter))
    listed = roster.load(course)
    if exercise is not None:
        outcomes = regrade(
            course,
            chapter,
            exercise,
            jobs=jobs,
            students=student,
            again=again,
            sandboxed=not unsandboxed,
            executor=executor,
        )
    else:
        outcomes = run(
            course,
            chapter,
            jobs=jobs,
            students=student,
            force=force,
            again=again,
            sandboxed=not unsandboxed,
            executor=executor,
        )
    failed = done = 0
    try:
        with ends_on_request(), shown(count) as show:
            for outcome in outcomes:
                done += 1
                failed += outcome.state == "failed"
                show(_graded_line(outcome, listed), outcome.state != "unchanged")
    except KeyboardInterrupt:
        say(
            both(
                f"Stopped after {done} of {count}; they are in the gradebook. "
                "The same command again goes on with the others.",
                f"已停止：{count} 份中 {done} 份已记入成绩册。再次运行同一命令即可继续评其余的。",
            )
        )
        raise typer.Exit(130) from None
    say(
        both(
            f"{count - failed} graded, {failed} failed. Next:  ./course teach feedback {chapter}",
            f"已评 {count - failed} 份，失败 {failed} 份。下一步：./course teach feedback {chapter}",
        )
    )
    if failed:
        raise typer.Exit(1)


@teach.command(help=both("Make the feedback pages.", "生成反馈页面。"))
def feedback(
    chapter: Chapter,
    student: Students = None,
    to: Annotated[
        Path | None,
        typer.Option(
            help=both(
                "put all pages into this .zip or folder, named as the submissions were",
                "把全部页面放进这个 .zip 或文件夹，按收取时的名称命名",
            )
        ),
    ] = None,
    folder: Directory = None,
) -> None:
    from course_lib.grading.give_back import give_back, pack

    course = find(folder)
    pages = []
    for each in give_back(course, chapter, students=student):
        pages.append(each)
        say(f"✗ {each.student}: {each.why}" if each.page is None else f"✓ {each.page}")
    failed = sum(each.page is None for each in pages)
    if to is not None:
        count = pack(course, chapter, pages, to)
        say(both(f"{count} pages in {to}", f"已放入 {count} 个页面：{to}"))
    if failed:
        raise typer.Exit(1)


@teach.command(help=both("Export the grades as CSV or Excel.", "把成绩导出为 CSV 或 Excel。"))
def export(
    path: Annotated[
        Path,
        typer.Argument(
            help=both("such as grades.xlsx or grades.csv", "例如 grades.xlsx 或 grades.csv")
        ),
    ],
    chapter: MaybeChapter = None,
    bom: Annotated[
        bool | None,
        typer.Option(
            "--bom/--no-bom",
            help=both(
                "mark a CSV as UTF-8, so that Excel reads Chinese names",
                "在 CSV 开头加 BOM，便于 Excel 正确显示中文（中文界面下默认加）",
            ),
        ),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into",
            help=both(
                "fill in this table, as Canvas (gradebook) or Moodle (grading worksheet) exported it; needs --chapter",
                "把成绩填入这份由 Canvas（成绩册）或 Moodle（评分表）导出的表；须同时给出 --chapter",
            ),
        ),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(
            help=both(
                "with --into, Canvas: the assignment's heading", "与 --into 合用，Canvas 的作业列名"
            )
        ),
    ] = None,
    folder: Directory = None,
) -> None:
    from course_lib.grading import audit
    from course_lib.grading.export import spoilt_by_excel, write_table
    from course_lib.grading.people.policy import read_policy
    from course_lib.grading.people.standing import read_grades

    course = find(folder)
    if chapter is not None:
        course.notebook_name(chapter)
    if into is not None:
        _fill_in(course, chapter, into, path, column)
        return
    rows = read_grades(course, chapter)
    write_table(rows, path, bom=bom, zone=read_policy(course.folder).zone)
    audit.record(course, {"event": "exported", "assignment": chapter, "rows": len(rows)})
    say(both(f"{len(rows)} rows in {path}", f"已写入 {len(rows)} 行：{path}"))
    if path.suffix.lower() == ".csv" and spoilt_by_excel(rows):
        say(
            both(
                "Excel drops leading zeros and rounds long numbers when it opens a CSV: for Excel, export "
                "to .xlsx.",
                "Excel 打开 CSV 时会丢掉学号的前导零、把长学号改成科学计数：若用 Excel，请导出为 .xlsx。",
            )
        )


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
    say(both(f"{made}: {count} files.", f"{made}：共 {count} 个文件。"))


@teach.command(
    help=both(
        "Marking the capstone: practise on three reports, then compare your marks with the given ones.",
        "结业项目评分：先在三份样例上练习，再与给定的分数比较。",
    )
)
def calibrate(
    sheet: Annotated[
        Path | None,
        typer.Argument(
            help=both("your filled marks.csv; none: hand out", "填好的 marks.csv；不写则发放样例")
        ),
    ] = None,
    to: Annotated[Path, typer.Option(help=both("where to hand out", "样例放到哪里"))] = Path(
        "calibration"
    ),
    lang: Annotated[str, typer.Option(help=both("en or zh", "en 或 zh"))] = both("en", "zh"),
) -> None:
    from course_lib.grading.insight import calibration
    from course_lib.paths import repository_root

    if sheet is None:
        say(*map(str, calibration.hand_out(repository_root(), to, lang)))
        say(
            both(
                "Mark each report by the rubric of chapter 18 (18.6 to 18.9, criteria A to G), fill marks.csv, then:  "
                f"./course teach calibrate {to / calibration.SHEET}",
                "按第 18 章的评分标准（18.6 至 18.9，A 至 G 各项）给每份报告打分，填好 marks.csv，然后运行："
                f"./course teach calibrate {to / calibration.SHEET}",
            )
        )
        return
    result = calibration.compare(repository_root(), sheet)
    for report, (given, own) in result.totals.items():
        name, level = result.names[report], pick(calibration.LEVELS[report])
        say(
            both(
                f"Report {name} ({level}): given {given:g}, yours {own:g}",
                f"报告 {name}（{level}）：给定 {given:g}，你的 {own:g}",
            )
        )
    say(
        both(
            f"Weighted kappa {result.kappa:.2f}; you give {result.mean_difference:+.2f} points per criterion.",
            f"加权 kappa {result.kappa:.2f}；每项与给定分数的平均差 {result.mean_difference:+.2f} 分。",
        )
    )
    for one in result.differences:
        mark = "!!" if abs(one.own - one.given) >= calibration.FAR else "  "
        say(
            both(
                f"{mark} {one.name} {one.criterion}: given {one.given:g}, yours {one.own:g}. {pick(one.why)}",
                f"{mark} {one.name} {one.criterion}：给定 {one.given:g}，你的 {one.own:g}。{pick(one.why)}",
            )
        )


@teach.command(
    help=both(
        "Write a JupyterHub recipe for the class, with nbgrader's exchange or ngshare.",
        "为本班生成 JupyterHub 配置样例（使用 nbgrader 的交换目录或 ngshare）。",
    )
)
def hub(
    target: Annotated[Path, typer.Argument(metavar="DIR", help=both("where to write", "写到哪里"))],
    exchange: Annotated[
        str, typer.Option(help=both("the folder that all servers share", "各服务器共享的交换目录"))
    ] = "/srv/nbgrader/exchange",
    ngshare: Annotated[
        str | None,
        typer.Option(help=both("ngshare's address instead", "改用 ngshare：给出其网址")),
    ] = None,
    folder: Directory = None,
) -> None:
    from course_lib.grading.platforms.hub import write_recipe

    say(*map(str, write_recipe(find(folder), target, exchange=exchange, ngshare=ngshare)))


@teach.command(
    help=both(
        "Make an autograder for Gradescope: the same marks, in its container.",
        "生成 Gradescope 的自动评分包：在它的容器里给出同样的分数。",
    )
)
def gradescope(
    chapter: Chapter,
    target: Annotated[Path, typer.Argument(help=both("a zip", "zip 文件"))],
    unsandboxed: Annotated[
        bool,
        typer.Option(
            "--unsandboxed",
            help=both(
                "may run where the container has no sandbox, as a user of its own; recorded",
                "容器没有沙箱时也可运行（作业以单独的用户身份运行）；会记入审计日志",
            ),
        ),
    ] = False,
    folder: Directory = None,
) -> None:
    from course_lib.grading.platforms.gradescope import make_bundle

    made, count = make_bundle(find(folder), chapter, target, unsandboxed=unsandboxed)
    say(
        both(
            f"{made}: {count} files. It holds what is right: give it to nobody but Gradescope.",
            f"{made}：共 {count} 个文件。其中含有参考答案：除 Gradescope 外不要给任何人。",
        )
    )


def _fill_in(
    course: Course, chapter: str | None, table: Path, target: Path, column: str | None
) -> None:
    from course_lib.grading import audit
    from course_lib.grading.platforms.tables import fill_in

    if chapter is None:
        raise CourseError(
            "Say which chapter goes into the table: add --chapter 04.",
            "请说明填入哪一章的成绩：加 --chapter 04。",
        )
    done = fill_in(course, chapter, table, target, column=column)
    entry = {"event": "exported", "assignment": chapter, "rows": done.count, "for": done.platform}
    audit.record(course, entry)
    for student, why in done.left:
        say(both(f"– {student}: left as it was ({why})", f"– {student}：未填（{why}）"))
    say(
        both(
            f"{done.platform}, “{done.column}”: {done.count} scores filled in, in {target}",
            f"{done.platform}“{done.column}”列：已填入 {done.count} 个成绩：{target}",
        )
    )


def _cluster(scheduler: str, unsandboxed: bool) -> Executor:
    from course_lib.grading.cluster.executor import Cluster

    if unsandboxed:
        raise CourseError(
            "On a cluster every submission runs in a sandbox: leave --unsandboxed out.",
            "在集群上，每份作业都在沙箱里运行：请去掉 --unsandboxed。",
        )
    return Cluster(scheduler, say=say)


def _graded_line(outcome: Graded, listed: Mapping[str, Student]) -> str:
    name = listed[outcome.student].shown if outcome.student in listed else ""
    who = f"{outcome.student} {name}".strip()
    if outcome.state == "failed":
        return f"✗ {who}: {outcome.why}"
    late = both(f", late −{outcome.late:g}", f"，迟交 −{outcome.late:g}") if outcome.late else ""
    waiting = both(", part to be marked by hand", "，部分待人工评阅") if outcome.waiting else ""
    before = both(" (unchanged)", "（无变化）") if outcome.state == "unchanged" else ""
    return f"✓ {who}: {outcome.score:g} / {outcome.most:g}{late}{waiting}{before}"


people.add_to(teach)
insight.add_to(teach)
capacity.add_to(teach)
