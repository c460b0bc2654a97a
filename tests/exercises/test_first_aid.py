"""An error in a cell of one's own: first what to do, then one's own lines, and everything on request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import course_lib
from course_lib.exercises import first_aid
from course_lib.language import use

# What a student runs, and what the first sentence must say in either language.
MISHAPS = {
    "x = fetures + 1": ("Did you mean `features`", "是不是想写 `features`"),
    "train_loader": ("Run the cells above first", "从头依次运行上面的单元格"),
    "answer(3)": ("`answer` is not filled in yet", "`answer` 还没有作答"),
    "import a_package_of_mine": ("`a_package_of_mine` is not installed", "没有安装 `a_package_of_mine`"),
    "torch.nn.Linear(8, 2)(torch.ones(3, 4))": ("rows of 4 numbers, the layer expects rows of 8",
                                                "每一行有 4 个数，而这一层要 8 个"),
    "np.ones((3, 4)) @ np.ones((3, 4))": ("as many columns as B has rows", "A 的列数等于 B 的行数"),
    "F.cross_entropy(torch.ones(6, 3), torch.zeros(4).long())": ("6 rows of logits and 4 labels",
                                                                 "有 6 行 logits，却有 4 个标签"),
    "F.cross_entropy(torch.ones(4, 3), torch.full((4,), 3))": ("0 … K−1", "0 … K−1"),
    "F.cross_entropy(torch.ones(4, 3), torch.zeros(4, 2).long())": ("one axis", "一维的类别编号"),
    "F.cross_entropy(torch.ones(4, 3), torch.zeros(4))": ("labels.long()", "labels.long()"),
    "torch.nn.Linear(4, 2)(torch.ones(3, 4).double())": ("x.float()", "x.float()"),
    "torch.nn.Conv2d(3, 2, 1)(torch.ones(1, 3, 2, 2).byte())": ("x.float()", "x.float()"),
    "torch.nn.BatchNorm1d(4)(torch.ones(1, 4))": ("model.eval()", "model.eval()"),
    "torch.ones(1).sum().backward()": ("every part is frozen", "全部冻结"),
    "torch.nn.Linear(4, 2).load_state_dict({})": ("names in the file", "文件里的名字"),
    "dict(head=1)['fc']": ("There is no entry `fc`", "没有 `fc` 这一项"),
    "open('my_pictures.zip')": ("no file `my_pictures.zip`", "没有 `my_pictures.zip` 这个文件"),
    "raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB')": (
        "batches smaller", "减小批量"),
    "raise RuntimeError('Expected all tensors to be on the same device, but found cuda:0 and cpu!')": (
        "x.to(next(model.parameters()).device)", "x.to(next(model.parameters()).device)"),
}  # fmt: skip
BEFORE = """
import numpy as np
import torch
from torch.nn import functional as F

features = 1


def answer(x):
    raise NotImplementedError("not done yet")
"""


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, course_home: object) -> Iterator[InteractiveShell]:
    """A student's IPython, in which the course was started."""
    for name in ("COURSE_STRICT", "COURSE_GRADING"):
        monkeypatch.delenv(name, raising=False)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(colors="nocolor")
    shell.run_cell("from course_lib import start; start('04', language='en', framework='pytorch')")
    shell.run_cell(BEFORE)
    yield shell
    InteractiveShell.clear_instance()


def said(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], code: str) -> str:
    capsys.readouterr()
    assert not shell.run_cell(code).success
    return capsys.readouterr().out


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_error_leads_with_what_to_do(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    use(language)
    for code, sentences in MISHAPS.items():
        shown = said(shell, capsys, code)
        expected = sentences[language == "zh"].replace("`", "")
        first = shown.split("\n")[0]
        assert first.startswith("✗ ") and expected in first, f"{code}\n{shown}"
        # Then the ordinary traceback: the student's line, and the error's own words at the end.
        assert code.split("(")[0] in shown and re.search(r"\n\w+(Error|Exception)\b.*:", shown), (
            shown
        )
        assert "site-packages" not in shown and "Traceback" in shown, shown


def test_everything_is_one_line_away(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "torch.nn.Linear(8, 2)(torch.ones(3, 4))"
    shown = said(shell, capsys, code)
    assert "%tb" in shown and "linear.py" not in shown
    assert sum("inside libraries" in line for line in shown.split("\n")) == 1
    capsys.readouterr()
    shell.run_cell("%tb")
    assert "linear.py" in capsys.readouterr().out


def test_what_led_to_an_error_is_left_as_it_was(shell: InteractiveShell) -> None:
    done = shell.run_cell(
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('a') from e"
    )
    assert isinstance(done.error_in_exec.__cause__, ZeroDivisionError)


def test_an_error_of_the_course_stays_its_one_sentence(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = said(shell, capsys, "from course_lib.exercises import check; check('04.99', 1)")
    assert shown.startswith("CourseError: ") and "Traceback" not in shown


def test_what_goes_wrong_in_first_aid_shows_the_ordinary_error(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_aid, "first_step", lambda *_: 1 / 0)
    shown = said(shell, capsys, "dict()['a']")
    assert "KeyError" in shown and "ZeroDivisionError" not in shown and "✗" not in shown


@pytest.mark.parametrize("name", ["COURSE_STRICT", "COURSE_GRADING"])
def test_tests_and_grading_show_errors_as_python_does(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    InteractiveShell.clear_instance()
    shell: Any = InteractiveShell.instance(colors="nocolor")
    try:
        monkeypatch.setenv(name, "1")
        course_lib.start("04", language="en", framework="pytorch")
        assert shell.custom_exceptions == ()
    finally:
        InteractiveShell.clear_instance()


def test_somebodys_own_handler_stays(shell: InteractiveShell) -> None:
    shell.set_custom_exc((ValueError,), lambda *given, **named: None)
    assert not first_aid.install()
    assert shell.custom_exceptions == (ValueError,)


def test_a_users_words_are_no_markup() -> None:
    words = first_aid.first_step(KeyError("a`*<b>*`" * 40))
    assert words["en"].count("`") == 6 and len(words["en"]) < 300
