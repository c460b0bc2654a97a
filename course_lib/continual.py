r"""Learning one task after another: what is measured, and the loop over tasks.

Everything is read from one matrix :math:`R` (T×T): :math:`R_{ij}` is the accuracy on task j's test
part after learning tasks 0 … i. NumPy only, whichever framework learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from course_lib.arguments import as_array
from course_lib.errors import CourseError

Task = TypeVar("Task")


def accuracy_matrix(
    tasks: Sequence[Task],
    learn: Callable[[int, Task], None],
    measure: Callable[[int, Task], float],
) -> np.ndarray:
    """Learn tasks in turn and measure all of them after each.

    Args:
        tasks: T tasks, in their order: whatever ``learn`` and ``measure`` understand.
        learn: ``learn(i, task)`` trains on task i. It may keep what it likes of the earlier ones.
        measure: ``measure(j, task)`` gives the accuracy on task j's *test* part, also of a task that
            is still to come.

    Returns:
        R, T×T.
    """
    rows = []
    for i, task in enumerate(tasks):
        learn(i, task)
        rows.append([measure(j, other) for j, other in enumerate(tasks)])
    return np.array(rows, dtype=np.float64)


def average_accuracy(R: np.ndarray) -> float:
    r"""Give how good the model is at all tasks in the end: :math:`\frac{1}{T} \sum_j R_{T j}`.

    Lopez-Paz & Ranzato, *Gradient Episodic Memory for Continual Learning*, NeurIPS 2017,
    arXiv:1706.08840.
    """
    return float(_as_matrix(R)[-1].mean())


def forgetting(R: np.ndarray) -> float:
    r"""Give how much of its best accuracy each earlier task has lost in the end, on average.

    .. math:: F = \frac{1}{T-1} \sum_{j < T} \Bigl( \max_{j \le i < T} R_{ij} - R_{Tj} \Bigr)

    The maximum runs over the times since the task was learnt. Chaudhry et al., *Riemannian Walk for
    Incremental Learning*, ECCV 2018, arXiv:1801.10112.
    """
    R = _as_matrix(R, at_least=2)
    lost = [R[j:-1, j].max() - R[-1, j] for j in range(len(R) - 1)]
    return float(np.mean(lost))


def backward_transfer(R: np.ndarray) -> float:
    r"""Give what later tasks did to the earlier ones: below 0 they were forgotten.

    .. math:: \mathrm{BWT} = \frac{1}{T-1} \sum_{j < T} \bigl( R_{Tj} - R_{jj} \bigr)

    Lopez-Paz & Ranzato, NeurIPS 2017.
    """
    R = _as_matrix(R, at_least=2)
    return float(np.mean(R[-1, :-1] - np.diag(R)[:-1]))


def forward_transfer(R: np.ndarray, untrained: Sequence[float] | np.ndarray) -> float:
    r"""Give what earlier tasks did for the later ones, before these were learnt at all.

    .. math:: \mathrm{FWT} = \frac{1}{T-1} \sum_{j > 1} \bigl( R_{j-1,\, j} - b_j \bigr)

    Lopez-Paz & Ranzato, NeurIPS 2017. Where outputs for a task's classes do not exist before it comes
    (class-incremental), :math:`R_{j-1, j}` is 0 by construction and the number says nothing.

    Args:
        R: The matrix.
        untrained: b, T accuracies of the model as it was before the first task.
    """
    R, b = _as_matrix(R, at_least=2), as_array("untrained", untrained)
    if b.shape != (len(R),):
        raise CourseError(
            f"untrained has one accuracy for each of the {len(R)} tasks; its shape is {b.shape}.",
            f"untrained 应为 {len(R)} 个任务各给一个准确率，而它的形状是 {b.shape}。",
        )
    return float(np.mean(np.diag(R, 1) - b[1:]))


def _as_matrix(R: np.ndarray, at_least: int = 1) -> np.ndarray:
    R = as_array("R", R)
    square = R.ndim == 2 and R.shape[0] == R.shape[1]
    if not square or len(R) < at_least or not np.isfinite(R).all():
        raise CourseError(
            f"R is T×T, the accuracy on task j after task i, with T at least {at_least} and no gaps; "
            f"this has the shape {R.shape}.",
            f"R 应为 T×T 的矩阵（学完任务 i 后在任务 j 上的准确率），T 至少为 {at_least}，"
            f"且没有空缺；这里的形状是 {R.shape}。",
        )
    return R
