"""The index of methods, and its Chinese sentences."""

from __future__ import annotations

import nbformat

from course_lib import language
from course_lib.authoring.sources import source_paths
from course_lib.book.methods import described, methods_page, read_translations, untranslated
from course_lib.paths import repository_root

ROOT = repository_root()


def notebooks(*chapters: str) -> list[tuple[str, nbformat.NotebookNode]]:
    folder = ROOT / "notebooks" / "en" / "pytorch"
    paths = source_paths(ROOT, list(chapters) or None)
    return [
        (path.stem, nbformat.read(folder / f"{path.stem}.ipynb", as_version=4)) for path in paths
    ]


def test_each_method_has_a_chinese_sentence_of_its_present_docstring() -> None:
    every = notebooks()
    table = read_translations(ROOT)
    assert untranslated(every, table) == []
    assert set(table) == {name for name, _, _ in described(every)}


def test_a_docstring_that_moved_on_is_listed() -> None:
    some = notebooks("b1")
    name = described(some)[0][0]
    table = {**read_translations(ROOT), name: ("00000000", "旧的一句。")}
    assert [row.split(":")[0] for row in untranslated(some, table)] == [name]


def test_the_page_is_in_the_language_in_use() -> None:
    some, table = notebooks("b1"), read_translations(ROOT)
    language.use("zh")
    page = methods_page(some, table)
    assert "| 名称 | 作用 | 章节 |" in page
    for name, english, _ in described(some):
        assert f"| `{name}` | {table[name][1]} |" in page and english not in page
