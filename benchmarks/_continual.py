"""Part *continual* of ``./course bench methods``: ten digits in five tasks of two.

A glyphnet pre-trained on letters learns pairs of digits one pair after the other, twenty labels per
class from the development part; measured on the test part. Two ways of asking:

* *task-incremental*: somebody says which pair an image belongs to, in training and in the test;
* *class-incremental*: nobody does, in the test: one answer among all classes seen so far.

Every method has the same network, head (it grows), epochs, batches, seeds and order of classes
(another one for each seed); BatchNorm keeps the letters' statistics. *joint* learns all tasks at once,
with as many steps. Strengths were chosen by the accuracy in the end, task-incremental, on draws 10 and 11
of the development part, measured on the rest of it, and serve both ways: for EWC among 1e3 … 1e6, for
L2-SP among 0.1, 1 and 10, for LwF among 0.3, 1 and 3. Rate, epochs and the memory's size were not searched.
L2-SP holds the backbone near where the last task left it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks._orderings import Ordering, missed_claims, verdicts
from course_lib import continual, data
from course_lib.data import Domain
from course_lib.judging import accuracy, interval, paired_interval
from course_lib.waiting import steps

SEEDS, PER_CLASS, EPOCHS, BATCH, TASKS = 5, 20, 5, 16, 5
RATE = 1e-3
MEMORY = 50  # examples, of 200 in all
STRENGTHS = {"L2-SP": 1.0, "EWC": 1e5, "LwF": 0.3}
KINDS = ("task-incremental", "class-incremental")
NAIVE, REPLAY, JOINT = "naive", "replay", "joint"
METHODS = (NAIVE, "L2-SP", "EWC", "LwF", REPLAY, JOINT)


class Learner:
    """A model that learns one task after another by one method.

    Args:
        kind: One of ``KINDS``.
        method: One of ``METHODS``, but not joint training.
        groups: The labels of each task; labels count in the order in which classes come.
        strength: Of the method, where it has one.
    """

    def __init__(
        self, kind: str, method: str, groups: list[list[int]], seed: int, strength: float = 0.0
    ) -> None:
        from course_lib.pytorch import Memory, attach_head, load_backbone

        self.kind, self.method, self.groups = kind, method, groups
        self.seed, self.strength = seed, strength
        self.model = attach_head(load_backbone("glyphnet"), len(groups[0]), seed=seed)
        self.memory, self.fisher = Memory(MEMORY, seed=seed), {}

    def learn(self, i: int, task: Domain, epochs: int) -> None:
        """Learn task i; keep what the method keeps of it."""
        train: Any = {"x": task.x, "y": task.y}
        objective = self.plain(i)
        if i > 0:
            train, objective = self.with_the_past(i, train, objective)
        fit_plainly(self.model, train, objective, self.seed + i, epochs)
        self.memory.add(task)
        if self.method == "EWC":
            self.remember_importance(i, task)

    def plain(self, i: int) -> Any:
        """Give the objective that knows of no earlier task."""
        from course_lib.pytorch import CrossEntropy, TaskCrossEntropy

        if self.kind == "class-incremental":
            return CrossEntropy()
        return TaskCrossEntropy(self.groups[: i + 1])

    def with_the_past(self, i: int, train: dict, objective: Any) -> tuple[dict, Any]:
        """Let the head grow, and give the data and the objective of the method."""
        from course_lib.pytorch import EWC, L2SP, LwF, Replay, grow_head, record_answers

        answers = record_answers(self.model, (train["x"], train["y"]))
        seen = sum(map(len, self.groups[: i + 1]))
        grow_head(self.model, seen, seed=self.seed)
        if self.method == "L2-SP":
            return train, L2SP(objective, self.model, alpha=self.strength, beta=0.0)
        if self.method == "EWC":
            return train, EWC(objective, self.model, self.fisher, strength=self.strength)
        if self.method == "LwF":
            groups = self.groups[: i + 1] if self.kind == "task-incremental" else None
            return answers, LwF(groups, strength=self.strength)
        if self.method == REPLAY:
            return train | self.memory.arrays(), Replay(objective)
        return train, objective

    def remember_importance(self, i: int, task: Domain) -> None:
        """Add this task's Fisher to that of the earlier ones."""
        from course_lib.pytorch import fisher_diagonal

        among = self.groups[i] if self.kind == "task-incremental" else None
        new = fisher_diagonal(self.model, task, n=60, classes=among, seed=self.seed)
        for name, old in self.fisher.items():
            new[name][tuple(slice(size) for size in old.shape)] += old
        self.fisher = new

    def measure(self, j: int, task: Domain) -> float:
        """Give the accuracy on task j's held-out examples."""
        from course_lib.pytorch import predict

        z = predict(self.model, task.x)
        if self.kind == "class-incremental":
            return accuracy(task.y, z.argmax(axis=1))
        group = self.groups[j]
        if max(group) >= z.shape[1]:
            return 1 / len(group)  # there is no head for it yet: a guess
        return accuracy(task.y, np.array(group)[z[:, group].argmax(axis=1)])


def fit_plainly(model: Any, train: Any, objective: Any, seed: int, epochs: int) -> None:
    """Train with what all methods share."""
    from course_lib.pytorch import AdamW, fit

    fit(
        model, train, objective=objective, optimizer=AdamW(RATE, weight_decay=0.0), epochs=epochs,
        batch_size=BATCH, batch_norm="frozen", seed=seed, progress=False,
    )  # fmt: skip


def in_turn(
    kind: str, method: str, train: list[Domain], test: list[Domain], seed: int,
    *, strength: float = 0.0, epochs: int = EPOCHS,
) -> np.ndarray:  # fmt: skip
    """Give the matrix R of one method (joint: its last row alone counts)."""
    groups = [sorted({*task.y.tolist()}) for task in train]
    learner = Learner(kind, method, groups, seed, strength)
    if method == JOINT:
        from course_lib.pytorch import grow_head

        grow_head(learner.model, sum(map(len, groups)), seed=seed)
        everything = data.join_domains(train)
        objective = learner.plain(len(groups) - 1)
        fit_plainly(learner.model, everything, objective, seed, epochs)
        return np.array([[learner.measure(j, task) for j, task in enumerate(test)]] * len(test))
    return continual.accuracy_matrix(
        test,
        lambda i, _: learner.learn(i, train[i], epochs),
        learner.measure,
    )


def tasks_for(
    development: Domain, held_out: Domain, seed: int, per_class: int
) -> tuple[list[Domain], list[Domain]]:
    """Give five tasks to learn and to measure: classes in an order of this seed's, few labels."""
    order = np.random.default_rng(seed).permutation(len(development.classes))
    few = data.few_shot(development, per_class, seed)
    parts = [data.split_classes(renumbered(d, order), TASKS) for d in (few, held_out)]
    return parts[0], parts[1]


def renumbered(domain: Domain, order: np.ndarray) -> Domain:
    """Number the classes in the order in which they come."""
    from dataclasses import replace

    classes = tuple(domain.classes[label] for label in order)
    return replace(domain, y=np.argsort(order)[domain.y], classes=classes)


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure every method both ways; ``quick``: two seeds, one epoch, to see that it works."""
    started, rows = time.perf_counter(), []
    development, test = data.split(data.load("digits", real="mnist"))
    seeds, per_class, epochs = (2, 4, 1) if quick else (SEEDS, PER_CLASS, EPOCHS)
    with steps(len(KINDS) * len(METHODS)) as step:
        for kind in KINDS:
            for method in METHODS:
                step(f"{kind}, {method}")
                found = []
                for seed in range(seeds):
                    train, held_out = tasks_for(development, test, seed, per_class)
                    how = {"strength": STRENGTHS.get(method, 0.0), "epochs": epochs}
                    found.append(in_turn(kind, method, train, held_out, seed, **how).tolist())
                rows.append({"kind": kind, "method": method, "R": found})
    seconds = time.perf_counter() - started
    return {"rows": rows, "seconds": seconds, "seeds": seeds, "quick": quick}


def values(
    result: dict[str, Any], kind: str, method: str,
    of: Callable[[np.ndarray], float] = continual.average_accuracy,
) -> np.ndarray:  # fmt: skip
    """Give a number of the matrix R for each seed."""
    (row,) = (r for r in result["rows"] if (r["kind"], r["method"]) == (kind, method))
    return np.array([of(np.array(R)) for R in row["R"]])


def table(result: dict[str, Any]) -> str:
    """Write the result as text: average accuracy, the share of joint training's, forgetting."""
    lines = [f"five tasks of two digits, mean [95 % interval] over {result['seeds']} seeds"]
    for kind in KINDS:
        joint = values(result, kind, JOINT)
        head = f"{'accuracy in the end':>26}{'of joint':>10}{'forgetting':>26}"
        lines += ["", f"{kind:20}{head}"]
        for method in METHODS:
            end = values(result, kind, method)
            lost = interval(values(result, kind, method, continual.forgetting))
            shown = "" if method == JOINT else str(lost)
            lines.append(
                f"{method:20}{interval(end)!s:>26}{end.mean() / joint.mean():10.2f}{shown:>26}"
            )
    said = verdicts(orderings(result), quick=result["quick"])
    return "\n".join([*lines, "", *said, f"{result['seconds']:.0f} s"])


def orderings(result: dict[str, Any]) -> list[Ordering]:
    """Say of each expectation what was found, whether it is that, and whose it is."""
    task, of_class = KINDS
    last = 1 / TASKS  # only the last task's classes are ever answered
    found = []
    for method in (NAIVE, "EWC"):
        end = interval(values(result, of_class, method))
        words = f"{of_class}: {method} {end}, expected near {last:.2f} (last task only)"
        found.append(Ordering(words, end.mean <= last + 0.1, True))
    share = values(result, of_class, REPLAY).mean() / values(result, of_class, JOINT).mean()
    words = f"{of_class}: replay reaches {share:.2f} of joint, expected at least 0.90"
    found.append(Ordering(words, share >= 0.9, True))
    gain = paired_interval(values(result, of_class, REPLAY), values(result, of_class, "EWC"))
    found.append(
        Ordering(f"{of_class}: replay − EWC = {gain}, expected above 0", gain.low > 0, True)
    )
    for method in ("EWC", "LwF", REPLAY):
        gain = paired_interval(values(result, task, method), values(result, task, NAIVE))
        words = f"{task}: {method} − naive = {gain}, expected above 0"
        found.append(Ordering(words, gain.low > 0, method != "EWC"))
    return found


def misses(result: dict[str, Any]) -> list[str]:
    """Which claims were not met; empty when all were. A quick run has none."""
    return missed_claims(orderings(result), quick=result["quick"])
