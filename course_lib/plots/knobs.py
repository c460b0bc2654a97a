"""What the chapters let the reader turn: λ between two domains, a kernel's width, a spring, a rank.

Each function gives a ``draw(axis, value)`` for :func:`course_lib.knobs.knob`. All of it is NumPy, in
one or two dimensions, so that a turn answers at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course_lib.figures import COLOURS
from course_lib.knobs import Draw
from course_lib.language import both


def share_of_source(seed: int = 0) -> Draw:
    r"""Give the picture of :math:`\lambda L_s + (1-\lambda) L_t` for two domains in the plane.

    The source has 200 points, its boundary is tilted; the target has six. Twenty such sixes are drawn:
    the first is shown, the sentence gives the mean over all, on 2,000 points that nothing is trained on.
    """
    rng = np.random.default_rng(seed)
    x_s, y_s = _two_classes(rng, 200, 0.5)
    sixes = [_two_classes(rng, 6, 0.0) for _ in range(20)]
    x_new, y_new = _two_classes(rng, 2000, 0.0)
    x_t, y_t = sixes[0]

    def draw(axis: Axes, value: float) -> str:
        weights = np.repeat([value / 200, (1 - value) / 6], [200, 6])
        lines = [
            _logistic_regression(np.concatenate([x_s, x]), np.concatenate([y_s, y]), weights)
            for x, y in sixes
        ]
        w = lines[0]
        for k, mark in ((0, "o"), (1, "^")):
            _points(axis, x_s[y_s == k], mark, COLOURS[k], 4, alpha=0.25)
            name = both(f"target, class {k}", f"目标域，{k} 类")
            _points(axis, x_t[y_t == k], mark, COLOURS[k], 10, markeredgecolor="black", label=name)
        across = np.array([-4.0, 4.0])
        axis.plot(across, -(w[0] + w[1] * across) / w[2], "-", color="black", marker="")
        axis.set(xlim=(-4, 4), ylim=(-4, 4), xlabel="$x_1$", ylabel="$x_2$")
        axis.legend(loc="upper left", fontsize=9)
        of_source = np.mean([_accuracy(one, x_s, y_s) for one in lines])
        of_target = np.mean([_accuracy(one, x_new, y_new) for one in lines])
        return both(
            f"accuracy {of_source:.2f} on the source, {of_target:.3f} on new target points (mean of 20 draws).",
            f"源域上的准确率 {of_source:.2f}，新的目标域样本上 {of_target:.3f}（20 次抽样的平均）。",
        )

    return draw


def kernel_width(seed: int = 0, n: int = 80) -> Draw:
    r"""Give the picture of the RBF kernel's MMD² between one hump and two of the same mean and spread.

    Drawn is the witness :math:`g(x) = \frac1n\sum_i k(s_i, x) - \frac1n\sum_j k(t_j, x)`, scaled to 1;
    the sentence says how often a shuffle of both samples together reaches the value (99 shuffles).
    """
    rng = np.random.default_rng(seed)
    s = rng.normal(size=n)
    t = 0.95 * rng.choice([-1.0, 1.0], n) + np.sqrt(1 - 0.95**2) * rng.normal(size=n)
    both_samples = np.concatenate([s, t])
    orders = [rng.permutation(2 * n) for _ in range(99)]
    places = np.sort(np.concatenate([np.linspace(-4, 4, 300), both_samples]))

    def draw(axis: Axes, value: float) -> str:
        kernel = np.exp(-((both_samples[:, None] - both_samples) ** 2) / (2 * value**2))
        found = _mmd_squared(kernel)
        reached = sum(_mmd_squared(kernel[np.ix_(order, order)]) >= found for order in orders)
        towards = np.exp(-((both_samples[:, None] - places) ** 2) / (2 * value**2))
        witness = towards[:n].mean(axis=0) - towards[n:].mean(axis=0)
        axis.plot(places, witness / np.abs(witness).max(), "-", color="black", marker="")
        for k, (rows, name) in enumerate(
            ((s, both("source", "源域")), (t, both("target", "目标域")))
        ):
            heights = np.full(n, -1.2 - 0.25 * k)
            _points(axis, np.column_stack([rows, heights]), "|", COLOURS[k], 12, label=name)
        axis.set(
            ylim=(-1.6, 1.5), xlabel=both("feature", "特征"), ylabel=both("witness", "见证函数")
        )
        axis.legend(loc="upper right", fontsize=9, ncols=2)
        return both(
            f"MMD² (unbiased) = {found:.5f}; {reached} of 99 shuffles reach as much.",
            f"MMD²（无偏）= {found:.5f}；99 次随机打乱中有 {reached} 次达到或超过它。",
        )

    return draw


def springs() -> Draw:
    r"""Give the picture of two weights, pulled to a new task and held by an old one.

    Both losses are quadratic. The old one, :math:`\frac12 (\theta-a)^\top \mathbf F (\theta-a)`, minds
    the first weight ten times as much as the second. Where the new loss plus springs is least:
    with the Fisher information as stiffness (EWC), and with the same stiffness for all (L2-SP).
    """
    old, new = np.array([0.0, 0.0]), np.array([2.0, 2.0])
    stiff = np.array([2.0, 0.2])
    alike = np.full(2, stiff.mean())

    def rest(strength: float, stiffness: np.ndarray) -> np.ndarray:
        """Solve (θ − b) + λ F (θ − a) = 0 for θ."""
        return (new + strength * stiffness * old) / (1 + strength * stiffness)

    def draw(axis: Axes, value: float) -> str:
        grid = np.linspace(-1, 3, 80)
        x, y = np.meshgrid(grid, grid)
        of_old = 0.5 * (stiff[0] * (x - old[0]) ** 2 + stiff[1] * (y - old[1]) ** 2)
        of_new = 0.5 * ((x - new[0]) ** 2 + (y - new[1]) ** 2)
        axis.contour(x, y, of_old, levels=[0.1, 0.4, 1, 2, 4], colors=COLOURS[0], linewidths=1)
        axis.contour(
            x,
            y,
            of_new,
            levels=[0.1, 0.4, 1, 2, 4],
            colors=COLOURS[1],
            linewidths=1,
            linestyles="--",
        )
        strengths = np.concatenate([[0], np.geomspace(0.01, 1000, 200)])
        losses = []
        for name, stiffness, mark, colour in (
            ("EWC", stiff, "o", COLOURS[2]),
            ("L2-SP", alike, "s", COLOURS[3]),
        ):
            path = np.array([rest(one, stiffness) for one in strengths])
            axis.plot(*path.T, "-" if mark == "o" else ":", color=colour, marker="")
            here = rest(value, stiffness)
            _points(axis, here[None], mark, colour, 11, markeredgecolor="black", label=name)
            losses.append((0.5 * stiff @ (here - old) ** 2, 0.5 * ((here - new) ** 2).sum()))
        _points(axis, old[None], "P", COLOURS[0], 9)
        _points(axis, new[None], "X", COLOURS[1], 9)
        axis.set(xlim=(-1, 3), ylim=(-1, 3), xlabel=both("a weight that matters", "要紧的权重"),
                 ylabel=both("one that does not", "不要紧的权重"), aspect="equal")  # fmt: skip
        axis.legend(loc="lower right", fontsize=9)
        (old_ewc, new_ewc), (old_sp, new_sp) = losses
        return both(
            f"old loss {old_ewc:.2f}, new loss {new_ewc:.2f} with EWC; {old_sp:.2f} and {new_sp:.2f} with L2-SP.",
            f"EWC 的旧损失 {old_ewc:.2f}、新损失 {new_ewc:.2f}；L2-SP 分别是 {old_sp:.2f} 和 {new_sp:.2f}。",
        )

    return draw


def rank_of_change(change: np.ndarray) -> Draw:
    """Give the picture of what a rank keeps of a layer's change.

    Args:
        change: A matrix, outputs×inputs.
    """
    values = np.linalg.svd(change, compute_uv=False)
    outputs, inputs = change.shape

    def draw(axis: Axes, value: float) -> str:
        rank = int(value)
        numbers = np.arange(1, len(values) + 1)
        axis.bar(numbers[rank:], values[rank:], width=1, color="white", edgecolor="#888888", linewidth=0.5,
                 label=both("left out", "舍去"))  # fmt: skip
        axis.bar(numbers[:rank], values[:rank], width=1, color=COLOURS[0], edgecolor="black", linewidth=0.5,
                 label=both("kept", "保留"))  # fmt: skip
        axis.set(xlabel=both("direction", "方向"), ylabel=both("singular value", "奇异值"))
        axis.legend(loc="upper right", fontsize=9)
        kept = (values[:rank] ** 2).sum() / (values**2).sum()
        cost = rank * (outputs + inputs)
        return both(
            f"{kept:.0%} of the squared change, {cost:,} numbers to store instead of {change.size:,}.",
            f"保住改变量平方和的 {kept:.0%}，要存 {cost:,} 个数，而不是 {change.size:,} 个。",
        )

    return draw


def _points(
    axis: Axes, rows: np.ndarray, mark: str, colour: str, size: float, **style: Any
) -> None:
    """Draw every row N×2 as a point of its own (the course's style thins out the marks on lines)."""
    axis.plot(*rows.T, mark, color=colour, markersize=size, linestyle="", markevery=1, **style)


def _two_classes(rng: np.random.Generator, n: int, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw n points in the plane, half of each class, whose boundary is tilted by an angle."""
    y = np.arange(n) % 2
    x = rng.normal(size=(n, 2)) * [0.8, 1.5]
    x[:, 0] += np.where(y == 1, 0.7, -0.7)
    c, s = np.cos(angle), np.sin(angle)
    return x @ np.array([[c, s], [-s, c]]), y


def _logistic_regression(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give bias and slopes that minimise the weighted cross-entropy (Newton's method, a touch of L2)."""
    rows, w, ridge = np.column_stack([np.ones(len(x)), x]), np.zeros(3), 1e-3
    for _ in range(25):
        p = 1 / (1 + np.exp(-rows @ w))
        slope = rows.T @ (weights * (p - y)) + ridge * w
        curvature = (rows.T * (weights * p * (1 - p))) @ rows + ridge * np.eye(3)
        step = np.linalg.solve(curvature, slope)
        w = w - step / max(1.0, float(np.linalg.norm(step)))
    return w


def _accuracy(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean((w[0] + x @ w[1:] > 0) == (y == 1)))


def _mmd_squared(kernel: np.ndarray) -> float:
    """Give the unbiased MMD² from the kernel's values for n rows of one sample and n of another."""
    n = len(kernel) // 2
    within = (kernel[:n, :n].sum() + kernel[n:, n:].sum() - 2 * n) / (n * (n - 1))
    return float(within - 2 * kernel[:n, n:].mean())
