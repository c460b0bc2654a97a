"""The map from the documents to the course: every link arrives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from course_lib.authoring.tables import chapter_of, read_lessons, read_sections
from course_lib.book.documents import anchor
from tests.conftest import ROOT


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_place_is_linked_and_every_link_arrives(built: Path, language: str) -> None:
    page = (built / language / "documents.html").read_text(encoding="utf-8")
    linked = re.findall(r'href="(\w+\.html)#(at-[\w-]+)">([^<]+)<', page)
    assert all(words.strip() for _, _, words in linked)
    ids = {
        name: set(
            re.findall(r'id="([^"]+)"', (built / language / name).read_text(encoding="utf-8"))
        )
        for name in {name for name, _, _ in linked}
    }
    assert [(name, there) for name, there, _ in linked if there not in ids[name]] == []
    rows = read_sections(ROOT) + read_lessons(ROOT)
    wanted = {place for row in rows for place in row.places if not place.startswith("planned")}
    assert {there for _, there, _ in linked} == {anchor(place) for place in wanted}
    assert "01 · " in page and "· 01 " not in page


@pytest.mark.parametrize("name", ["choosing", "symptoms"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_charts_link_what_they_say(built: Path, language: str, name: str) -> None:
    page = (built / language / f"{name}.html").read_text(encoding="utf-8")
    linked = re.findall(r'href="(\w+\.html)#(at-[\w-]+)"', page)
    assert len(linked) > 30
    for name, there in linked:
        assert f'id="{there}"' in (built / language / name).read_text(encoding="utf-8")


def test_a_place_names_its_chapter() -> None:
    assert [chapter_of(place) for place in ("04.2", "04/big-head", "planned 17")] == [
        "04",
        "04",
        "17",
    ]
