"""``./course data``: real data sets: list them, fetch, check, find, or bring them from elsewhere."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import unquote, urlsplit

import typer

from course_lib.data import remote
from course_lib.data.catalogue import REAL, RealSet
from course_lib.downloads import RemoteFile, digest_of, is_whole, keep, megabytes
from course_lib.errors import CourseError
from course_lib.language import both, pick

data = typer.Typer(no_args_is_help=True)

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
    for real in REAL.values():
        here = {"here": both("here", "已有"), "partly": both("partly here", "部分已有"), "": ""}
        size = megabytes(remote.size_of(real.files()))
        state = here[remote.state_of(real)]
        typer.echo(f"{real.name:15} {pick(real.about)} ({size}) {state}".rstrip())
        typer.echo(f"{'':15} {real.license}. {real.citation}")
        if real.note is not None:
            typer.echo(f"{'':15} {pick(real.note)}")


@data.command(help=both("Fetch data sets from the network.", "从网络下载数据集。"))
def fetch(names: Annotated[list[str], typer.Argument(help=both("data sets", "数据集"))]) -> None:
    for real in [remote.find(name) for name in names]:
        remote.fetch_set(real.name)
        typer.echo(both(f"{real.name}: here and whole", f"{real.name}：已就绪，完整无误"))


@data.command(help=both("Check fetched files against their checksums.", "核对已下载文件的校验和。"))
def verify(names: _Names = None) -> None:
    broken = []
    for real in _chosen(names):
        for file in real.files():
            if not (remote.folder() / file.name).exists():
                typer.echo(both(f"{file.name}: not here", f"{file.name}：本机没有"))
            elif is_whole(file, remote.folder(), read_again=True):
                by = both("as published", "与公开发布的一致") if file.checksum else None
                by = by or both(
                    "as on the first day (nobody publishes a checksum)",
                    "与首次下载时一致（没有公开的校验和）",
                )
                typer.echo(f"{file.name}: {by}")
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
    typer.echo(remote.folder())
    for real in _chosen(names) if names else []:
        for file in real.files():
            path = remote.folder() / file.name
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
    taken = 0
    for each in found:
        for file in _files_called(each.name):
            if len(_files_called(each.name)) == 1 or _fits(file, each):
                keep(file, each, remote.folder())
                typer.echo(
                    both(f"{each.name}: taken as {file.name}", f"{each.name}：已导入为 {file.name}")
                )
                taken += 1
    if not taken:
        names = ", ".join(_published_name(file) for file in _all_files())
        raise CourseError(
            f"Nothing in {path} is a file that the course knows: {names}.",
            f"{path} 中没有课程认识的文件：{names}。",
        )


def _all_files() -> list[RemoteFile]:
    return list(dict.fromkeys(file for real in REAL.values() for file in real.files()))


def _published_name(file: RemoteFile) -> str:
    """Give a file's name where it is published; in the cache it may bear its set's name in front."""
    return unquote(PurePosixPath(urlsplit(file.urls[0]).path).name)


def _files_called(name: str) -> list[RemoteFile]:
    return [file for file in _all_files() if name in (file.name, _published_name(file))]


def _fits(file: RemoteFile, path: Path) -> bool:
    """Tell files of the same name apart (MNIST's and Fashion-MNIST's) by their checksums."""
    return file.checksum is not None and digest_of(path, file.checksum) == file.checksum


def _chosen(names: list[str] | None) -> list[RealSet]:
    if names:
        return [remote.find(name) for name in names]
    return [real for real in REAL.values() if remote.state_of(real)]
