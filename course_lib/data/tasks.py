"""One domain cut or changed into a sequence of tasks, for learning one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from course_lib.arguments import require_count, require_seed
from course_lib.data.domain import Domain
from course_lib.errors import CourseError


def split_classes(
    domain: Domain, groups: Sequence[Sequence[int]] | int, *, own_labels: bool = False
) -> list[Domain]:
    """Cut a domain by its classes: each task has some of them.

    Zenke, Poole & Ganguli, *Continual Learning Through Synaptic Intelligence*, ICML 2017
    (split MNIST).

    Args:
        domain: What is cut. Cut the development and the test part alike.
        groups: The labels of each task, such as ``[[0, 1], [2, 3]]``; or how many tasks: the classes
            in their order, as evenly as they go.
        own_labels: True: labels count anew from 0 in each task, with the task's own ``classes``.
            False: labels keep their meaning, and ``classes`` are the domain's.

    Returns:
        One domain for each group, its examples in the domain's order.
    """
    groups = _as_groups(len(domain.classes), groups)
    tasks = []
    for group in groups:
        task = domain.take(np.isin(domain.y, group))
        if own_labels:
            new = np.zeros(len(domain.classes), dtype=np.int64)
            new[group] = np.arange(len(group))
            names = tuple(domain.classes[label] for label in group)
            task = replace(task, y=new[task.y], classes=names)
        which = "".join(f" {domain.classes[label]}" for label in group)
        tasks.append(replace(task, name=f"{domain.name}:{which}"))
    return tasks


def permute_pixels(domain: Domain, tasks: int, *, seed: int = 0) -> list[Domain]:
    """Give tasks with the same classes, each with the pixels in an order of its own.

    The first task has them as they are. Neighbours are torn apart, so nothing that a convolution
    knows helps: it asks for the plainest kind of memory. Goodfellow et al., *An Empirical
    Investigation of Catastrophic Forgetting*, ICLR 2014, arXiv:1312.6211.

    Args:
        domain: Images N×H×W×C.
        tasks: How many.
        seed: Another seed gives other orders; the same for the development and the test part.
    """
    rng, (n, *shape) = np.random.default_rng(require_seed(seed)), domain.x.shape
    places = shape[0] * shape[1]
    orders = [np.arange(places)]
    orders += [rng.permutation(places) for _ in range(require_count("tasks", tasks) - 1)]
    flat = domain.x.reshape(n, places, -1)
    return [
        replace(domain, name=f"{domain.name}, order {i}", x=flat[:, order].reshape(n, *shape))
        for i, order in enumerate(orders)
    ]


def join_domains(tasks: Sequence[Domain]) -> Domain:
    """Put tasks together again: what joint training, the usual upper bound, learns from.

    Args:
        tasks: At least one; all with the same ``classes`` (cut with ``own_labels=False``).
    """
    if not tasks or any(task.classes != tasks[0].classes for task in tasks):
        raise CourseError(
            "Domains can be joined when there is one at least and their labels mean the same: cut with "
            "split_classes(…, own_labels=False).",
            "至少要有一个数据域，且标签含义相同，才能合并：请用 split_classes(…, own_labels=False) 切分。",
        )
    x, y = (np.concatenate([getattr(task, name) for task in tasks]) for name in "xy")
    return replace(tasks[0], name=" + ".join(task.name for task in tasks), x=x, y=y)


def _as_groups(classes: int, groups: Sequence[Sequence[int]] | int) -> list[list[int]]:
    if isinstance(groups, (int, np.integer)):
        count = require_count("groups", groups, 1, classes)
        return [[int(label) for label in part] for part in np.array_split(range(classes), count)]
    given = [[int(label) for label in group] for group in groups]
    flat = [label for group in given for label in group]
    if not all(given) or len(set(flat)) < len(flat) or not set(flat) <= set(range(classes)):
        raise CourseError(
            f"Groups share no class, none is empty, and labels are 0 … {classes - 1}; these are {given}.",
            f"各组不能有相同的类别，也不能为空，标签应为 0 到 {classes - 1}；现在是 {given}。",
        )
    return given
