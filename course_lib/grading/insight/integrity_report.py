"""The page of ``teach integrity``: side by side, for a person; its first line says what it is not."""

from __future__ import annotations

import html
from collections.abc import Mapping

from course_lib.grading.insight.integrity import OWN, Edit, Findings, Match, Pair, tokens_of
from course_lib.grading.people.roster import Student
from course_lib.language import both, current

_LINES = 60  # of one excerpt
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 1rem auto; padding: 0 1rem;
  color: #111; background: #fff; }
.hint { border: 3px solid #8a5a00; padding: .6rem 1rem; font-weight: 700; }
.side { display: grid; grid-template-columns: 1fr 1fr; gap: .6rem; }
.side > div { min-width: 0; }
pre { overflow-x: auto; border: 1px solid #999; padding: .4rem; font-size: 13px;
  white-space: pre-wrap; overflow-wrap: anywhere; }
mark { background: #fff3bf; color: #111; border-left: 3px solid #8a5a00; padding-left: .2rem; }
@media (max-width: 50rem) { .side { grid-template-columns: 1fr; } }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #eee; } .hint { border-color: #e0b34d; } }
"""


def write_page(findings: Findings, listed: Mapping[str, Student]) -> str:
    """Write the report as one HTML page, in the current language."""
    hint = both(
        "These are hints for a person to look at, and never a verdict: two students may write the same by "
        "themselves, have learned it together, or have it from the same page.",
        "以下只是供教师查看的线索，绝不是结论：两名学生可能各自写出同样的代码，可能一起学过，"
        "也可能参考了同一页资料。",
    )
    title = both(f"Chapter {findings.chapter}: similarities", f"第 {findings.chapter} 章：相似之处")
    parts = [
        f'<p class="hint">{_plain(hint)}</p>',
        f"<h1>{_plain(title)}</h1>",
        f"<p>{_plain(_how(findings))}</p>",
    ]
    names = {student: f"{student} {who.shown}".strip() for student, who in listed.items()}
    parts += [_pair(pair, names) for pair in findings.pairs]
    if not findings.pairs:
        parts.append(f"<p>{_plain(both('No such pair.', '没有这样的两份提交。'))}</p>")
    if findings.left_off:
        more = both(
            f"{findings.left_off} more pairs have less in common and are left off.",
            f"另有 {findings.left_off} 对相似较少，未列出。",
        )
        parts.append(f"<p>{_plain(more)}</p>")
    parts.append(_edits(findings.edits, names))
    if findings.unread:
        who = ", ".join(names.get(each, each) for each in findings.unread)
        parts.append(f"<p>{_plain(both(f'Not read: {who}.', f'未能读取：{who}。'))}</p>")
    lang = {"en": "en", "zh": "zh-CN"}[current()]
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{_plain(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _how(findings: Findings) -> str:
    return both(
        f"{findings.students} submissions. What was handed out is taken out, chosen names count as equal; "
        "short answers, and answers that many give, are left out. Marked lines stand in both. The order is "
        "by how much there is in common. Ask the students before you think anything.",
        f"共 {findings.students} 份提交。已去掉下发的内容，自取的变量名视为相同；"
        "过短的作答和许多人都有的作答不计。标出的行两份都有。按相同内容的多少排序。先问学生，再下判断。",
    )


def _pair(pair: Pair, names: Mapping[str, str]) -> str:
    one, other = (names.get(student, student) for student in pair.students)
    parts = [f"<h2>{_plain(one)} · {_plain(other)}</h2>"]
    parts += [_match(match, (one, other)) for match in pair.matches]
    for output in pair.outputs:
        said = both(
            "Shown in these two (at most three) notebooks only:",
            "只在这两份（至多三份）里出现的输出：",
        )
        parts.append(f"<p>{_plain(said)}</p><pre>{_plain(_short(output))}</pre>")
    return "\n".join(parts)


def _match(match: Match, who: tuple[str, str]) -> str:
    place = both("cells of their own", "自己添加的单元格") if match.place == OWN else match.place
    said = both(f"{place}: {match.share:.0%} in common", f"{place}：相同部分 {match.share:.0%}")
    if match.like_published:
        said += both(
            " (and both like the published solution, which is public)",
            "（两份都与公开的参考答案相近）",
        )
    lines = [set(map(_line_key, text.splitlines())) for text in match.texts]
    sides = [
        f"<div><b>{_plain(name)}</b><pre>{_marked(text, other)}</pre></div>"
        for name, text, other in zip(who, match.texts, reversed(lines), strict=True)
    ]
    return f'<h3>{_plain(said)}</h3><div class="side">{"".join(sides)}</div>'


def _marked(text: str, other: set[str]) -> str:
    shown = []
    for line in _short(text).splitlines():
        same = len(_line_key(line)) > 3 and _line_key(line) in other
        shown.append(f"<mark>{_plain(line)}</mark>" if same else _plain(line))
    return "\n".join(shown)


def _line_key(line: str) -> str:
    return " ".join(tokens_of(line)) or line.strip()


def _edits(edits: tuple[Edit, ...], names: Mapping[str, str]) -> str:
    heading = both("Locked cells that were changed", "被改动的锁定单元格")
    note = both(
        "Grading puts them back, so nothing was gained; some editors lock nothing, and a slip is likely.",
        "评分时已恢复原样，改动不起作用；有些编辑器并不锁定单元格，多半只是误改。",
    )
    parts = [f"<h2>{_plain(heading)}</h2>"]
    parts.append(f"<p>{_plain(note)}</p>" if edits else f"<p>{_plain(both('None.', '没有。'))}</p>")
    for edit in edits[:200]:
        parts.append(
            f"<h3>{_plain(names.get(edit.student, edit.student))}: {_plain(edit.cell)}</h3>"
            f'<div class="side"><div><b>{_plain(both("released", "下发的"))}</b>'
            f"<pre>{_plain(_short(edit.released))}</pre></div>"
            f"<div><b>{_plain(both('handed in', '提交的'))}</b>"
            f"<pre>{_plain(_short(edit.submitted))}</pre></div></div>"
        )
    return "\n".join(parts)


def _short(text: str) -> str:
    lines = text.splitlines()
    more = ["…"] if len(lines) > _LINES else []
    return "\n".join([*(line[:400] for line in lines[:_LINES]), *more])


def _plain(text: str) -> str:
    shown = "".join(sign if sign.isprintable() or sign in "\n\t" else "�" for sign in text)
    return html.escape(shown)
