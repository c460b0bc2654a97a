"""Course and book in one file, for places without a network."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

from course_lib.errors import CourseError

_NAME = "deep-transfer-learning"


def pack(root: Path, folder: Path) -> Path:
    """Write ``FOLDER/deep-transfer-learning.zip``: the course's files, and in ``pages`` the book's.

    Args:
        root: The repository, a git checkout: what git does not know (environments, students' work)
            stays out.
        folder: Where the book was made.

    Raises:
        CourseError: The course is not a git checkout.
    """
    course = [(root / name, name) for name in _known_to_git(root)]
    pages = folder / "html"
    book = [(path, f"pages/{path.relative_to(pages).as_posix()}") for path in pages.rglob("*")]
    target = folder / f"{_NAME}.zip"
    unfinished = target.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, name in sorted([*course, *book], key=lambda each: each[1]):
            if path.is_file():
                archive.write(path, f"{_NAME}/{name}")
    os.replace(unfinished, target)
    return target


def _known_to_git(root: Path) -> list[str]:
    command = ["git", "-C", str(root), "ls-files", "-z"]
    try:
        said = subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise CourseError(
            "An archive holds what git knows of the course, and this folder is no git checkout: "
            "make the book without --archive.",
            "归档里是 git 所知道的课程文件，而这个目录不是 git 检出的：请去掉 --archive 再制作本书。",
        ) from error
    return [name for name in said.decode().split("\0") if name]
