"""Figures of chapter 15: the way out of the notebook, how long answers take, a service through its weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib import pyplot as plt

from course_lib.diagrams import arrow, box
from course_lib.figures import COLOURS, MARKERS, describe
from course_lib.language import both
from course_lib.serving.latency import percentiles

# The stations of a model, and on which row of the figure each stands.
STATIONS = (
    ("notebook", "笔记本"),
    ("file", "文件"),
    ("service", "服务"),
    ("monitor", "监控"),
)


def draw_way() -> None:
    """Draw the way from a notebook to a service and back: alarm, labels, re-transfer."""
    figure, axis = plt.subplots(figsize=(5.4, 2.4))
    axis.set(xlim=(0, 10), ylim=(-2.6, 1))
    axis.axis("off")
    places = [1.1, 3.7, 6.3, 8.9]
    boxes = [
        box(axis, x, 0, both(*words), COLOURS[0]) for x, words in zip(places, STATIONS, strict=True)
    ]
    for left, right in pairwise(boxes):
        arrow(axis, left, (1, 0.5), right, (0, 0.5))
    again = box(
        axis,
        5.0,
        -1.9,
        both("late labels → re-transfer → judge", "迟到的标签 → 重新迁移 → 评判"),
        COLOURS[1],
    )
    arrow(axis, boxes[3], (0.5, 0), again, (1, 0.5))
    arrow(axis, again, (0, 0.5), boxes[1], (0.5, 0))
    axis.text(2.4, 0.55, both("save,\nexport", "保存、\n导出"), ha="center", fontsize=8)
    axis.text(5.0, 0.55, both("serve", "部署"), ha="center", fontsize=8)
    axis.text(7.6, 0.55, both("watch", "观察"), ha="center", fontsize=8)
    axis.text(8.9, -1.1, both("alarm", "报警"), ha="right", fontsize=8)
    describe(
        figure,
        "A circle: notebook, saved and exported to a file, served, watched by a monitor; an alarm leads "
        "to re-transfer on labels that come late, the new model is judged, and a new file replaces the old.",
        "一个循环：笔记本里的模型保存、导出成文件，部署成服务，由监控观察；报警之后，用迟到的标签重新迁移，"
        "评判新模型，再用新文件替换旧文件。",
    )


def plot_latencies(seconds: Mapping[str, np.ndarray]) -> None:
    """Plot for each way to ask which part of the answers came within how many milliseconds.

    Args:
        seconds: Name → measured times; names in the reader's language.
    """
    figure, axis = plt.subplots(figsize=(5.4, 3.0))
    said = []
    styles = ("-", "--", "-.", ":")
    for i, (name, values) in enumerate(seconds.items()):
        ordered = np.sort(values) * 1e3
        part = np.arange(1, len(ordered) + 1) / len(ordered)
        axis.step(
            ordered, part, where="post", label=name, color=COLOURS[i], linestyle=styles[i % 4]
        )
        p50, p95, p99 = (1e3 * t for t in percentiles(values))
        axis.plot([p50, p95], [0.5, 0.95], MARKERS[i], color=COLOURS[i], markevery=1)
        said.append((name, p50, p95, p99))
    axis.set(xscale="log", ylim=(0, 1.02))
    axis.set(xlabel=both("milliseconds", "毫秒"), ylabel=both("part answered", "已回答的比例"))
    axis.legend(loc="lower right", fontsize=8)
    en = "; ".join(
        f"{n}: median {a:.3g} ms, 95 % {b:.3g} ms, 99 % {c:.3g} ms" for n, a, b, c in said
    )
    zh = "；".join(
        f"{n}：中位数 {a:.3g} 毫秒，95% {b:.3g} 毫秒，99% {c:.3g} 毫秒" for n, a, b, c in said
    )
    describe(
        figure,
        f"How long answers take, on a logarithmic scale. {en}.",
        f"回答所用的时间（对数刻度）。{zh}。",
    )


def plot_weeks(
    accuracy: Mapping[str, Sequence[float]], scores: Sequence[float], threshold: float, change: int
) -> None:
    """Plot what several policies got right week by week, and below what the monitor saw.

    Args:
        accuracy: Policy → accuracy of each week; names in the reader's language.
        scores: The drift statistic of each week.
        threshold: Above it there is an alarm.
        change: The first week in which the pictures are different.
    """
    figure, (top, low) = plt.subplots(
        2, 1, figsize=(5.4, 4.6), sharex=True, height_ratios=(2, 1), layout="constrained"
    )
    styles = ("-", "--", "-.", ":")
    weeks = range(len(scores))
    for i, (name, values) in enumerate(accuracy.items()):
        top.plot(
            weeks,
            values,
            styles[i % 4],
            marker=MARKERS[i],
            color=COLOURS[i],
            label=name,
            markersize=4,
        )
    for axis in (top, low):
        axis.axvline(change - 0.5, color="#555555", linewidth=1, linestyle=":")
    top.set(ylabel=both("accuracy", "准确率"), ylim=(0, 1.05))
    top.legend(fontsize=8, loc="lower left")
    low.plot(weeks, scores, marker=MARKERS[0], color="#333333", markersize=4)
    low.axhline(threshold, color=COLOURS[1], linestyle="--")
    low.set(yscale="log", xlabel=both("week", "周"), ylabel=both("drift T", "漂移 T"), xticks=weeks)
    means = {n: (np.mean(v[:change]), np.mean(v[change:])) for n, v in accuracy.items()}
    alarms = [str(w) for w in weeks if scores[w] > threshold]
    describe(
        figure,
        "Accuracy before and after the change: "
        + "; ".join(f"{n} {a:.2f}, {b:.2f}" for n, (a, b) in means.items())
        + f". The drift statistic exceeds its threshold {threshold:.2f} in weeks {', '.join(alarms) or 'none'}.",
        "变化前、后的准确率："
        + "；".join(f"{n} {a:.2f}、{b:.2f}" for n, (a, b) in means.items())
        + f"。漂移统计量超过阈值 {threshold:.2f} 的周：{'、'.join(alarms) or '无'}。",
    )
