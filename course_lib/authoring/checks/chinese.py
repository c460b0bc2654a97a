"""Each cell speaks its own language, and Chinese is set as Chinese books set it.

Only rules that are nearly always right: what is reported should be changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from course_lib.authoring.checks import Chapter
from course_lib.authoring.checks.markdown import (
    formulas_in_paragraphs,
    mask_code,
    unrendered_emphasis,
)
from course_lib.authoring.localise import LANGUAGE_LINE, join_chinese_lines
from course_lib.authoring.problems import Problem
from course_lib.fonts.subset import strings_in

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
_FULL_WIDTH = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！"}

_SLIPS = (
    (
        rf"[{_HAN}]([,;:?!])(?![/\w])|[{_HAN}][*_]+([,;:?!])(?=[\s{_HAN}]|$)",
        "half-width {0!r}: use {1!r}",
    ),
    (rf"([,;:?!]) ?[{_HAN}]", "half-width {0!r} before Chinese: use {1!r}"),
    (rf"[{_HAN}][*_]*\.(?=\s|$)", "half-width full stop after Chinese: use '。'"),
    (
        rf"\([^()\n]*[{_HAN}][^()\n]*\)|[{_HAN}]\(|\)[{_HAN}]",
        "half-width brackets in Chinese: use （）",
    ),
    (rf"\"[^\"\n]*[{_HAN}][^\"\n]*\"", "straight quotation marks around Chinese: use “”"),
    (rf"[{_HAN}]\.\.\.|。。", "an ellipsis in Chinese is ……"),
    (rf"[{_HAN}]—(?!—)[{_HAN}]|[{_HAN}]--+[{_HAN}]", "a dash in Chinese is ——"),
    (rf"[{_HAN}] +[{_HAN}]", "a space between two Chinese characters"),
    (r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]", "full-width digit or letter"),
)
_RULES = tuple((re.compile(pattern, re.MULTILINE), message) for pattern, message in _SLIPS)


def own_language(chapter: Chapter) -> Iterator[Problem]:
    """An English cell holds no Chinese prose; a Chinese cell holds some Chinese."""
    for cell in chapter.source.prose:
        prose = mask_code(cell.text)
        if cell.language == "zh" and not re.search(f"[{_HAN}]", prose):
            yield chapter.problem(
                cell.line, f"cell {cell.id!r} is not translated: no Chinese in it"
            )
        if cell.language == "en":
            for offset, line in enumerate(prose.split("\n")):
                if re.search(rf"[{_HAN}，。；：]{{8,}}", line):
                    message = f"cell {cell.id!r}: a line of Chinese in an English cell"
                    yield chapter.problem(cell.text_line + offset, message)


def typography(chapter: Chapter) -> Iterator[Problem]:
    """Chinese prose, comments, captions and messages use Chinese punctuation."""
    for line, text in _chinese_texts(chapter):
        for offset, message in slips_in(text):
            yield chapter.problem(line + offset, message)
    path = chapter.root / chapter.specification_path
    if path.exists():
        for line, text in strings_in(path):
            for offset, message in slips_in(text):
                yield Problem(chapter.specification_path, line + offset, message)


def visible_emphasis(chapter: Chapter) -> Iterator[Problem]:
    """Bold is rendered: Markdown does not see ``**词：**字``, where punctuation stands inside."""
    for cell in chapter.source.prose:
        # As the edition will have it: joined lines decide what stands next to the marks.
        joined = join_chinese_lines(cell.text) if cell.language == "zh" else cell.text
        for offset in unrendered_emphasis(joined):
            words = joined.split("\n")[offset].strip()[:30]
            line = cell.text_line + _line_holding(words, cell.text)
            message = (
                f"cell {cell.id!r}: ** is not rendered here: put punctuation outside ({words})"
            )
            yield chapter.problem(line, message)


def slips_in(text: str) -> Iterator[tuple[int, str]]:
    """Give what is set wrongly in a Chinese text: the line in it, from 0, and what to do."""
    prose = mask_code(text)
    for pattern, message in _RULES:
        for match in pattern.finditer(prose):
            mark = next((group for group in match.groups() if group), "")
            shown = text[match.start() : match.end()].strip()[:30]
            said = message.format(mark, _FULL_WIDTH.get(mark, ""))
            yield prose.count("\n", 0, match.start()), f"Chinese typography: {said} ({shown})"


def formulas_stand_alone(chapter: Chapter) -> Iterator[Problem]:
    """A displayed formula is a paragraph of its own."""
    for cell in chapter.source.prose:
        for offset in formulas_in_paragraphs(cell.text):
            message = f"cell {cell.id!r}: an empty line is missing before the displayed formula"
            yield chapter.problem(cell.text_line + offset, message)


def _chinese_texts(chapter: Chapter) -> Iterator[tuple[int, str]]:
    """Give the chapter's Chinese texts, each with its first line."""
    source = chapter.source
    for text in (source.title, source.prerequisites, *(goal.text for goal in source.objectives)):
        yield _line_holding(text["zh"].strip(), source.text) + 1, text["zh"].strip()
    for cell in source.prose:
        if cell.language == "zh":
            yield cell.text_line, cell.text
    for code in source.code:
        if code.alt:
            words = code.alt["zh"].strip()
            cell_text = "\n".join(source.text.split("\n")[code.line :])
            yield code.line + 1 + _line_holding(words, cell_text), words
        for offset, line in enumerate(code.source.split("\n")):
            match = LANGUAGE_LINE.match(line)
            if match and match[2] == "zh":
                yield code.source_line + offset, match[3]


def _line_holding(words: str, text: str) -> int:
    """Give the line, from 0, where these words begin; 0 when they are broken over lines."""
    start = text.find(words.split("\n")[0])
    return text.count("\n", 0, start) if start >= 0 else 0
