"""The finer rules, tried on texts and cells of their own: what they find, and what they let pass."""

from __future__ import annotations

import pytest

from course_lib.authoring.checks.chinese import slips_in
from course_lib.authoring.checks.markdown import headings_in, links_in, unrendered_emphasis
from course_lib.authoring.checks.names import names_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("特征,标签", "'，'"),
        ("**特征**,标签", "'，'"),
        ("PyTorch,然后训练", "'，'"),
        ("为什么?", "'？'"),
        ("三点:", "'：'"),
        ("训练完成.", "'。'"),
        ("迁移(transfer)学习", "（）"),
        ("如(迁移学习)", "（）"),
        ('所谓"特征"就是', "“”"),
        ("等等...", "……"),
        ("结束。。", "……"),
        ("源域—目标域", "——"),
        ("迁移 学习", "a space"),
        ("共１０类", "full-width digit"),
    ],
)
def test_chinese_typography_slips_are_found(text: str, said: str) -> None:
    assert any(said in message for _, message in slips_in(text)), list(slips_in(text))


@pytest.mark.parametrize(
    "text",
    [
        "用 PyTorch（2.8 版）训练，准确率为 95.3%。",
        "见[第五章](05_fine_tuning.ipynb)，或 https://example.org/a,b 。",
        "函数 `f(x, y)` 与公式 $f(x, y)$，以及\n\n$$a, b: c$$\n\n都不算。",
        "```python\nx = [1,2]  # 中文,注释\n```",
        "源域——目标域……他说：“好！”",
        "时间是 10:30，比例为 3:1。",
        '<span title="中文,">第 3 章</span>',
        "![一张图](图.png)",
        "1. 第一步\n2. 第二步",
        "**λ**：权重",
        'English only, with (brackets) and "quotes".',
    ],
)
def test_sound_chinese_passes(text: str) -> None:
    assert list(slips_in(text)) == []


def test_slips_are_named_with_their_line() -> None:
    assert [line for line, _ in slips_in("好。\n\n`x`\n不好,真的")] == [3]


def test_links_images_and_headings_are_read() -> None:
    text = "# A `b` *c*\n\nsee [one](a.md)\nand [two](#x) ![pic](p.png)\n\n```\n[no](no.md)\n```"
    assert [(link.target, link.line, link.image) for link in links_in(text)] == [
        ("a.md", 2, False),
        ("#x", 3, False),
        ("p.png", 3, True),
    ]
    assert headings_in(text) == ["A b c"]


def test_bold_that_markdown_does_not_see_is_found() -> None:
    assert list(unrendered_emphasis("好\n**词：**字")) == [1]
    assert list(unrendered_emphasis("**词**：字，`a ** b`，$a**b**c$")) == []


@pytest.mark.parametrize(
    ("code", "uses", "binds"),
    [
        ("y = x + 1", {"x"}, {"y"}),
        ("x = x + 1", {"x"}, {"x"}),
        ("x = 1\ny = x", set(), {"x", "y"}),
        ("x += 1", {"x"}, {"x"}),
        ("import numpy as np\nnp.ones(n)", {"n"}, {"np"}),
        ("for i in items:\n    print(i)", {"items", "print"}, {"i"}),
        ("def f(a):\n    b = a + scale\n    return b", {"scale"}, {"f"}),
        ("squares = [i * i for i in values]", {"values"}, {"squares"}),
        ("f = lambda t: t * gain", {"gain"}, {"f"}),
        ("with open(path) as file:\n    text = file.read()", {"open", "path"}, {"file", "text"}),
        (
            "class A(Base):\n    k = size\n    def m(self): return other",
            {"Base", "size", "other"},
            {"A"},
        ),
        ("def f():\n    global count\n    count = 1", set(), {"f", "count"}),
        ("if (n := len(x)) > 1: pass", {"len", "x"}, {"n"}),
        ("%magic", set(), set()),
    ],
)
def test_names_that_a_cell_uses_and_binds(code: str, uses: set[str], binds: set[str]) -> None:
    names = names_of(code)
    assert set(names.uses) == uses
    assert names.binds == binds


def test_names_that_a_cell_changes_in_place() -> None:
    assert names_of("table['a'] = 1\nmodel.rate = 2\nn += 1").changes == {"table", "model", "n"}
    assert names_of("table = {}\ntable['a'] = 1").changes == set()
    assert names_of("def f():\n    for w in weights:\n        w -= 1").changes == set()
    assert names_of("def f():\n    table['a'] = 1").changes == {"table"}


def test_use_is_reported_in_its_line() -> None:
    assert names_of("a = 1\nb = 2\nc = a + z").uses == {"z": 3}
