"""What Typer says of a wrong command line, in the reader's language: its own words are English only."""

from __future__ import annotations

import re
import sys
from typing import Any

import typer

from course_lib.language import current

# Typer's sentences (https://click.palletsprojects.com, which it is made from) and ours for them.
_LIMITS = (
    (r"Input should be greater than or equal to (\S+)", r"应不小于 \1"),
    (r"Input should be less than or equal to (\S+)", r"应不大于 \1"),
    (r"Input should be a valid integer.*", "应为整数"),
    (r"Input should be a valid number.*", "应为数"),
)
_SENTENCES = (
    (r"No such command '(?P<a>.+)'\.", "没有命令 {a}"),
    (r"No such option: (?P<a>\S+)", "没有选项 {a}"),
    (r"Missing \w+ '?(?P<a>.+?)'?\.(?: .*)?", "缺少 {a}"),
    (r"Option '(?P<a>.+)' requires an argument\.", "选项 {a} 后面要有一个值"),
    (r"Got unexpected extra argument(?:s|\(s\))? \((?P<a>.+)\)", "多了 {a}"),
    (r"Invalid value for '?(?P<a>.+?)'?: (?P<b>.+)", "{a} 的值不合适（{b}）"),
)


def run(app: typer.Typer) -> int:
    """Run a command line on this process's arguments; give its exit status.

    In English Typer tells what is wrong with them; in Chinese one sentence of ours does.
    """
    try:
        status = app(prog_name="course", standalone_mode=False)
    except typer.Abort:
        return 1
    except Exception as problem:
        show = getattr(problem, "show", None)  # Typer's own; its class has moved between versions
        if show is None:
            raise
        words = in_chinese(problem) if current() == "zh" else ""
        if words:
            print(words, file=sys.stderr)
        else:
            show()
        return int(getattr(problem, "exit_code", 2))
    return status if isinstance(status, int) else 0


def in_chinese(problem: Any) -> str:
    """Give the sentence for a wrong command line, ``""`` where it is no sentence but a page of help."""
    said, context = problem.format_message(), getattr(problem, "ctx", None)
    if type(problem).__name__ == "NoArgsIsHelpError":
        return ""
    for pattern, words in _SENTENCES:
        if found := re.fullmatch(pattern, said, re.DOTALL):
            said = words.format(**found.groupdict())
            break
    for pattern, words in _LIMITS:
        said = re.sub(pattern.replace(".*", "[^）]*"), words, said)
    command = context.command_path if context is not None else "course"  # some do not know theirs
    return f"{said}：用法见  {command} --help"
