"""What the course knows by name and fetches when asked: real data sets, word vectors, published weights.

``catalogue.toml`` beside this file says where each is, under which licence and with which checksum;
``readers.py`` says how its files are read. This file makes objects of the two.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.data.formats import Arrays
from course_lib.data.readers import READERS, Files, Reader
from course_lib.downloads import RemoteFile
from course_lib.errors import CourseError
from course_lib.language import Text

TABLE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True)
class RealSet:
    """Something that is published, and the files that it consists of.

    Attributes:
        name: As :func:`course_lib.data.load` and ``./course data`` know it.
        about: What it is, in a line.
        parts: The parts that it is published in and the files of each.
        classes: What the labels mean.
        license: Its terms, in the publisher's words.
        citation: Whom to cite.
        stands_in: The embedded domain that serves without a network, or nothing.
        size: The pictures' own side in pixels; ``None`` for texts, or where it differs.
        note: What to know before using it.
        kind: ``"data"``, ``"vectors"`` or ``"weights"``.
        reader: Makes arrays of a part's files; ``None`` for what is no labelled data.
    """

    name: str
    about: Text
    parts: Mapping[str, tuple[RemoteFile, ...]]
    classes: tuple[str, ...]
    license: str
    citation: str
    stands_in: str = ""
    size: int | None = None
    note: Text | None = None
    kind: str = "data"
    reader: Reader | None = None

    def files(self) -> tuple[RemoteFile, ...]:
        """Give all its files, each once."""
        return tuple(dict.fromkeys(file for files in self.parts.values() for file in files))

    def read(self, files: Files, part: str, size: int) -> Arrays:
        """Give x and y of a part.

        Args:
            files: Where each file lies, by its name.
            part: One of ``parts``.
            size: Side of the pictures that come out, where they have no own size.

        Raises:
            CourseError: A file is damaged, or this is no labelled data.
        """
        if self.reader is None:
            note = self.note or {"en": "It is read elsewhere.", "zh": "由别处读取。"}
            raise CourseError(f"{self.name}: {note['en']}", f"{self.name}：{note['zh']}")
        return self.reader(files, part, self.size or size, self.classes)


def read_table(path: Path) -> dict[str, RealSet]:
    """Read a table such as ``catalogue.toml``."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: _entry(name, row) for name, row in table.items()}


def _entry(name: str, row: dict[str, Any]) -> RealSet:
    files = {each["name"]: _file(each) for each in row.pop("files")}
    parts = {part: tuple(files[each] for each in names) for part, names in row.pop("parts").items()}
    classes = tuple(row.pop("classes", ()))
    return RealSet(name=name, parts=parts, classes=classes, reader=READERS.get(name), **row)


def _file(row: dict[str, Any]) -> RemoteFile:
    return RemoteFile(
        row["name"],
        tuple(row["urls"]),
        row.get("checksum"),
        row.get("bytes"),
        row.get("stated_by", ""),
        row.get("about_bytes"),
    )


REAL = read_table(TABLE)
