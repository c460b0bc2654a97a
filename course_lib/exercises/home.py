"""A student's first page: the chapters, how far each has come, the points so far, and what is next.

``./course lab`` writes it into ``home.ipynb`` beside the notebooks; its one cell shows it anew.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib import edition
from course_lib import language as languages
from course_lib.exercises import public
from course_lib.exercises.journal import Standing, standings
from course_lib.language import Text, both, pick

CHAPTERS = Path(__file__).resolve().parent.parent / "chapters.json"
_CELL = "padding:4px 14px 4px 0;text-align:left;vertical-align:top"
# On a narrow page the title has room first, and the blocks go on in a second line.
_NAME, _SHORT, _BLOCKS = (
    "min-width:8em",
    "white-space:nowrap",
    "min-width:4.5em;overflow-wrap:anywhere",
)


@dataclass(frozen=True)
class Row:
    """One chapter, and how far it has come.

    Attributes:
        name: Its notebook without the ending, such as ``"04_feature_extraction"``.
        right: Checked exercises that are right, of ``checked``.
        following: The first checked exercise that is not right yet; ``""``: none.
    """

    name: str
    title: str
    minutes: int
    core: bool
    right: int
    checked: int
    earned: float
    possible: float
    following: str = ""


@dataclass(frozen=True)
class Home:
    """The page: in a notebook a table with links, elsewhere text."""

    rows: Sequence[Row]

    @property
    def heading(self) -> str:
        earned = sum(row.earned for row in self.rows)
        possible = sum(row.possible for row in self.rows)
        return both(
            f"{earned:g} of {possible:g} points so far in the checked exercises.",
            f"自动检查的练习共 {possible:g} 分，目前得到 {earned:g} 分。",
        )

    @property
    def following(self) -> Row | None:
        """The chapter to go on with: the first that has something left, core ones before the others."""
        left = [row for row in self.rows if row.following]
        begun = [row for row in left if row.right]
        core = [row for row in left if row.core]
        return next(iter([*begun, *core, *left]), None)

    def _repr_html_(self) -> str:
        header = [
            both("chapter", "章节"),
            both("time", "用时"),
            both("exercises", "练习"),
            both("points", "得分"),
        ]
        head = "".join(f'<th scope="col" style="{_CELL}">{each}</th>' for each in header)
        body = "".join(map(_row_html, self.rows))
        return (
            f'<div lang="{both("en", "zh")}" style="max-width:56em;line-height:1.5">'
            f'<p style="font-weight:600;margin:.3em 0">{self.heading}</p>'
            f'<p style="margin:.3em 0">{self._next_step(linked=True)}</p>'
            '<div style="overflow-x:auto"><table style="border-collapse:collapse">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></div>"
        )

    def __repr__(self) -> str:
        lines = [self.heading, self._next_step(linked=False)]
        for row in self.rows:
            done = f"{row.right}/{row.checked}" if row.checked else "–"
            lines.append(f"{done:>6}  {row.earned:g}/{row.possible:g}  {row.title}")
        return "\n".join(lines)

    def _next_step(self, *, linked: bool) -> str:
        row = self.following
        if row is None:
            return both("Everything that is checked is right.", "自动检查的练习都已做对。")
        title = _link(row) if linked else row.title
        return both(
            f"Next: exercise {row.following} in {title}",
            f"下一步：练习 {row.following}，在 {title}",
        )


def home(*, language: str, framework: str, folder: Path | None = None) -> Home:
    """Show the chapters of an edition with the student's progress.

    Args:
        language: ``"en"`` or ``"zh"``.
        framework: ``"pytorch"`` or ``"keras"``; progress is kept for each.
        folder: Where its notebooks lie; ``None``: here.
    """
    languages.use(language)
    edition.set_current(edition.Edition("", language, framework))
    here = Path.cwd() if folder is None else folder
    done = standings()
    return Home(
        [_row(each, done) for each in _chapters() if (here / f"{each['name']}.ipynb").exists()]
    )


def _chapters() -> list[dict]:
    try:
        return list(json.loads(CHAPTERS.read_text(encoding="utf-8")))
    except OSError:
        return []


def _row(chapter: dict, done: dict[str, Standing]) -> Row:
    checked = [each for each in public.load_chapter(chapter["chapter"]) if not each.is_manual]
    right = [each for each in checked if done.get(each.id, Standing()).state == "correct"]
    words: Text = chapter["title"]
    is_bridge = chapter["chapter"].startswith("b")  # its title says which one it is
    return Row(
        name=chapter["name"],
        title=pick(words) if is_bridge else f"{chapter['chapter']} {pick(words)}",
        minutes=chapter["minutes"],
        core=chapter["core"],
        right=len(right),
        checked=len(checked),
        earned=sum(each.points for each in right),
        possible=sum(each.points for each in checked),
        following=next((each.id for each in checked if each not in right), ""),
    )


def _row_html(row: Row) -> str:
    minutes = both(f"{row.minutes} min", f"{row.minutes} 分钟")
    # Blocks say it at a glance, the numbers beside them exactly.
    blocks = "▰" * row.right + "▱" * (row.checked - row.right)
    done = f"{blocks} {row.right}/{row.checked}" if row.checked else "–"
    points = f"{row.earned:g}/{row.possible:g}" if row.checked else "–"
    link = f"<strong>{_link(row)}</strong>" if row.core else _link(row)
    shown = ((minutes, _SHORT), (done, _BLOCKS), (points, _SHORT))
    cells = "".join(f'<td style="{_CELL};{style}">{each}</td>' for each, style in shown)
    return f'<tr><th scope="row" style="{_CELL};{_NAME};font-weight:400">{link}</th>{cells}</tr>'


def _link(row: Row) -> str:
    return f'<a href="{row.name}.ipynb">{html.escape(row.title)}</a>'
