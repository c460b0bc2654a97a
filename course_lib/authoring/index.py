"""The index of all notebooks: ``notebooks/README.md`` for people, ``course_lib/chapters.json`` for ``home()``."""

from __future__ import annotations

import json
from pathlib import Path

from course_lib.authoring.sources import Source

PATH = Path("notebooks/README.md")
CHAPTERS = Path("course_lib/chapters.json")
_FRAMEWORKS = {"pytorch": "PyTorch", "keras": "Keras"}


def make_index(sources: list[Source]) -> str:
    """Write the index page: one row for each chapter, with a link to each edition."""
    lines = [
        "# Notebooks · 课程笔记本",
        "",
        "Made by `./course build` from `solutions/source/`: edit there, not here. "
        "Open them with `./course lab`.",
        "",
        "本目录由 `./course build` 从 `solutions/source/` 生成，请不要在这里修改。用 `./course lab` 打开。",
        "",
        "| | Chapter | 章节 | min · 分钟 | English | 中文 |",
        "|---|---|---|---|---|---|",
        *(_row(source) for source in sources),
        "",
        "**Bold** chapters are the core; the others are electives that need only the core. "
        "B1, B2 … are bridges: one page each, for whoever misses something.",
        "",
        "**粗体**为核心章节，其余为选修，只要求学过核心章节。B1、B2……是一页补课，缺什么补什么。",
        "",
    ]
    return "\n".join(lines)


def make_chapter_list(sources: list[Source]) -> str:
    """Write the chapters' names, titles and times as JSON."""
    rows = [
        {
            "chapter": source.chapter,
            "name": source.name,
            "title": dict(source.title),
            "minutes": source.minutes,
            "core": source.core,
        }
        for source in sources
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def _row(source: Source) -> str:
    def name(language: str) -> str:
        title = source.title[language]
        return f"**{title}**" if source.core else title

    def links(language: str) -> str:
        return " · ".join(
            f"[{label}]({language}/{framework}/{source.name}.ipynb)"
            for framework, label in _FRAMEWORKS.items()
        )

    number = source.chapter.upper()
    cells = (number, name("en"), name("zh"), str(source.minutes), links("en"), links("zh"))
    return f"| {' | '.join(cells)} |"
