"""Figures of chapter 07: two domains, estimates, methods side by side, and scores without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib.figures import COLOURS, MARKERS, describe
from course_lib.judging import Interval
from course_lib.language import both

Array = np.ndarray


def plot_domains(panels: Mapping[str, tuple[Array, Array, Array, Array]]) -> None:
    """Plot two classes in two domains: filled marks are the source, open ones the target.

    Args:
        panels: Title → (source points n×2, labels n of 0 and 1, target points m×2, labels m).
    """
    figure, axes = plt.subplots(len(panels), 1, figsize=(4.6, 2.6 * len(panels)), squeeze=False)
    said = []
    for axis, (name, (f_s, y_s, f_t, y_t)) in zip(axes[:, 0], panels.items(), strict=True):
        for k, marker in ((0, "o"), (1, "^")):
            axis.plot(*f_s[y_s == k].T, marker, color=COLOURS[0], markersize=4, alpha=0.6, markevery=1,
                      linestyle="none", label=both(f"source, class {k}", f"源域，类别 {k}"))  # fmt: skip
            axis.plot(*f_t[y_t == k].T, marker, color=COLOURS[1], markersize=5, markevery=1,
                      markerfacecolor="none", linestyle="none",
                      label=both(f"target, class {k}", f"目标域，类别 {k}"))  # fmt: skip
        axis.set(title=name, aspect="equal")
        means = np.stack([f_s[y_s == k].mean(axis=0) for k in (0, 1)])
        nearer = ((f_t[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
        said.append((name, float((nearer == y_t).mean())))
    axes[-1, 0].legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)
    describe(
        figure,
        "Two classes in a source and a target domain. Share of target points nearest to the source's mean "
        "of their own class: " + "; ".join(f"{name} {share:.2f}" for name, share in said) + ".",
        "两个类别在源域与目标域中的位置。目标域的点离源域同类均值最近的比例："
        + "；".join(f"{name} {share:.2f}" for name, share in said)
        + "。",
    )


def plot_estimates(sizes: Sequence[int], curves: Mapping[str, Array]) -> None:
    """Plot estimates of something that is truly 0 against the size of the samples.

    Args:
        sizes: S sizes.
        curves: Name → estimates S×R, R repetitions; drawn are the mean and the middle 90 %.
    """
    figure, axis = plt.subplots()
    axis.axhline(0, color="#555555", linewidth=1)
    for name, values in curves.items():
        (line,) = axis.plot(sizes, values.mean(axis=1), label=name, markevery=1)
        low, high = np.quantile(values, [0.05, 0.95], axis=1)
        axis.fill_between(sizes, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    axis.set(xscale="log", xlabel=both("examples in each sample", "每个样本集的样本数"),
             ylabel=both("estimate of MMD²", "MMD² 的估计"))  # fmt: skip
    axis.set_xticks(sizes, [str(size) for size in sizes])
    axis.minorticks_off()
    axis.legend(fontsize=10)
    ends = {name: (v[0].mean(), v[-1].mean()) for name, v in curves.items()}
    describe(
        figure,
        f"Mean estimate of MMD² and its middle 90 %, {sizes[0]} to {sizes[-1]} examples, where the truth is 0. "
        + "; ".join(f"{name}: {a:.4f} to {b:.4f}" for name, (a, b) in ends.items())
        + ".",
        f"真值为 0 时 MMD² 估计的均值与中间 90%，样本数从 {sizes[0]} 到 {sizes[-1]}。"
        + "；".join(f"{name}：{a:.4f} 到 {b:.4f}" for name, (a, b) in ends.items())
        + "。",
    )


def plot_accuracies(
    groups: Mapping[str, Mapping[str, Interval]], lines: Mapping[str, float]
) -> None:
    """Plot accuracies as points with intervals, in groups, with lines to compare them with.

    Args:
        groups: Name of a group → name → interval, from top to bottom.
        lines: Name → accuracy: vertical lines.
    """
    rows = [(name, one, g) for g, of in enumerate(groups.values()) for name, one in of.items()]
    figure, axis = plt.subplots(figsize=(5.4, 1.4 + 0.38 * len(rows)))
    for (name, value), dash in zip(lines.items(), ("--", ":", "-."), strict=False):
        axis.axvline(value, color="#555555", linewidth=1.2, linestyle=dash, label=name)
    for place, (_, one, g) in enumerate(rows):
        error = [[one.mean - one.low], [one.high - one.mean]]
        axis.errorbar([one.mean], [place], xerr=error, color=COLOURS[g], marker=MARKERS[g], capsize=4,
                      markevery=1, linestyle="none")  # fmt: skip
    for g, name in enumerate(groups):
        axis.plot([], [], color=COLOURS[g], marker=MARKERS[g], linestyle="none", label=name)
    axis.set(xlabel=both("accuracy on the target's test part", "目标域测试部分的准确率"))
    axis.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.grid(axis="y", visible=False)
    axis.legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.4, -0.12), ncols=2)
    describe(
        figure,
        "Accuracy on the target, mean and 95 % interval. "
        + "; ".join(f"{name}: {one}" for name, one, _ in rows)
        + ". Lines: "
        + "; ".join(f"{name} {value:.3f}" for name, value in lines.items())
        + ".",
        "目标域上的准确率，均值与 95% 置信区间。"
        + "；".join(f"{name}：{one}" for name, one, _ in rows)
        + "。竖线："
        + "；".join(f"{name} {value:.3f}" for name, value in lines.items())
        + "。",
    )


def plot_blind(scores: Mapping[str, Array], accuracies: Array, names: Sequence[str]) -> None:
    """Plot what scores without labels say against the accuracy that nobody should know.

    Args:
        scores: Name of a score → M×D, M models and D draws; larger is to be better.
        accuracies: M×D.
        names: M names.
    """
    figure, axes = plt.subplots(len(scores), 1, figsize=(5.0, 2.5 * len(scores)), squeeze=False)
    said = []
    for axis, (name, values) in zip(axes[:, 0], scores.items(), strict=True):
        for i, model in enumerate(names):
            axis.plot(values[i], accuracies[i], linestyle="none", color=COLOURS[i % len(COLOURS)],
                      marker=MARKERS[i % len(MARKERS)], markevery=1, label=model,
                      markerfacecolor="none" if i >= len(MARKERS) else None)  # fmt: skip
        axis.set(xlabel=name, ylabel=both("accuracy", "准确率"))
        picked = accuracies[values.argmax(axis=0), np.arange(values.shape[1])]
        said.append((name, float(picked.mean())))
    axes[-1, 0].legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.45, -0.28), ncols=3)
    best = float(accuracies.max(axis=0).mean())
    describe(
        figure,
        "Each score without labels against the target accuracy. Mean accuracy of the model it picks: "
        + "; ".join(f"{name} {value:.3f}" for name, value in said)
        + f". The best model: {best:.3f}.",
        "各个不用标签的得分与目标准确率。按它挑出的模型的平均准确率："
        + "；".join(f"{name} {value:.3f}" for name, value in said)
        + f"。最好的模型：{best:.3f}。",
    )
