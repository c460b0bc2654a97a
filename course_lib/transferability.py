"""Which source suits a target? Two scores that train nothing, from what a network says of the target.

Both look at the target's few labelled examples only. What they are worth is an experiment: chapter 14.
"""

from __future__ import annotations

import numpy as np

from course_lib.arguments import as_labels, as_numbers
from course_lib.errors import CourseError
from course_lib.readouts import one_thread


def leep(probabilities: np.ndarray, y: np.ndarray) -> float:
    r"""Log expected empirical prediction: how well the source's own answers foretell the target's labels.

    The source's network, head and all, gives each target example probabilities of the *source's*
    classes. Count them as if they were labels, and predict the target's label from them:

    .. math::
        \hat P(y, z) = \frac1n \sum_{i: y_i = y} p_{iz}, \qquad
        \mathrm{LEEP} = \frac1n \sum_i \log \sum_z \frac{\hat P(y_i, z)}{\sum_{y'} \hat P(y', z)} \, p_{iz}

    0 is perfect; every answer alike gives minus the entropy of the target's labels. Nguyen et al.,
    "LEEP: A New Measure to Evaluate Transferability of Learned Representations", ICML 2020.

    Args:
        probabilities: N×Z, each row the source model's softmax over its own Z classes.
        y: target labels, N.
    """
    p, y = _rows_and_labels("probabilities", probabilities, y)
    if p.min() < 0 or not np.allclose(p.sum(axis=1), 1, atol=1e-3):
        raise CourseError(
            "leep takes probabilities (each row sums to 1): logits go through softmax first.",
            "leep 要的是概率（每一行之和为 1）：如果是 logits，请先做 softmax。",
        )
    labels, numbered = np.unique(y, return_inverse=True)
    joint = np.stack([p[numbered == k].sum(axis=0) for k in range(len(labels))]) / len(p)  # K×Z
    given = joint / np.maximum(joint.sum(axis=0), 1e-300)  # P(y | z): each column sums to 1
    return float(np.mean(np.log(np.sum(p * given[numbered], axis=1))))


def log_evidence(f: np.ndarray, target: np.ndarray, *, steps: int = 1000) -> float:
    r"""The largest log evidence of a linear model of one target, for each example: LogME's core.

    With weights :math:`w \sim \mathcal N(0, I/\alpha)` and noise of precision :math:`\beta`, the target
    :math:`t = F w + \varepsilon` is normal, and w can be integrated away:

    .. math::
        \log p(t \mid F, \alpha, \beta) = \tfrac D2 \log \alpha + \tfrac N2 \log \tfrac{\beta}{2\pi}
        - \tfrac12 \log |A| - \tfrac\beta2 \lVert t - F m \rVert^2 - \tfrac\alpha2 \lVert m \rVert^2,
        \quad A = \alpha I + \beta F^\top F, \; m = \beta A^{-1} F^\top t

    It is made as large as possible by MacKay's fixed point: with :math:`\gamma = \sum_d \beta s_d^2 /
    (\alpha + \beta s_d^2)`, the number of directions that the data decide,

    .. math:: \alpha \leftarrow \gamma / \lVert m \rVert^2, \qquad
              \beta \leftarrow (N - \gamma) / \lVert t - F m \rVert^2 .

    A singular value decomposition :math:`F = U \, \mathrm{diag}(s) \, V^\top` makes every step cheap.
    MacKay, "Bayesian Interpolation", Neural Computation 4, 1992.

    Args:
        f: features, N×D.
        target: N numbers, such as 1 for one class and 0 for all others.
        steps: how often the two precisions are improved, at most; most targets need some dozens, a few
            hundreds.

    Returns:
        :math:`\max_{\alpha,\beta} \log p / N`.
    """
    f, target = _rows_and_numbers(f, target)
    return float(_log_evidence(f, target[:, None], steps)[0])


def log_me(f: np.ndarray, y: np.ndarray, *, steps: int = 1000) -> float:
    """Mean over classes of :func:`log_evidence`, class against the rest: the larger, the better.

    You et al., "LogME: Practical Assessment of Pre-trained Models for Transfer Learning", ICML 2021,
    arXiv:2102.11005. It is a *density* and may be above 0. It compares features of equal targets only.

    Args:
        f: features, N×D.
        y: target labels, N.
        steps: as for :func:`log_evidence`.
    """
    f, y = _rows_and_labels("f", f, y)
    targets = (y[:, None] == np.unique(y)).astype(np.float64)  # N×K, class against the rest
    return float(np.mean(_log_evidence(f, targets, steps)))


def _log_evidence(f: np.ndarray, t: np.ndarray, steps: int) -> np.ndarray:
    """The largest evidence for each column of t (N×K), all at once: everything happens along F's directions."""
    n, width = f.shape
    with one_thread():
        u, s, _ = np.linalg.svd(f, full_matrices=False)
    s2, along = s[:, None] ** 2, u.T @ t  # R×1 and R×K
    rest = np.maximum(
        np.sum(t**2, axis=0) - np.sum(along**2, axis=0), 0
    )  # what no weights can explain
    alpha = beta = np.ones(t.shape[1])
    for _ in range(steps):
        gamma, m2, error = _posterior(s2, along, rest, alpha, beta)
        new_alpha, new_beta = gamma / np.maximum(m2, 1e-12), (n - gamma) / np.maximum(error, 1e-12)
        change = np.abs(np.log(new_alpha / alpha)) + np.abs(np.log(new_beta / beta))
        alpha, beta = new_alpha, new_beta
        if change.max() < 1e-6:
            break
    _, m2, error = _posterior(s2, along, rest, alpha, beta)
    size_of_a = np.log(alpha + beta * s2).sum(axis=0) + (width - len(s)) * np.log(alpha)  # log |A|
    of_fit = n * np.log(beta / (2 * np.pi)) - beta * error - alpha * m2
    return (width * np.log(alpha) - size_of_a + of_fit) / 2 / n


def _posterior(
    s2: np.ndarray, along: np.ndarray, rest: np.ndarray, alpha: np.ndarray, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number of directions decided, squared length of the mean weights, squared error of the fit: K each."""
    kept = beta * s2 / (alpha + beta * s2)  # how much of each direction the weights take up
    m2 = np.sum(kept**2 * along**2 / np.maximum(s2, 1e-300), axis=0)
    return kept.sum(axis=0), m2, np.sum(((1 - kept) * along) ** 2, axis=0) + rest


def _rows_and_numbers(f: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    f = as_numbers("f", f).astype(np.float64)
    target = as_numbers("target", target).astype(np.float64)
    _require_rows(f, target)
    return f, target


def _rows_and_labels(name: str, rows: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, y = as_numbers(name, rows).astype(np.float64), as_labels("y", y)
    _require_rows(rows, y)
    return rows, y


def _require_rows(rows: np.ndarray, y: np.ndarray) -> None:
    if rows.ndim != 2 or y.shape != (len(rows),) or len(np.unique(y)) < 2:
        raise CourseError(
            f"A score compares rows (N×D) with one label each, of at least two kinds; the shapes are "
            f"{rows.shape} and {y.shape}.",
            f"这类分数要求每行数据（N×D）对应一个标签，且标签至少有两种；这里的形状是 "
            f"{rows.shape} 和 {y.shape}。",
        )
