"""What the one run for both languages shows is what each language's own run shows, cell for cell.

Some cells show times, which no two runs share: what English shows in two runs decides whether a
cell's Chinese has to be the same to the last pixel, or but for its numbers.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Sequence

import pytest
from nbformat import NotebookNode
from nbval.plugin import coalesce_streams

from course_lib.authoring import executed
from course_lib.authoring.sources import source_paths
from course_lib.edition import FRAMEWORKS
from course_lib.language import LANGUAGES
from course_lib.paths import repository_root

ROOT = repository_root()
QUICK = ["b1", "b4"]
_PICTURE = re.compile(r"base64,([^\"]+)")
_NUMBER = re.compile(r"\b[0-9a-f]{12}\b|-?\d+([.,]\d+)*| +")  # or a digest, or spaces before it


def shown(notebook: NotebookNode) -> dict[str, list[str]]:
    """Give what each code cell showed: printed text, and each form of what it displayed."""
    return {
        cell.id: [
            text
            for output in coalesce_streams(cell.outputs)
            for text in (output.get("data") or {"stream": output.get("text", "")}).values()
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


def without_numbers(texts: Sequence[str]) -> list[str]:
    """Put # for every number, and its size for every picture."""

    def size(found: re.Match[str]) -> str:
        width, height = struct.unpack(">II", base64.b64decode(found[1])[16:24])
        return f"picture {width // 100} {height // 100}"

    return [_NUMBER.sub("#", _PICTURE.sub(size, text)) for text in texts]


def both_ways(chapter: str, framework: str) -> None:
    once, alone = (
        {
            each: shown(executed(ROOT, chapter, framework, language=each, alone=alone).notebook)
            for each in LANGUAGES
        }
        for alone in (False, True)
    )
    steady = [name for name in once["en"] if once["en"][name] == alone["en"][name]]
    assert len(steady) > 0.8 * len(once["en"])
    assert {name: once["zh"][name] for name in steady} == {
        name: alone["zh"][name] for name in steady
    }
    for each in LANGUAGES:
        for name, texts in once[each].items():
            assert without_numbers(texts) == without_numbers(alone[each][name]), name


@pytest.mark.parametrize("chapter", QUICK)
def test_a_run_for_both_languages_shows_what_each_shows_alone(chapter: str) -> None:
    both_ways(chapter, "pytorch")


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("name", [path.stem for path in source_paths(ROOT)])
def test_every_chapter_shows_in_both_languages_what_it_shows_alone(
    name: str, framework: str
) -> None:
    both_ways(name[:2], framework)


def test_masked_numbers_leave_the_words() -> None:
    assert without_numbers(["12.5 s, 3 steps"]) == without_numbers(["9 s, 4 steps"])
    assert without_numbers(["12.5 s"]) != without_numbers(["12.5 秒"])
