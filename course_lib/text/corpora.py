"""Real text that needs no download: it comes with Python, or with a package that the course needs anyway.

| text | what | licence |
|---|---|---|
| ``python_manual`` | the reference manual of the Python language, as ``help("topics")`` shows it | PSF licence |
| ``python_docstrings`` | what the modules of the standard library say of themselves | PSF licence |
| ``data_set_stories`` | descriptions of the data sets that scikit-learn ships | BSD licence |
| ``chinese_classics`` | poems of the Tang dynasty and the opening of the Analects | public domain |

Another version of Python or scikit-learn has a slightly different text.
"""

from __future__ import annotations

import ast
import re
import sysconfig
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from course_lib.data.domain import Domain
from course_lib.errors import CourseError

# The modules whose docstrings are prose; alphabetical, none of them is imported.
_PROSE = (
    "argparse", "asyncio", "collections", "concurrent", "configparser", "csv", "ctypes", "datetime",
    "decimal", "difflib", "email", "fractions", "ftplib", "functools", "gettext", "heapq", "html",
    "http", "imaplib", "importlib", "inspect", "ipaddress", "json", "logging", "mailbox", "multiprocessing",
    "optparse", "os", "pathlib", "pickle", "platform", "random", "shutil", "smtplib", "socket",
    "sqlite3", "statistics", "string", "subprocess", "tarfile", "tempfile", "textwrap", "threading",
    "tkinter", "turtle", "typing", "unittest", "urllib", "wsgiref", "xml", "zipfile",
)  # fmt: skip

CHINESE_CLASSICS = (
    "床前明月光，疑是地上霜。举头望明月，低头思故乡。",
    "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。",
    "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。",
    "千山鸟飞绝，万径人踪灭。孤舟蓑笠翁，独钓寒江雪。",
    "红豆生南国，春来发几枝。愿君多采撷，此物最相思。",
    "空山不见人，但闻人语响。返景入深林，复照青苔上。",
    "锄禾日当午，汗滴禾下土。谁知盘中餐，粒粒皆辛苦。",
    "离离原上草，一岁一枯荣。野火烧不尽，春风吹又生。",
    "两个黄鹂鸣翠柳，一行白鹭上青天。窗含西岭千秋雪，门泊东吴万里船。",
    "朝辞白帝彩云间，千里江陵一日还。两岸猿声啼不住，轻舟已过万重山。",
    "学而时习之，不亦说乎？有朋自远方来，不亦乐乎？人不知而不愠，不亦君子乎？",
    "三人行，必有我师焉。择其善者而从之，其不善者而改之。",
    "知之者不如好之者，好之者不如乐之者。",
    "学而不思则罔，思而不学则殆。",
    "温故而知新，可以为师矣。",
)


@cache
def python_manual() -> str:
    """Give Python's reference manual as one text, about 460,000 characters."""
    try:
        from pydoc_data.topics import topics
    except ImportError:
        raise CourseError(
            "This Python comes without its manual (pydoc_data): install the full standard library.",
            "这个 Python 没有附带手册（pydoc_data）：请安装完整的标准库。",
        ) from None
    return "\n".join(plain(topics[name]) for name in sorted(topics))


TOPICS = {
    "network": ("email", "ftplib", "http", "imaplib", "ipaddress", "smtplib", "socket", "urllib"),
    "numbers": ("decimal", "fractions", "heapq", "random", "statistics"),
    "files": ("csv", "mailbox", "pathlib", "pickle", "shutil", "tarfile", "tempfile", "zipfile"),
    "drawing": ("tkinter", "turtle"),
}


def topic_sentences(*, least: int = 6) -> Domain:
    """Give sentences of real docstrings, labelled with what their module is about.

    Args:
        least: How many words a sentence has at least.

    Returns:
        A domain of four classes whose ``x`` are texts; each sentence once, in the modules' order.
    """
    found: dict[str, int] = {}
    for label, modules in enumerate(TOPICS.values()):
        for sentence in sentences_of(python_docstrings(modules), least=least, letters=0.85):
            found.setdefault(sentence, label)
    x, y = np.array(list(found), dtype=str), np.array(list(found.values()), dtype=np.int64)
    source = "docstrings of Python's standard library"
    return Domain("topics", x, y, tuple(TOPICS), "PSF License Version 2", source)


@cache
def python_docstrings(modules: tuple[str, ...] = _PROSE) -> str:
    """Give the docstrings of modules of the standard library (some fifty of them) as one text."""
    found: list[str] = []
    library = Path(sysconfig.get_path("stdlib"))
    for name in modules:
        for path in sorted([library / f"{name}.py", *(library / name).rglob("*.py")]):
            if path.is_file() and "test" not in path.parts:
                found += _docstrings(path)
    return "\n".join(found)


@cache
def data_set_stories() -> str:
    """Give scikit-learn's descriptions of its data sets as one text, about 40,000 characters."""
    folder = resources.files("sklearn.datasets.descr")
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".rst")), key=lambda f: f.name
    )
    return "\n".join(plain(file.read_text(encoding="utf-8")) for file in files)


def plain(text: str) -> str:
    """Give a text in ASCII without markup's lines and directives, runs of blanks as one.

    Paragraphs stay apart by an empty line.
    """
    text = text.encode("ascii", "ignore").decode()
    kept = [
        line for line in text.splitlines() if not re.match(r"\s*(\.\. |:\w+:|[-=*~^|+]{3,})", line)
    ]
    paragraphs = re.split(r"\n\s*\n", "\n".join(kept))
    joined = (re.sub(r"\s+", " ", paragraph).strip() for paragraph in paragraphs)
    return "\n".join(paragraph for paragraph in joined if paragraph)


def sentences_of(text: str, *, least: int = 4, letters: float = 0.0) -> list[str]:
    """Cut a text into sentences: at a full stop, question or exclamation mark before a blank, and at lines' ends.

    Args:
        text: As :func:`plain` gives it.
        least: Sentences of fewer words are left out.
        letters: So are those of which less than this part is letters and blanks: tables, code.
    """
    cut = (piece.strip() for line in text.splitlines() for piece in re.split(r"(?<=[.!?]) ", line))
    return [
        sentence
        for sentence in cut
        if len(sentence.split()) >= least
        and sum(sign.isalpha() or sign == " " for sign in sentence) >= letters * len(sentence)
    ]


@cache
def _docstrings(path: Path) -> tuple[str, ...]:
    """Give a file's docstrings without running it."""
    tree = ast.parse(path.read_text(encoding="utf-8", errors="ignore"))
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = (ast.get_docstring(node) for node in _statements(tree) if isinstance(node, kinds))
    return tuple(plain(text) for text in found if text and len(text) > 80)


def _statements(tree: ast.Module) -> list[ast.AST]:
    """Give a module and all statements within, outer ones first: ``ast.walk`` without its expressions.

    Most of a tree is expressions, and none of them has a docstring.
    """
    blocks = {"body", "handlers", "orelse", "finalbody", "cases"}
    nodes: list[ast.AST] = [tree]
    for node in nodes:  # grows as we go
        for name in node._fields:
            if name in blocks and isinstance(inner := getattr(node, name), list):
                nodes += inner
    return nodes
