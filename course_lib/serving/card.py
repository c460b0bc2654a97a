"""A model card: what a model is for, what it was made of, how well it does, and for whom not.

Mitchell et al., "Model Cards for Model Reporting", FAT* 2019. A card is data (JSON); the page is made
from it, so that a check can ask whether something is missing.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.language import Text, both, pick

# What a card must say, in the order of the page.
FIELDS: dict[str, Text] = {
    "name": {"en": "Model", "zh": "模型"},
    "version": {"en": "Version (SHA-256)", "zh": "版本（SHA-256）"},
    "made": {"en": "Made on", "zh": "制作日期"},
    "purpose": {"en": "Made for", "zh": "用途"},
    "not_for": {"en": "Not for", "zh": "不适用于"},
    "source": {"en": "Transferred from", "zh": "迁移自"},
    "data": {"en": "Trained on", "zh": "训练数据"},
    "licence": {"en": "Licence", "zh": "许可证"},
    "evaluation": {"en": "Measured", "zh": "测量结果"},
    "limits": {"en": "Known limits", "zh": "已知局限"},
    "privacy": {"en": "Privacy", "zh": "隐私"},
    "contact": {"en": "Who answers for it", "zh": "负责人"},
}

# What a row of the evaluation must say: an accuracy alone says little.
COLUMNS: dict[str, Text] = {
    "on": {"en": "measured on", "zh": "测试对象"},
    "n": {"en": "pictures", "zh": "图片数"},
    "accuracy": {"en": "accuracy", "zh": "准确率"},
    "low": {"en": "low (95 %)", "zh": "下限（95%）"},
    "high": {"en": "high (95 %)", "zh": "上限（95%）"},
    "baseline": {"en": "baseline", "zh": "基线"},
}


def faults_of_card(card: Mapping[str, Any]) -> list[str]:
    """Give a sentence for everything that a card lacks or contradicts; none where it is complete."""
    faults = [
        both(f"“{pick(words)}” is missing.", f"缺少“{pick(words)}”。")
        for name, words in FIELDS.items()
        if not card.get(name)
    ]
    rows = card.get("evaluation") or []
    if isinstance(rows, (str, bytes)) or not isinstance(rows, Sequence):
        return [*faults, both("The measurements are no list of rows.", "测量结果不是若干行。")]
    for i, row in enumerate(rows, start=1):
        faults += _faults_of_row(i, row)
    return faults


def _faults_of_row(number: int, row: Any) -> list[str]:
    where = both(f"Row {number}: ", f"第 {number} 行：")
    if not isinstance(row, Mapping) or set(COLUMNS) - set(row):
        lacking = sorted(set(COLUMNS) - set(row if isinstance(row, Mapping) else ()))
        missing = both(", ", "、").join(lacking)
        return [where + both(f"there is no {missing}.", f"缺少 {missing}。")]
    numbers = [row[name] for name in ("low", "accuracy", "high", "baseline", "n")]
    if not all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers):
        return [where + both("not all are numbers.", "有的不是数。")]
    low, accuracy, high, baseline, n = numbers
    if not (0 <= low <= accuracy <= high <= 1 and 0 <= baseline <= 1 and n >= 1):
        return [where + both("low ≤ accuracy ≤ high fails.", "不满足 下限 ≤ 准确率 ≤ 上限。")]
    return []


def write_card(card: Mapping[str, Any], path: str | Path) -> Path:
    """Write a complete card as JSON.

    Raises:
        CourseError: Where something is missing: all of it in one message.
    """
    if faults := faults_of_card(card):
        raise CourseError(
            "The card is not complete: " + " ".join(faults), "模型卡不完整：" + "".join(faults)
        )
    return write_atomically(path, json.dumps(card, ensure_ascii=False, indent=1) + "\n")


def card_page(card: Mapping[str, Any]) -> str:
    """Give a card as a page of its own, in the reader's language; every text in it is escaped."""
    title = html.escape(str(card.get("name", "")))
    rows = "".join(
        f"<dt>{html.escape(pick(words))}</dt><dd>{_shown(name, card.get(name))}</dd>"
        for name, words in FIELDS.items()
    )
    lang = both("en", "zh-CN")
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title></head><body><main><h1>{title}</h1><dl>{rows}</dl></main></body></html>"
    )


def _shown(name: str, value: Any) -> str:
    if not value:
        return f"<strong>{both('not said', '没有说明')}</strong>"
    if name != "evaluation":
        return html.escape(str(value))
    head = "".join(f'<th scope="col">{html.escape(pick(words))}</th>' for words in COLUMNS.values())
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(row.get(column))}</td>" for column in COLUMNS) + "</tr>"
        for row in value
        if isinstance(row, Mapping)
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else html.escape(str(value))
