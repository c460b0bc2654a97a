"""``./course project``: begin with data of one's own, and check it. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from course_lib.language import both
from course_lib.projects.checking import LEAST, check_data
from course_lib.projects.template import make_template

project = typer.Typer(no_args_is_help=True)


@project.command(
    help=both("Make a folder for your own data to begin with.", "为自己的数据建一个起始文件夹。")
)
def new(
    path: Annotated[Path, typer.Argument(help=both("the folder to make", "要建的文件夹"))],
    kind: Annotated[
        str, typer.Option(help=both("pictures or texts", "pictures（图片）或 texts（文本）"))
    ] = "pictures",
    name: Annotated[
        list[str] | None,
        typer.Option("--class", help=both("a class; may be repeated", "一个类别；可重复给出")),
    ] = None,
) -> None:
    made = make_template(path, kind=kind, **({"classes": name} if name else {}))
    where = made if kind == "pictures" else made / "data.csv"
    typer.echo(
        both(
            f"{made} is ready. Fill it, then:  ./course project check {where}",
            f"{made} 已建好。放入数据后运行：./course project check {where}",
        )
    )


@project.command(
    help=both(
        "Check a folder of pictures or a table of texts.", "检查一个图片文件夹或一张文本表格。"
    )
)
def check(
    path: Annotated[Path, typer.Argument(help=both("a folder, or a .csv", "文件夹或 .csv 文件"))],
    least: Annotated[
        int, typer.Option(help=both("fewest examples of a class", "每类至少多少个样本"))
    ] = LEAST,
) -> None:
    faults = check_data(path, least=least)
    for fault in faults:
        typer.echo(f"- {fault}")
    if faults:
        raise typer.Exit(1)
    typer.echo(both("All is well.", "一切正常。"))
