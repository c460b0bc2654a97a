"""Episodes: few-shot tasks drawn from many classes, as training data and as an examination."""

from __future__ import annotations

import numpy as np

from course_lib.arguments import as_labels, require_count
from course_lib.errors import CourseError


def draw_episode(
    y: np.ndarray, *, ways: int, shots: int, queries: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one task: some classes, and of each a few examples to learn from and others to ask about.

    Vinyals et al., *Matching Networks for One Shot Learning*, NeurIPS 2016, arXiv:1606.04080.

    Args:
        y: labels, N.
        ways: number of classes in the task.
        shots: examples of each class to learn from (the support).
        queries: examples of each class to ask about, none of them in the support.
        rng: where chance comes from.

    Returns:
        Two arrays of rows, ``ways``×``shots`` and ``ways``×``queries``: row i belongs to the task's class i.
    """
    y = as_labels("y", y)
    ways, shots, queries = (
        require_count(name, n)
        for name, n in (("ways", ways), ("shots", shots), ("queries", queries))
    )
    labels, counts = np.unique(y, return_counts=True)
    enough = labels[counts >= shots + queries]
    if len(enough) < ways:
        raise CourseError(
            f"An episode of {ways} classes with {shots} + {queries} examples each: only {len(enough)} "
            "classes have as many. Ask for fewer.",
            f"一个任务要 {ways} 个类别，每类 {shots} + {queries} 个样本，而只有 {len(enough)} 个类别够数："
            "请减少要求。",
        )
    rows = [
        rng.permutation(np.flatnonzero(y == label))[: shots + queries]
        for label in rng.permutation(enough)[:ways]
    ]
    drawn = np.stack(rows)
    return drawn[:, :shots], drawn[:, shots:]


def episodes(
    x: np.ndarray, y: np.ndarray, *, n: int, ways: int, shots: int, queries: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Give whole episodes as training data: each "example" is a task, for ``Prototypes`` to learn from.

    Args:
        x, y: pictures N×H×W×C and labels N to draw from.
        n: how many episodes. ways, shots, queries: as for :func:`draw_episode`.
        seed: another seed draws other episodes.

    Returns:
        Pictures n×``ways``×(``shots`` + ``queries``)×H×W×C, the support first, and the task's classes
        0 … ``ways`` − 1, n×``ways``.
    """
    n = require_count("n", n)
    rng = np.random.default_rng(seed)
    drawn = [
        np.concatenate(draw_episode(y, ways=ways, shots=shots, queries=queries, rng=rng), axis=1)
        for _ in range(n)
    ]
    return x[np.stack(drawn)], np.tile(np.arange(ways), (n, 1))
