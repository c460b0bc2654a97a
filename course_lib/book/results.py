"""The page of what was measured once and kept (``benchmarks/results``): pictures, intervals, machine and day.

What was not measured is said not to be. Nothing is measured here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt

from course_lib.book.outputs import with_files
from course_lib.book.pages import raw_html
from course_lib.figures import as_html, use_style
from course_lib.judging import Interval, interval, paired_interval
from course_lib.language import both
from course_lib.plots.results import draw_intervals, in_words

Groups = Mapping[str, Mapping[str, Interval]]

# The benchmark's names in Chinese.
CHINESE = {
    "pneumonia": "肺炎 X 光片",
    "ants and bees": "蚂蚁与蜜蜂",
    "ants and bees, all labels": "蚂蚁与蜜蜂，全部标签",
    "raw pixels": "原始像素",
    "random glyphnet": "随机的 glyphnet",
    "glyphnet from scratch": "从零训练的 glyphnet",
    "random MobileNetV2": "随机的 MobileNetV2",
    "MobileNetV2, ImageNet": "MobileNetV2（ImageNet）",
    "mnist": "MNIST",
    "usps": "USPS",
    "mnist → usps, glyphnet": "MNIST → USPS，glyphnet 特征",
    "mnist → usps, pixels": "MNIST → USPS，像素",
    "usps → mnist, glyphnet": "USPS → MNIST，glyphnet 特征",
    "usps → mnist, pixels": "USPS → MNIST，像素",
    "source only": "只用源域",
    "nearest neighbour": "最近邻",
    "ceiling": "上限（用目标域标签）",
    "two labels": "每类两个标签",
    "five labels": "每类五个标签",
    "shift: in": "偏移：分布之内",
    "shift: out": "偏移：分布之外",
    "fine-tuning": "微调",
    "from scratch": "从零训练",
    "linear probe": "线性探针",
    "gradual unfreezing": "逐步解冻",
    "augmentation": "数据增强",
    "adaptation": "领域自适应",
    "peft": "参数高效微调",
}
ENGLISH = {"mnist": "MNIST", "usps": "USPS", "ceiling": "ceiling (target labels)"}
SOURCE, NEAREST, CEILING = "source only", "nearest neighbour", "ceiling"  # rows of the adaptation
OVERLAPS = ("ants and bees", "ants and bees, all labels")


def results_page(root: Path, pictures: Path, address: str) -> str:
    """Write the page as Markdown, in the current language.

    Args:
        root: The repository.
        pictures: The folder for what is drawn.
        address: How a page reaches that folder.
    """
    use_style()
    folder = root / "benchmarks" / "results"
    draw = _Drawing(pictures, address)
    parts = [
        both("# What was measured", "# 测得的结果"),
        both(
            "The chapters compute their numbers in front of you. What takes longer, or needs files that a reader may "
            "not have, was measured once, on the machine and the day that stand below each part, and kept in "
            "`benchmarks/results`. Each can be measured again by one command. A point is a mean, a bar its 95 % "
            "interval.",
            "各章的数字都当面算出。费时更久、或者要用到读者手边未必有的文件的结果，只测一次，保存在 "
            "`benchmarks/results`，每一部分下面写着是在什么机器上、哪一天测的；用一条命令就能重新测量。"
            "图中的点是均值，横线是 95% 置信区间。",
        ),
        _real(_read(folder / "real.json"), draw),
        _methods(_read(folder / "methods.json"), draw),
        _gpu(_read(folder / "gpu.json"), draw),
    ]
    return "\n\n".join(parts) + "\n"


class _Drawing:
    """Puts pictures into the book's folder; gives the HTML that shows one."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address

    def __call__(self, groups: Groups, axis_label: str, line: float | None = None) -> str:
        groups = {_name(g): {_name(n): one for n, one in of.items()} for g, of in groups.items()}
        figure = draw_intervals(groups, axis_label=axis_label, line=line)
        shown = as_html(figure, f"{axis_label}{both('. ', '：')}{in_words(groups)}")
        plt.close(figure)
        return raw_html(with_files(shown, self.folder, self.address))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if isinstance(found["result"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _name(name: str) -> str:
    return both(ENGLISH.get(name, name), CHINESE.get(name, name))


# Real data ----------------------------------------------------------------------------------------


def _real(kept: dict[str, Any] | None, draw: _Drawing) -> str:
    heading = both("## On real data", "## 在真实数据上")
    found = kept["result"].get("intervals", {}) if kept else {}
    if kept is None or not found:
        return f"{heading}\n\n{_not_measured('real')}"
    features = {
        name: {
            row: (
                Interval(*one["interval"]),
                {n: Interval(*g) for n, g in one["gain over"].items()},
            )
            for row, one in rows.items()
        }
        for name, rows in found.get("features", {}).items()
    }
    parts = [heading]
    if features:
        parts += [_pneumonia(features, draw), _ants(features, draw), _glyphnet(features, draw)]
    if "adaptation" in found:
        parts.append(_adaptation(found["adaptation"], draw))
    return "\n\n".join([*parts, _origin(kept, "real")])


def _rows_of(features: Mapping[str, Any], *names: str) -> dict[str, dict[str, Interval]]:
    return {name: {row: one for row, (one, _) in features[name].items()} for name in names}


def _pneumonia(features: Mapping[str, Any], draw: _Drawing) -> str:
    gains = features["pneumonia"]["MobileNetV2, ImageNet"][1]
    return "\n\n".join(
        [
            both(
                "### Chest X-rays: no picture was in the source",
                "### 胸部 X 光片：源域里没有这些图片",
            ),
            both(
                "PneumoniaMNIST, five folds, twenty labels per class drawn from another fold. ImageNet has no "
                "class of X-rays, and glyphnet has seen letters only: what is gained here is transfer. (The set "
                "does not say whose X-ray it is; one child may stand in two folds. That flatters every row.)",
                "PneumoniaMNIST，五折；每折从另一折里抽取每类二十个标签来学习。ImageNet 没有 X 光片这一类，"
                "glyphnet 只见过字母：这里多出来的，才是迁移。（数据没有标明片子属于谁，同一个孩子可能出现在两折里，"
                "这会让每一行都偏高。）",
            ),
            draw(_rows_of(features, "pneumonia"), both("accuracy", "准确率")),
            _compared(gains),
            both(
                "To beat random weights is the least. Whether borrowing pays is told by the lines against raw pixels "
                "and against the small network that borrowed nothing.",
                "胜过随机权重只是最低要求。借来的特征值不值，要看与原始像素、与什么都没借的小网络相比的那两行。",
            ),
        ]
    )


def _ants(features: Mapping[str, Any], draw: _Drawing) -> str:
    return "\n\n".join(
        [
            both("### Ants and bees: *source-overlapping*", "### 蚂蚁与蜜蜂：**与源域重叠**"),
            both(
                "These photographs are *taken from ImageNet*: the published network has seen them, with finer labels, "
                "so its row says how such tutorials come out and not what transfer is worth. "
                "([Chapter 04](04_feature_extraction.md) lets you find that out.) Five folds: twenty labels per class, "
                "or all labels of the other four folds; there the interval is corrected for the labels that the folds "
                "share (Nadeau & Bengio, 2003).",
                "这些照片**取自 ImageNet**：公开的网络见过它们，标签还更细。所以它那一行说明的是这类教程会得到什么，"
                "而不是迁移值多少。（[第 04 章](04_feature_extraction.md)让你自己去发现这一点。）五折：每类二十个标签，"
                "或者用其余四折的全部标签；后一种情形下各折共用标签，区间已按 Nadeau 与 Bengio（2003）修正。",
            ),
            draw(
                _rows_of(features, *OVERLAPS),
                both("accuracy (source-overlapping)", "准确率（与源域重叠）"),
            ),
            _compared(features[OVERLAPS[1]]["MobileNetV2, ImageNet"][1]),
        ]
    )


def _glyphnet(features: Mapping[str, Any], draw: _Drawing) -> str:
    gains: dict[str, dict[str, Interval]] = {"random glyphnet": {}, "glyphnet from scratch": {}}
    for rival, rows in gains.items():
        rows |= {name: features[name]["glyphnet"][1][rival] for name in features}
    return "\n\n".join(
        [
            both("### What letters are worth", "### 字母值多少"),
            both(
                "Glyphnet's features, learnt from letters, less those of the same network with random weights, and "
                "less the network trained from scratch on the same labels; pair by pair, fold by fold. Right of the "
                "line the letters helped.",
                "用字母预训练的 glyphnet 的特征，减去权重随机的同一网络的特征，以及减去用同样标签从零训练的网络；"
                "逐折配对。落在竖线右边，就是字母帮上了忙。",
            ),
            draw(gains, both("gain in accuracy", "准确率的增益"), 0.0),
            _which(gains["random glyphnet"], both("random features", "随机特征")),
        ]
    )


def _adaptation(found: Mapping[str, Any], draw: _Drawing) -> str:
    groups = {name: _gains_over(SOURCE, rows) for name, rows in found.items()}
    return "\n\n".join(
        [
            both(
                "### From MNIST to USPS and back, without a target label",
                "### MNIST 与 USPS 之间，不用目标域标签",
            ),
            both(
                "Two thousand labelled digits of one set, the other without labels; three seeds, gain over the same "
                "network trained on the source alone. *AdaBN* is both domains and no penalty; *ceiling* was given the "
                "target's labels. *Nearest neighbour* neither trains nor adapts: the label of the source example that "
                "is nearest. A method below it gains over a network that the shift broke, and not over what was to be "
                "had anyway. Nothing was tuned on these digits.",
                "一个数据集的两千张带标签的数字，另一个不带标签；三个随机种子，图中是比只在源域上训练的同一网络高出多少。"
                "AdaBN 是用两个域、不加惩罚；“上限”用了目标域的标签。"
                "“最近邻”既不训练也不适应，直接取离得最近的源域样本的标签；哪种方法不如它，就只是胜过了被偏移弄垮的网络，"
                "并没有胜过本来就能得到的结果。没有任何设置是在这些数字上调的。",
            ),
            draw(groups, both("gain over source only", "比只用源域高出"), 0.0),
            *(_adapted(name, rows) for name, rows in found.items()),
        ]
    )


def _gains_over(rival: str, rows: Mapping[str, Any]) -> dict[str, Interval]:
    return {
        row: Interval(*one["gain over"][rival])
        for row, one in rows.items()
        if rival in one["gain over"]
    }


def _adapted(name: str, rows: Mapping[str, Any]) -> str:
    """Say of one direction which rows are above the source alone, and which methods above what needs no training."""
    alone = Interval(*rows[SOURCE]["interval"])
    parts = [
        both(
            f"**{_name(name)}** (source only {alone}).", f"**{_name(name)}**（只用源域 {alone}）。"
        ),
        _which(_gains_over(SOURCE, rows), both("the source alone", "只用源域")),
    ]
    if NEAREST in rows:
        gains = _gains_over(NEAREST, rows)
        methods = {row: gain for row, gain in gains.items() if row not in (SOURCE, CEILING)}
        near = Interval(*rows[NEAREST]["interval"])
        parts += [
            both(f"The nearest neighbour reaches {near}.", f"最近邻达到 {near}。"),
            _which(methods, both("the nearest neighbour", "最近邻")),
        ]
    return both(" ", "").join(parts)


def _compared(gains: Mapping[str, Interval]) -> str:
    """Say of each rival by how much MobileNetV2 is ahead, and whether that is more than chance."""
    lines = [
        both(
            f"- MobileNetV2 less *{_name(rival)}*: {gain}{_luck(gain, 'en')}",
            f"- MobileNetV2 减去“{_name(rival)}”：{gain}{_luck(gain, 'zh')}",
        )
        for rival, gain in gains.items()
    ]
    return "\n".join(lines)


def _luck(gain: Interval, language: str) -> str:
    if gain.low > 0:
        return {"en": ".", "zh": "。"}[language]
    if gain.high < 0:
        return {"en": ": it is *behind*.", "zh": "：反而**落后**。"}[language]
    return {
        "en": ": the interval holds 0, so this does not tell them apart.",
        "zh": "：区间包含 0，分不出高下。",
    }[language]


def _which(gains: Mapping[str, Interval], rival: str) -> str:
    above = [_name(name) for name, gain in gains.items() if gain.low > 0]
    below = [_name(name) for name, gain in gains.items() if gain.high < 0]
    unclear = [_name(n) for n, gain in gains.items() if gain.low <= 0 <= gain.high]
    said = [
        both(f"Above {rival}: {', '.join(above)}.", f"高于{rival}：{'、'.join(above)}。") if above else "",
        both(f"Below it: {', '.join(below)}.", f"低于它：{'、'.join(below)}。") if below else "",
        both(f"Not told apart: {', '.join(unclear)}.", f"分不出高下：{'、'.join(unclear)}。") if unclear else "",
    ]  # fmt: skip
    return both(" ", "").join(one for one in said if one)


# The methods, side by side ------------------------------------------------------------------------


def _methods(kept: dict[str, Any] | None, draw: _Drawing) -> str:
    heading = both("## The methods, side by side", "## 各种方法，并排比较")
    groups = methods_groups(kept["result"]) if kept else {}
    if kept is None or not groups:
        return f"{heading}\n\n{_not_measured('methods')}"
    parts = [heading]
    for title, (rows, base) in groups.items():
        gains = {
            name: paired_interval(values, rows[base])
            for name, values in rows.items()
            if name != base
        }
        parts += [
            f"### {_name(title)}",
            both(
                f"Gain over *{_name(base)}*, which reaches {interval(rows[base])}; {len(rows[base])} seeds, paired.",
                f"比“{_name(base)}”高出多少；它达到 {interval(rows[base])}；{len(rows[base])} 个随机种子，配对比较。",
            ),
            draw({title: gains}, both("gain in accuracy", "准确率的增益"), 0.0),
            _which(gains, _name(base)),
        ]
    return "\n\n".join([*parts, _origin(kept, "methods")])


def methods_groups(
    result: Mapping[str, Any],
) -> dict[str, tuple[dict[str, Sequence[float]], str]]:
    """Give, for each table of ``bench methods``, its rows' values and the row that others are compared with."""
    found: dict[str, tuple[dict[str, Sequence[float]], str]] = {}
    others = result.get("others", {})
    for row in [*result.get("rows", ()), *others.get("shift", {}).get("rows", ())]:
        rows, _ = found.setdefault(row["task"], ({}, row["method"]))
        rows[row["method"]] = row["values"]
    if adapted := others.get("adaptation", {}).get("values"):
        found["adaptation"] = (dict(adapted), "source only")
    if tuned := others.get("peft", {}).get("rows"):
        found["peft"] = ({row["method"]: row["values"] for row in tuned}, tuned[0]["method"])
    bases = ("fine-tuning", "everything")
    return {
        title: (rows, next((name for name in bases if name in rows), base))
        for title, (rows, base) in found.items()
        if len(rows) > 1
    }


# On a GPU -----------------------------------------------------------------------------------------


def _gpu(kept: dict[str, Any] | None, draw: _Drawing) -> str:
    heading = both("## On a GPU", "## 在 GPU 上")
    if kept is None:
        return f"{heading}\n\n" + both(
            "*No GPU has been measured yet, so no such figure stands here: `./course bench gpu --keep`.*",
            "*还没有测过 GPU，因此这里没有数字：`./course bench gpu --keep`。*",
        )
    result, parts = kept["result"], [heading]
    if "speed" in result:
        parts.append(_speed(result["speed"]))
    if "methods" in result:
        parts.append(
            _methods({**kept, "result": result["methods"]}, draw).partition("\n")[2].strip()
        )
    if "time" in result:
        parts.append(_time(result["time"]))
    return "\n\n".join([*parts, _origin(kept, "gpu")])


def _speed(speed: Mapping[str, Any]) -> str:
    names = [both("network", "网络"), both("way", "方式"), both("images/s", "图片/秒")]
    rows = [[row["model"], "`fit`", f"{row['images_per_second']:.0f}"] for row in speed["models"]]
    rows += [
        [row["model"], row.get("way") or f"Keras, {row['backend']}", f"{row['images_per_second']:.0f}"]
        for row in [*speed["beside"], *speed["keras"]]
        if "missing" not in row
    ]  # fmt: skip
    lines = ["| " + " | ".join(names) + " |", "|---|---|---:|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    said = f"{speed['device']}, {speed['precision']}"
    return "\n".join([both(f"Fine-tuning everything, {said}:", f"全部微调，{said}："), "", *lines])


def _time(row: Mapping[str, Any]) -> str:
    times = {
        aim: both("not reached", "未达到") if s is None else both(f"{s:.0f} s", f"{s:.0f} 秒")
        for aim, s in row["reached"].items()
    }
    said = both("; ", "；").join(f"{aim}: {s}" for aim, s in times.items())
    return both(
        f"{row['model']} on {row['data']}, seconds of training until it is first so accurate on held-back training "
        f"pictures: {said}. On the test part in the end: {row['test']:.3f}.",
        f"{row['model']} 在 {row['data']} 上，留出的训练图片首次达到该准确率所用的训练时间：{said}。"
        f"最后在测试部分：{row['test']:.3f}。",
    )


# Where it comes from ------------------------------------------------------------------------------


def _origin(kept: Mapping[str, Any], name: str) -> str:
    machine = kept.get("machine", {})
    used = ", ".join(f"{package} {number}" for package, number in kept.get("versions", {}).items())
    where = ", ".join(
        str(machine[each]) for each in ("gpu", "processor", "system") if machine.get(each)
    )
    return both(
        f"<small>`./course bench {name} --keep`, {kept.get('date', '')}; {where}; {used}.</small>",
        f"<small>`./course bench {name} --keep`，{kept.get('date', '')}；{where}；{used}。</small>",
    )


def _not_measured(name: str) -> str:
    return both(
        f"*Not measured yet: `./course bench {name} --keep`.*",
        f"*尚未测量：`./course bench {name} --keep`。*",
    )
