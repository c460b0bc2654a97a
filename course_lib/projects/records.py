"""What a project reports, as data; and the questions by which an impossible report is found out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.judging import paired_interval
from course_lib.language import Text, both, pick

KINDS = ("trivial", "scratch", "transfer")

# The questions in order, and the sentence for a record that fails one.
QUESTIONS: dict[str, Text] = {
    "complete": {
        "en": "Something is missing from the record, or is not of the kind that it should be.",
        "zh": "记录缺了内容，或某一项的类型不对。",
    },
    "parts_apart": {
        "en": "The parts are not apart: twins, shared groups or shared rows are reported.",
        "zh": "各部分没有分干净：记录里有重复样本或共用的组。",
    },
    "baselines": {
        "en": "There must be a trivial baseline, one from scratch, and at least two transfer methods.",
        "zh": "应有一个平凡基线、一个从零训练的基线，以及至少两种迁移方法。",
    },
    "seeds": {
        "en": "At least three different seeds, and for every method one number for each of them.",
        "zh": "至少三个不同的随机种子，每种方法对每个种子都要有一个数。",
    },
    "possible": {
        "en": "An accuracy is not a whole number of examples divided by the size of its part.",
        "zh": "有的准确率不等于“整数个样本除以该部分的大小”。",
    },
    "chosen_by_rule": {
        "en": "The rule, applied to the validation numbers, chooses another method.",
        "zh": "把规则用在验证集的数字上，选出的是另一种方法。",
    },
    "test_once": {
        "en": "The test part was opened more than once, or for candidates that were not chosen.",
        "zh": "测试集打开了不止一次，或用在了没有被选中的候选方法上。",
    },
    "gain_follows": {
        "en": "The reported gain and its interval do not follow from the test numbers.",
        "zh": "报告的增益及其区间与测试集上的数字对不上。",
    },
}


def choose_by_rule(validation: Mapping[str, Sequence[float]]) -> str:
    r"""Choose by the one-standard-error rule: the first method, in the plan's order, that is good enough.

    Methods stand from the simplest to the dearest. With the best method's mean :math:`m` over *S* seeds and
    its standard error :math:`s/\sqrt S`, the first one whose mean is at least :math:`m - s/\sqrt S` wins.
    Breiman, Friedman, Olshen & Stone, *Classification and Regression Trees*, 1984.

    Args:
        validation: For each method, in the plan's order, its numbers on validation data, one for each seed.
    """
    values = np.array([np.asarray(each, dtype=np.float64) for each in validation.values()])
    if values.ndim != 2 or values.shape[1] < 2:
        raise CourseError(
            "The rule needs at least two seeds, the same number for every method.",
            "这条规则至少需要两个随机种子，且每种方法的数目相同。",
        )
    best = values[values.mean(axis=1).argmax()]
    good = values.mean(axis=1) >= best.mean() - best.std(ddof=1) / np.sqrt(len(best)) - 1e-12
    return list(validation)[int(np.argmax(good))]


def make_record(
    *,
    data: str,
    licence: str,
    cut: str,
    counts: Mapping[str, int],
    kinds: Mapping[str, str],
    seeds: Sequence[int],
    validation: Mapping[str, Sequence[float]],
    chosen: str,
    looks: int,
    test: Mapping[str, Sequence[float]],
    against: str,
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Bring a project's results into one dictionary that can be pasted, checked and compared.

    Args:
        data, licence: What it was done on, under which terms.
        cut: What the parts were cut by: ``"example"``, ``"group"`` or ``"time"``.
        counts: As :func:`.cutting.describe_parts` gives them.
        kinds: For each method, from the simplest to the dearest: one of ``KINDS``.
        seeds: One for each repetition.
        validation: For each method its accuracies on the validation part.
        chosen: The method that the rule chose.
        looks: How often the test part was opened.
        test: Accuracies on the test part: the chosen method's and the baselines'.
        against: The baseline that the gain is measured against.
        seconds: What each method took to train, all seeds together.
    """
    gain = paired_interval(test[chosen], test[against])
    return {
        "data": data,
        "licence": licence,
        "cut": cut,
        "counts": dict(counts),
        "kinds": dict(kinds),
        "seeds": [int(seed) for seed in seeds],
        "validation": {name: _rounded(each) for name, each in validation.items()},
        "chosen": chosen,
        "looks": int(looks),
        "test": {name: _rounded(each) for name, each in test.items()},
        "against": against,
        "gain": _rounded(gain),
        "seconds": {name: round(float(each), 1) for name, each in seconds.items()},
    }


def faults_of_record(record: Any) -> list[str]:
    """Give a sentence for each question that a record fails; none where it can be true."""
    answers = report_record(record)
    return [pick(QUESTIONS[name]) for name, fine in answers.items() if not fine]


def report_record(record: Any) -> dict[str, bool]:
    """Answer the questions of ``QUESTIONS`` about a record; an incomplete one fails them all."""
    try:
        return {"complete": _complete(record), **_answers(record)}
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, CourseError):
        return dict.fromkeys(QUESTIONS, False)


def _complete(record: Mapping[str, Any]) -> bool:
    words = all(isinstance(record[name], str) and record[name] for name in ("data", "licence"))
    names = set(record["kinds"]) == set(record["validation"])
    return words and names and record["cut"] in ("example", "group", "time")


def _answers(record: Mapping[str, Any]) -> dict[str, bool]:
    counts, kinds, test = record["counts"], record["kinds"], record["test"]
    validation, seeds = record["validation"], record["seeds"]
    chosen, against = record["chosen"], record["against"]
    of_kind = {kind: [name for name in kinds if kinds[name] == kind] for kind in KINDS}
    on_test = {chosen, *of_kind["trivial"], *of_kind["scratch"]}
    rows = [*validation.values(), *test.values()]
    return {
        "parts_apart": counts["twins"] == counts["shared_groups"] == counts.get("earlier", 0) == 0,
        "baselines": all(of_kind.values()) and len(of_kind["transfer"]) >= 2,
        "seeds": len(set(seeds)) == len(seeds) >= 3 and all(len(row) == len(seeds) for row in rows),
        "possible": _possible(validation, counts["validation"]) and _possible(test, counts["test"]),
        "chosen_by_rule": choose_by_rule(validation) == chosen,
        "test_once": record["looks"] == 1 and set(test) <= on_test,
        "gain_follows": kinds[against] != "transfer"
        and bool(np.allclose(paired_interval(test[chosen], test[against]), record["gain"], atol=2e-3)),
    }  # fmt: skip


def _possible(accuracies: Mapping[str, Sequence[float]], n: int) -> bool:
    """Ask whether each accuracy, given to four digits, is a whole number of examples out of ``n``.

    After Brown & Heathers, "The GRIM test", Social Psychological and Personality Science 8, 2017.
    """
    values = np.concatenate([np.asarray(each, dtype=np.float64) for each in accuracies.values()])
    nearest = np.rint(values * n) / n
    inside = (values >= 0) & (values <= 1)
    return bool(np.all(inside & (np.abs(values - nearest) <= 0.5e-4 + 1e-9)))


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(float(each), 4) for each in values]


def record_as_text(record: Mapping[str, Any]) -> str:
    """Write a record so that it can be pasted: JSON, a line for each entry."""
    lines = (
        f"{json.dumps(name)}: {json.dumps(each, ensure_ascii=False)}"
        for name, each in record.items()
    )
    return "{" + ",\n ".join(lines) + "}"


def read_record(text: str) -> Any:
    """Read what :func:`record_as_text` wrote; what is no JSON gives ``None``."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def summary_of(record: Mapping[str, Any]) -> str:
    """Write a record's results as a small table: validation for all, test where it was measured."""
    head = (
        f"{both('method', '方法'):<14}{both('validation', '验证'):>12}{both('test', '测试'):>12}"
        f"{both('seconds', '秒'):>10}"
    )
    lines = [head]
    for name, values in record["validation"].items():
        tested = f"{np.mean(record['test'][name]):.3f}" if name in record["test"] else "–"
        mark = " *" if name == record["chosen"] else ""
        lines.append(
            f"{name + mark:<14}{np.mean(values):>12.3f}{tested:>12}{record['seconds'].get(name, 0):>10.1f}"
        )
    return "\n".join(lines)
