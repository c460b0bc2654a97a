"""``./course data``: real data, vectors and weights: list them, fetch, check, find, bring them from elsewhere."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import unquote, urlsplit

import typer

from course_lib.data import remote
from course_lib.data.catalogue import REAL, RealSet
from course_lib.downloads import RemoteFile, fits, is_whole, keep
from course_lib.downloads import forget as forget_file
from course_lib.errors import CourseError
from course_lib.language import both, pick

data = typer.Typer(no_args_is_help=True)

_WIDTH = 20  # of the column of names

_Names = Annotated[
    list[str] | None,
    typer.Argument(
        help=both("data sets; none: all that are here", "数据集；不写则为本机已有的全部")
    ),
]


@data.command(
    "list", help=both("What there is, under which terms.", "有哪些数据集，以及各自的许可。")
)
def list_sets() -> None:
    here = {
        "here": both("here", "本机已有"),
        "partly": both("partly here", "本机有一部分"),
        "": both("not here", "本机没有"),
    }
    for real in REAL.values():
        size, state = remote.size_of(real.files()), here[remote.state_of(real)]
        typer.echo(f"{real.name:{_WIDTH}} {pick(real.about)}")
        facts = [size, state, remote.sum_state(real), remote.places(real)]
        typer.echo(f"{'':{_WIDTH}} {both('; ', '；').join(facts)}")
        typer.echo(
            both(
                f"{'':{_WIDTH}} Licence: {real.license}. {real.citation}.",
                f"{'':{_WIDTH}} 许可：{real.license}。{real.citation}。",
            )
        )
        if real.note is not None:
            typer.echo(f"{'':{_WIDTH}} {pick(real.note)}")


@data.command(help=both("Fetch data sets from the network.", "从网络下载数据集。"))
def fetch(
    names: Annotated[list[str], typer.Argument(help=both("data sets", "数据集"))],
    part: Annotated[
        str | None,
        typer.Option(help=both("only this part, such as test", "只下载这一部分，例如 test")),
    ] = None,
) -> None:
    for real in [remote.find(name) for name in names]:
        remote.fetch_set(real.name, part=part)
        typer.echo(both(f"{real.name}: here and whole", f"{real.name}：已就绪，完整无误"))


@data.command(
    help=both(
        "Forget the checksums recorded here, where a publisher has a new edition.",
        "发布方更新了数据时，清除本机记录的校验和。",
    )
)
def forget(names: Annotated[list[str], typer.Argument(help=both("data sets", "数据集"))]) -> None:
    for real in [remote.find(name) for name in names]:
        for file in real.files():
            forget_file(file, remote.folder(real.kind))
        typer.echo(
            both(f"{real.name}: recorded checksums forgotten", f"{real.name}：已清除记录的校验和")
        )


@data.command(help=both("Check fetched files against their checksums.", "核对已下载文件的校验和。"))
def verify(names: _Names = None) -> None:
    broken = []
    for real in _chosen(names):
        for file in real.files():
            place = remote.folder(real.kind)
            if not (place / file.name).exists():
                typer.echo(both(f"{file.name}: not here", f"{file.name}：本机没有"))
            elif is_whole(file, place, read_again=True):
                typer.echo(f"{file.name}: {_vouched(file)}")
            else:
                broken.append(file.name)
    if broken:
        listed = ", ".join(broken)
        raise CourseError(
            f"Damaged: {listed}. Fetch again; only what is damaged is fetched.",
            f"已损坏：{listed}。请重新下载，只会下载损坏的文件。",
        )


@data.command(help=both("Say in which folder the files lie.", "显示文件所在的目录。"))
def where(names: _Names = None) -> None:
    if not names:
        typer.echo(remote.folder())
        typer.echo(remote.folder("weights"))
    for real in _chosen(names) if names else []:
        for file in real.files():
            path = remote.folder(real.kind) / file.name
            typer.echo(
                path if path.exists() else both(f"{file.name}: not here", f"{file.name}：本机没有")
            )


@data.command(
    "import",
    help=both("Take files from a folder, such as a USB stick.", "从目录（例如 U 盘）导入文件。"),
)
def import_files(
    path: Annotated[Path, typer.Argument(help=both("a file, or a folder of files", "文件或目录"))],
) -> None:
    if not path.exists():
        raise CourseError(f"There is nothing at {path}.", f"{path} 不存在。")
    found = [each for each in sorted(path.rglob("*")) if each.is_file()] or [path]
    taken, refused = 0, []
    for each in found:
        try:
            taken += _taken(each)
        except CourseError as problem:  # the others on the stick may be good
            refused.append(problem)
    if refused:
        raise CourseError(
            " ".join(problem.en for problem in refused), "".join(problem.zh for problem in refused)
        )
    if not taken:
        names = sorted({_published_name(file) for file in _all_files()})
        raise CourseError(
            f"Nothing in {path} is a file that the course knows: {', '.join(names)}.",
            f"{path} 中没有课程认识的文件：{'、'.join(names)}。",
        )


def _taken(path: Path) -> int:
    """Take a file as each of those that it is by name; give how many those are.

    Raises:
        CourseError: It has the name of a file that the course knows, and other bytes.
    """
    called = _files_called(path.name)
    # MNIST's and Fashion-MNIST's files have the same names: there the checksum tells.
    meant = called if len(called) == 1 else [each for each in called if fits(each[0], path)]
    if called and not meant:
        names = [file.name for file, _ in called]
        raise CourseError(
            f"{path} is neither {' nor '.join(names)} as published (its checksum differs): copy it again.",
            f"{path} 与公开发布的 {'、'.join(names)} 都不一致（校验和不同）：请重新复制。",
        )
    for file, kind in meant:
        keep(file, path, remote.folder(kind))
        typer.echo(both(f"{path.name}: taken as {file.name}", f"{path.name}：已导入为 {file.name}"))
    return len(meant)


def _vouched(file: RemoteFile) -> str:
    if file.checksum:
        by = file.stated_by
        en, zh = (f" ({by})", f"（{by}）") if by else ("", "")
        return both(f"as published{en}", f"与公开发布的一致{zh}")
    return both(
        "as on the first day (unverified: nobody publishes a checksum)",
        "与首次下载时一致（未经核实：没有公开的校验和）",
    )


def _all_files() -> dict[RemoteFile, str]:
    """Give every file and the kind of what it belongs to."""
    return {file: real.kind for real in REAL.values() for file in real.files()}


def _published_name(file: RemoteFile) -> str:
    """Give a file's name where it is published; in the cache it may bear its set's name in front."""
    published = unquote(PurePosixPath(urlsplit(file.urls[0]).path).name)
    return published if "." in published else file.name


def _files_called(name: str) -> list[tuple[RemoteFile, str]]:
    return [
        (file, kind)
        for file, kind in _all_files().items()
        if name in (file.name, _published_name(file))
    ]


def _chosen(names: list[str] | None) -> list[RealSet]:
    if names:
        return [remote.find(name) for name in names]
    return [real for real in REAL.values() if remote.state_of(real)]
