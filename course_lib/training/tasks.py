"""Several tasks on one trunk: which columns of the outputs, and which labels, belong to which.

The outputs of all heads stand side by side, N×(K₁ + K₂ + …); the labels of all tasks too, N×T. So
``predict``, ``fit`` and data need nothing new.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate, pairwise

import numpy as np

from course_lib.arguments import require_count, require_number
from course_lib.errors import CourseError
from course_lib.training import measures
from course_lib.training.batches import Arrays, require_arrays


def require_tasks(tasks: Mapping[str, int]) -> dict[str, int]:
    """Make sure that tasks are named, each with its number of classes; give them as a dict."""
    if not isinstance(tasks, Mapping) or not tasks:
        raise CourseError(
            f"tasks names each task with its number of classes, such as {{'digit': 10, 'font': 21}}; it "
            f"was {tasks!r}.",
            f"tasks 应给出每个任务的名字和类别数，例如 {{'digit': 10, 'font': 21}}，现在是 {tasks!r}。",
        )
    return {str(name): require_count(f"tasks[{name!r}]", k, 2) for name, k in tasks.items()}


def require_task_weights(
    tasks: Mapping[str, int], weights: Mapping[str, float]
) -> dict[str, float]:
    """Make sure that weights are given for these tasks and no others; give each task's, 1 unless given."""
    for name in weights:
        if name not in tasks:
            raise CourseError(
                f"There is a weight for {name!r}, but the tasks are {sorted(tasks)}.",
                f"weights 中有 {name!r}，而任务只有 {sorted(tasks)}。",
            )
    return {name: require_number(f"weights[{name!r}]", weights.get(name, 1.0)) for name in tasks}


def columns(tasks: Mapping[str, int]) -> dict[str, slice]:
    """Give the columns of the outputs that belong to each task."""
    ends = pairwise([0, *accumulate(tasks.values())])
    return {name: slice(*end) for name, end in zip(tasks, ends, strict=True)}


def require_task_labels(arrays: Arrays, tasks: Mapping[str, int]) -> None:
    """Make sure that there is one column of labels for each task."""
    require_arrays(arrays, "x", "y")
    if arrays["y"].ndim != 2 or arrays["y"].shape[1] != len(tasks):
        raise CourseError(
            f"For the tasks {list(tasks)} the labels are N×{len(tasks)}, one column each; these have the "
            f"shape {tuple(arrays['y'].shape)}. (np.stack([…], axis=1) puts them side by side.)",
            f"任务为 {list(tasks)} 时，标签应是 N×{len(tasks)}，每个任务一列；这里的形状是 "
            f"{tuple(arrays['y'].shape)}。（可用 np.stack([…], axis=1) 并排。）",
        )


def measure(
    outputs: np.ndarray, y: np.ndarray, tasks: Mapping[str, int], weights: Mapping[str, float]
) -> dict[str, float]:
    """Give the weighted ``loss``, the mean ``accuracy`` of all tasks, and ``accuracy.NAME`` of each.

    Examples whose label is −1 (unknown) are left out of that task; one at least must be known.
    """
    found = {}
    for place, (name, part) in enumerate(columns(tasks).items()):
        known = y[:, place] >= 0
        found[name] = measures.classification(outputs[known][:, part], y[known, place])
    loss = sum(weights[name] * one["loss"] for name, one in found.items())
    each = {f"accuracy.{name}": one["accuracy"] for name, one in found.items()}
    return {"loss": loss, "accuracy": float(np.mean(list(each.values()))), **each}
