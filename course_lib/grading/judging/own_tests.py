"""An instructor's own test cells: what they catch, what none of them can, and what is said of that.

Exercises of this course are graded by values that cross the sandbox's wall. A test cell that an
instructor adds to a chapter (nbgrader's ordinary ``assert f(2) == 4``) runs in the student's own process
instead. It is graded fail-closed: it must have been run, without an error; an error beats any displayed
result; a second displayed result (``sys.displayhook(2.0)`` in a student's function) is refused; and after
it code that must fail has to fail, some of it with the test's own assertions, and a number has to be shown as
it is (``kernels.execution``). What was shown is kept, however much is printed and whatever is cleared. Warnings
and words on stderr are harmless.

:data:`KNOWN_GAPS` lists what no test inside the student's process can catch. ``teach release`` says so
when a chapter has such cells, and ``tests/grading/judging/test_own_tests.py`` shows each gap on purpose, so that
nobody takes it for a surprise.
"""

from __future__ import annotations

import functools
from pathlib import Path

import nbformat

from course_lib.exercises.values import text
from course_lib.language import Text, both, pick

KNOWN_GAPS: dict[str, Text] = {
    "equals everything": text(
        "an object that equals everything (its __eq__ always says True)",
        "与任何东西都“相等”的对象（__eq__ 永远返回 True）",
    ),
    "knows the inputs": text(
        "a function that knows the test's inputs (test cells are in the notebook) and returns the values",
        "事先知道测试输入（测试单元格就在笔记本里）、直接返回对应数值的函数",
    ),
    "replaced comparison": text(
        "a comparison replaced beforehand, such as np.allclose or a name that the test itself uses",
        "事先替换掉测试所用的比较函数，例如 np.allclose，或测试用到的其他名字",
    ),
    "kernel that knows canaries": text(
        "a kernel rewritten so well that it tells our canaries from the test",
        "把内核改写得足以分辨“必须失败的代码”与测试本身",
    ),
}


def own_tests_in(source: Path) -> list[str]:
    """List the names of the graded code cells in a source notebook that belong to no exercise."""
    return list(_own_tests_in(source, source.stat().st_mtime_ns)) if source.is_file() else []


@functools.lru_cache(maxsize=32)
def _own_tests_in(source: Path, changed: int) -> tuple[str, ...]:
    return tuple(
        cell.metadata.nbgrader.grade_id
        for cell in nbformat.read(source, as_version=4).cells
        if cell.cell_type == "code"
        and cell.metadata.get("nbgrader", {}).get("grade")
        and not cell.metadata.nbgrader.get("solution")
        and not cell.metadata.get("course", {}).get("exercise")
    )


def warnings_for(source: Path) -> tuple[str, ...]:
    """Give what ``teach release`` says of a source notebook with test cells of the instructor's own."""
    names = own_tests_in(source)
    if not names:
        return ()
    listed = ", ".join(names)
    return (
        both(
            f"Test cells of your own run in the student's process ({listed}). They are graded "
            "fail-closed, but no test in there catches:",
            f"你自己添加的测试单元格在学生的进程里运行（{listed}）。评分时“没跑通就没有分”，但以下几种情况，"
            "进程内的测试无法发现：",
        ),
        *(f"  - {pick(words)}" for words in KNOWN_GAPS.values()),
        both(
            "What matters belongs into an exercise of the course (solutions/source/NN_slug.py): its values "
            "are compared outside.",
            "要紧的题目请写成课程练习（solutions/source/NN_slug.py）：其数值在外部比较。",
        ),
    )
