"""One language out of two: the code's language lines, the prose's line breaks, the opening cell."""

from __future__ import annotations

import re

from course_lib.authoring.sources import Source
from course_lib.authoring.timing import Seconds, in_fives

LANGUAGE_LINE = re.compile(r"^(\s*)# (en|zh): ?(.*)$")
FENCE = re.compile(r"\s*(`{3,}|~{3,}|\$\$)")

# Characters that belong to Chinese text: Han, and the punctuation set in full width.
WIDE = r"\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef“”‘’…—"
_ENDS_WIDE = re.compile(rf"[{WIDE}]\s*$")
_STARTS_WIDE = re.compile(rf"^[{WIDE}]")
_STARTS_BLOCK = re.compile(r"\s*(#|\||<|>?\s*$)")


def localise_code(code: str, language: str) -> str:
    """Keep this language's ``# en:`` / ``# zh:`` lines, without the marker, and drop the other's."""
    lines = []
    for line in code.split("\n"):
        match = LANGUAGE_LINE.match(line)
        if match is None:
            lines.append(line)
        elif match[2] == language:
            lines.append(f"{match[1]}# {match[3]}")
    return "\n".join(lines)


def set_edition(code: str, language: str, framework: str, offering: str | None = None) -> str:
    """Name the edition in the setup cell's ``language="…"`` and ``framework="…"``."""
    code = re.sub(r"language=([\"'])(?:en|zh)\1", f'language="{language}"', code)
    own = f', offering="{offering}"' if offering else ""
    return re.sub(r"framework=([\"'])(?:pytorch|keras)\1", f'framework="{framework}"{own}', code)


def join_chinese_lines(text: str) -> str:
    """Undo line breaks between Chinese characters: Markdown would show each of them as a space."""
    joined: list[str] = []
    fenced = False
    for line in text.split("\n"):
        if not fenced and joined and _continues(joined[-1], line):
            joined[-1] = joined[-1].rstrip() + line
        else:
            joined.append(line)
        if FENCE.match(line) and line.strip().count("$$") != 2:
            fenced = not fenced
    return "\n".join(joined)


def _continues(before: str, line: str) -> bool:
    wide = _ENDS_WIDE.search(before) and _STARTS_WIDE.match(line)
    # Two spaces at the end ask for a line break; headings, tables and HTML stand alone.
    return bool(wide) and not before.endswith("  ") and not _STARTS_BLOCK.match(before)


def render_opening(source: Source, language: str) -> str:
    """Write the first cell of an edition from the front matter."""
    say = {"en": 0, "zh": 1}[language]
    kind = _kind_of(source)[say]
    time = (f"about {source.minutes} minutes", f"约 {source.minutes} 分钟")[say]
    if source.minutes >= 5 * 60:  # a project
        hours = f"{source.minutes / 60:.0f}"
        time = (f"about {hours} hours, over some weeks", f"约 {hours} 学时，分几周完成")[say]
    page = source.is_bridge
    goals = (
        ("After this page you can" if page else "After this chapter you can"),
        ("读完这一页，你能够" if page else "学完本章，你能够"),
    )[say]
    colon = (": ", "：")[say]
    lines = [
        f"# {source.title[language]}" if page else f"# {source.chapter} {source.title[language]}",
        "",
        f"**{kind}** · **{('Time', '用时')[say]}**{colon}{time}{'' if page else _render_run(source.seconds, say)}",
        "",
        f"**{('You need', '预备知识')[say]}**{colon}{source.prerequisites[language].strip()}",
        "",
        f"**{goals}**",
        "",
        *(f"- **{goal.id}** {goal.text[language].strip()}" for goal in source.objectives),
    ]
    return "\n".join(lines)


def _render_run(seconds: Seconds, say: int) -> str:
    """Say what a run of the whole chapter takes, as ``./course bench chapters --keep`` measured it."""
    names = {"pytorch": "PyTorch", "keras": "Keras"}
    each = [(name, in_fives(seconds[key])) for key, name in names.items() if key in seconds]
    in_english = ", ".join(f"about {count} s in {name}" for name, count in each)
    in_chinese = "，".join(f"{name} 约 {count} 秒" for name, count in each)
    return (
        f" · **Run as a whole**: {in_english}{', ' if each else ''}on two processor cores, "
        "less than 1.5 GB of memory",
        f" · **整章运行**：两个处理器核，{in_chinese}{'，' if each else ''}内存不到 1.5 GB",
    )[say]


def _kind_of(source: Source) -> tuple[str, str]:
    if source.is_bridge:
        return "Bridge, one page", "一页补课"
    return ("Core chapter", "核心章节") if source.core else ("Elective chapter", "选修章节")
