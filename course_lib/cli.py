"""The command line of the course: thin; each command imports its room only when it is called.

A :class:`CourseError` is printed as one sentence and ends with status 1, a wrong option with 2.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Annotated, Any

import typer

from course_lib import usage
from course_lib.errors import CourseError
from course_lib.language import both

app = typer.Typer(
    name="course",
    help=both(
        "An open, graded course on deep transfer learning.  ./course lab  opens it.",
        "深度迁移学习开放课程，带自动评分。运行  ./course lab  打开课程。",
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command(
    help=both("Open the course in JupyterLab.", "在 JupyterLab 中打开课程。"),
    epilog=both(
        "The launcher also takes --cpu (PyTorch's own CPU builds, on Linux about 2.5 GB in all, not 7) and "
        "--cpu-if-possible (the ordinary builds where those cannot be had).",
        "启动器还接受 --cpu（安装 PyTorch 官方的 CPU 版，在 Linux 上共约 2.5 GB，而不是 7 GB）和 "
        "--cpu-if-possible（拿不到时改装普通版）。",
    ),
)
def lab(
    lang: Annotated[
        str | None,
        typer.Option(help=both("en or zh; default: the system's", "en 或 zh；默认跟随系统")),
    ] = None,
    framework: Annotated[
        str, typer.Option(help=both("pytorch or keras", "pytorch 或 keras"))
    ] = "pytorch",
    port: Annotated[
        int, typer.Option(help=both("first port to try", "首选端口，被占用则顺延"))
    ] = 8888,
    browser: Annotated[
        bool | None,
        typer.Option(help=both("open a browser; default: if there is a display", "是否打开浏览器")),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help=both(
                "embedded (the default) or real: from the network, where a chapter knows real data",
                "embedded（默认）或 real：章节提供真实数据时从网络获取",
            )
        ),
    ] = None,
) -> None:
    from course_lib.lab import choose_data, open_lab

    choose_data(data)
    raise typer.Exit(open_lab(language=lang, framework=framework, port=port, browser=browser))


@app.command(
    help=both(
        "Install what the course needs, and open nothing.", "只安装课程所需的软件，不打开任何东西。"
    )
)
def setup(
    framework: Annotated[
        str, typer.Option(help=both("pytorch or keras", "pytorch 或 keras"))
    ] = "pytorch",
) -> None:
    # The launcher has done it, or this would not run.
    print(both(f"Ready ({framework}).", f"已就绪（{framework}）。"))


@app.command(
    help=both(
        "Run the checks and tests of the course; what follows is given to pytest.",
        "运行课程的检查与测试；其余参数交给 pytest。",
    ),
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def test(
    context: typer.Context,
    full: Annotated[
        bool, typer.Option(help=both("the slow tests as well", "连同较慢的测试"))
    ] = False,
) -> None:
    from course_lib.testing import run_tests

    raise typer.Exit(run_tests(full=full, arguments=context.args))


@app.command(
    help=both(
        "Say what is here, what is missing and what is wrong, in one screen.",
        "检查运行环境：有什么、缺什么、哪里有问题，一屏说清。",
    )
)
def doctor() -> None:
    from course_lib.doctor import examine, show

    findings = examine()
    show(findings)
    raise typer.Exit(1 if any(problem.serious for problem in findings.problems) else 0)


@app.command(help=both("Print the course's version.", "显示课程版本。"))
def version() -> None:
    from course_lib import __version__

    print(__version__)


@app.command(
    help=both(
        "Make the book: the course as pages to read, in both languages, without a network.",
        "制作电子书：把课程做成中英文网页，离线可读。",
    )
)
def book(
    folder: Annotated[
        Path | None,
        typer.Option(help=both("where; default: book/_build", "放在哪里，默认 book/_build")),
    ] = None,
    chapter: Annotated[
        list[str] | None,
        typer.Option(help=both("only this chapter; may be repeated", "只做这一章；可重复给出")),
    ] = None,
    show: Annotated[
        bool, typer.Option("--serve", help=both("show it in a browser", "在浏览器中查看"))
    ] = False,
    port: Annotated[
        int, typer.Option(help=both("first port to try", "首选端口，被占用则顺延"))
    ] = 8000,
    pdf: Annotated[
        bool,
        typer.Option(
            "--pdf", help=both("also print it, with Chromium", "同时用 Chromium 打印成 PDF")
        ),
    ] = False,
    archive: Annotated[
        bool,
        typer.Option(
            "--archive",
            help=both(
                "also pack it with the course into one file", "同时与课程文件一起打成一个压缩包"
            ),
        ),
    ] = False,
    repository: Annotated[
        str | None,
        typer.Option(
            help=both(
                "OWNER/REPOSITORY on GitHub, for links to Binder and Colab; default: where this was cloned from",
                "GitHub 上的 OWNER/REPOSITORY，用于 Binder 与 Colab 链接；默认取克隆来源",
            )
        ),
    ] = None,
) -> None:
    from course_lib.book.commands import make

    make(
        folder,
        chapters=chapter,
        show=show,
        port=port,
        pdf=pdf,
        archive=archive,
        repository=repository,
    )


@app.command(help=both("Make the notebooks from their sources.", "由源文件生成各版本的笔记本。"))
def build(
    chapter: Annotated[
        list[str] | None,
        typer.Option(help=both("only these, such as 04", "只生成这些章，例如 04")),
    ] = None,
    matched: Annotated[
        str | None,
        typer.Option(
            help=both(
                "stamp a cell's two languages as matching: its id, or all",
                "确认某单元格的中英文已对应：写单元格 id，或 all",
            )
        ),
    ] = None,
) -> None:
    from course_lib import authoring
    from course_lib.paths import repository_root

    if matched is not None:
        stamped = authoring.stamp_matched(repository_root(), matched, chapters=chapter)
        print(both(f"{stamped} cells stamped.", f"已确认 {stamped} 个单元格。"))
    written = authoring.build(repository_root(), chapters=chapter)
    for path in written:
        print(path)
    print(both(f"{len(written)} files are up to date.", f"{len(written)} 个文件已是最新。"))


@app.command(
    help=both(
        "Check sources and notebooks: staleness, both languages, alt text, exercise proofs.",
        "检查源文件与笔记本：是否过期、中英文是否对应、图片说明、练习的证明。",
    )
)
def check(
    chapter: Annotated[
        list[str] | None,
        typer.Option(help=both("only these, such as 04", "只检查这些章，例如 04")),
    ] = None,
    mutants: Annotated[
        bool,
        typer.Option(
            "--mutants",
            help=both(
                "instead: which small mistakes in the answers the exercises would notice",
                "改为检查：答案里的小错误，练习能发现多少",
            ),
        ),
    ] = False,
    seeds: Annotated[
        bool,
        typer.Option(
            "--seeds",
            help=both(
                "instead: whether the claims hold with other random numbers",
                "改为检查：换一批随机数，各项结论是否仍然成立",
            ),
        ),
    ] = False,
) -> None:
    from course_lib import authoring
    from course_lib.paths import repository_root

    if seeds:  # says everything as it comes
        problems = authoring.try_seeds(repository_root(), chapters=chapter, tell=_say_now)
    else:
        if mutants:
            table, problems = authoring.try_mutants(repository_root(), chapters=chapter)
            print(table)
        else:
            problems = authoring.check(repository_root(), chapters=chapter)
        for problem in problems:
            print(problem)
    print(
        both(f"{len(problems)} problems.", f"共 {len(problems)} 个问题。")
        if problems
        else both("All is well.", "一切正常。")
    )
    raise typer.Exit(1 if problems else 0)


@app.command(
    help=both(
        "Make the embedded backbone's weights again, from nothing.",
        "从零开始重新训练课程自带的主干网络权重。",
    )
)
def pretrain(
    output: Annotated[
        Path | None,
        typer.Option(
            help=both("where to write; default: in the package", "写到哪里；默认写入包内")
        ),
    ] = None,
) -> None:
    from course_lib.pretraining import pretrain as run

    run(output=output)


@app.command(
    help=both(
        "A class in a minute: five submissions of chapter 04, released, graded and returned.",
        "一分钟看完一次批改：第 04 章的五份作业，从发布、评分到反馈。",
    )
)
def demo() -> None:
    from course_lib.grading.demo import demo as run

    run()


@app.command(
    help=both("Measure what the course claims.", "测量课程所声称的数据。"),
)
def bench(
    name: Annotated[str, typer.Argument(help=both("such as transfer", "例如 transfer"))],
    as_json: Annotated[bool, typer.Option("--json", help=both("print JSON", "输出 JSON"))] = False,
    check: Annotated[
        bool,
        typer.Option(help=both("fail when a stated figure is missed", "未达到所声称的数据时报错")),
    ] = False,
    quick: Annotated[
        bool, typer.Option(help=both("a small run, to see that it works", "小规模试跑"))
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option(help=both("also draw it, into this file", "同时画成图，存到该文件")),
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(help=both("only this part; may be repeated", "只测这一部分；可重复给出")),
    ] = None,
    keep: Annotated[
        bool,
        typer.Option(
            "--keep",
            help=both(
                "write it to benchmarks/results, with machine, versions and date",
                "连同机器、版本与日期写入 benchmarks/results",
            ),
        ),
    ] = False,
) -> None:
    if not name.isidentifier() or find_spec(f"benchmarks.{name}") is None:
        folder = Path(__file__).resolve().parent.parent / "benchmarks"
        names = ", ".join(sorted(p.stem for p in folder.glob("*.py") if p.stem[0] != "_"))
        raise CourseError(
            f"There is no benchmark {name!r}; there are: {names or 'none'}.",
            f"没有名为 {name!r} 的基准测试；现有：{names or '无'}。",
        )
    benchmark = import_module(f"benchmarks.{name}")
    if picture and not hasattr(benchmark, "picture"):
        raise CourseError(
            f"The benchmark {name} has no picture; leave --picture out.",
            f"基准测试 {name} 没有配图，请去掉 --picture。",
        )
    parts = getattr(benchmark, "PARTS", ())
    if unknown := [each for each in part or () if each not in parts]:
        raise CourseError(
            f"The benchmark {name} has no part {unknown[0]!r}; there are: {', '.join(parts) or 'none'}.",
            f"基准测试 {name} 没有 {unknown[0]!r} 这一部分；现有：{'、'.join(parts) or '无'}。",
        )
    joins = hasattr(benchmark, "joined")
    if keep and (quick or (part and not joins)):
        raise CourseError(
            "What is kept is a whole measurement: leave out --keep, or --quick and --part.",
            "保存的应是完整的测量：请去掉 --keep，或者去掉 --quick 和 --part。",
        )
    keeping = import_module("benchmarks._keeping") if keep else None
    before = keeping.kept(name) if keeping and part else None
    how: dict[str, Any] = {"parts": part} if part else {}
    if keeping and "save" in signature(benchmark.run).parameters:
        how["save"] = partial(keeping.keep_partly, name)
    result = benchmark.run(quick=quick, **how)
    if keeping:
        keeping.keep(name, benchmark.joined(before, result) if before else result)
    if picture:
        benchmark.picture(result, picture)
    print(json.dumps(result, indent=1) if as_json else benchmark.table(result))
    misses = benchmark.misses(result) if check else []
    for miss in misses:
        print(miss, file=sys.stderr)
    raise typer.Exit(1 if misses else 0)


@app.command(
    help=both(
        "Serve a model on this machine, with a page to try it: a file of export_onnx or save_model.",
        "在本机提供模型服务，附一个试用网页；模型文件由 export_onnx 或 save_model 写出。",
    )
)
def serve(
    model: Annotated[
        Path, typer.Argument(help=both("*.onnx, *.safetensors", "*.onnx、*.safetensors"))
    ],
    port: Annotated[
        int,
        typer.Option(min=1, max=65535, help=both("first port to try", "首选端口，被占用则顺延")),
    ] = 8000,
    most: Annotated[
        int,
        typer.Option(
            min=1, max=1024, help=both("pictures a request, at most", "每次请求最多多少张图片")
        ),
    ] = 64,
) -> None:
    from course_lib.lab import free_port
    from course_lib.serving.models import load_service
    from course_lib.serving.service import serve as run

    run(load_service(model, most=most), free_port(port))


@app.command(
    help=both(
        "Make requirements.lock from pyproject.toml.", "由 pyproject.toml 生成 requirements.lock。"
    )
)
def lock(
    upgrade: Annotated[
        bool, typer.Option(help=both("take the newest versions", "采用最新版本"))
    ] = False,
) -> None:
    from course_lib.locking import write_lock
    from course_lib.paths import repository_root

    print(write_lock(repository_root(), upgrade=upgrade))


def _say_now(line: str) -> None:
    """Print a line that is not held back where the output is a file or a pipe."""
    print(line, flush=True)


def with_groups(arguments: Sequence[str]) -> typer.Typer:
    """Give the command line; what a group of commands needs is imported only where it is asked for."""
    asked = arguments[0] if arguments else None
    teach = data = project = _closed_group()
    if asked == "teach":
        from course_lib.grading.commands.teach import teach
    elif asked == "data":
        from course_lib.data.commands import data
    elif asked == "project":
        from course_lib.projects.commands import project
    app.add_typer(
        data,
        name="data",
        help=both(
            "Real data, word vectors, weights: list, fetch, verify, where, import.",
            "真实数据、词向量与权重：列出、下载、校验、定位、导入。",
        ),
    )
    app.add_typer(
        project,
        name="project",
        help=both("Data of your own: begin, and check.", "自己的数据：建立与检查。"),
    )
    app.add_typer(
        teach,
        name="teach",
        help=both(
            "For instructors: release, collect, grade, return, export.",
            "教师用：发布、收取、评分、反馈、导出。",
        ),
    )
    return app


def _closed_group() -> typer.Typer:
    group = typer.Typer()
    group.command("init")(lambda: None)  # a group without a command is not shown
    return group


def main() -> None:
    """Run the command line on this process's arguments."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        sys.exit(usage.run(with_groups(sys.argv[1:])))
    except CourseError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
