"""A few examples kept of what has been seen, for replay."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from course_lib.arguments import require_count, require_seed
from course_lib.errors import CourseError
from course_lib.training.batches import as_arrays, require_arrays


class Memory:
    r"""At most ``size`` examples of all that were ever shown.

    ``"reservoir"``: after n examples each of them is here with the same probability, ``size / n``,
    without knowing n beforehand: the n-th takes a random place with that probability. Vitter,
    *Random Sampling with a Reservoir*, ACM TOMS 11(1), 1985.

    ``"balanced"``: as many of each class as of any other. While there are too many, a class that is
    not among the largest takes a place from the largest; within a class, who stays is a reservoir's
    choice. Chrysakis & Moens, *Online Continual Learning from Imbalanced Data*, ICML 2020.

    Args:
        size: How many examples are kept at the most.
        kind: ``"balanced"`` or ``"reservoir"``.
        seed: Decides who stays.

    Attributes:
        x, y: The examples kept so far, in no particular order; None before the first.
        seen: How many have been shown.
    """

    def __init__(self, size: int, *, kind: str = "balanced", seed: int = 0) -> None:
        if kind not in ("balanced", "reservoir"):
            raise CourseError(
                f"A memory is 'balanced' or 'reservoir'; kind was {kind!r}.",
                f"记忆库的 kind 只能是 'balanced' 或 'reservoir'，现在是 {kind!r}。",
            )
        self.size, self.kind = require_count("size", size), kind
        self.rng, self.seen = np.random.default_rng(require_seed(seed)), 0
        self.shown: Counter[int] = Counter()
        self.x: np.ndarray | None = None
        self.y: np.ndarray | None = None

    def __len__(self) -> int:
        return 0 if self.y is None else len(self.y)

    def add(self, examples: Any) -> None:
        """Show it examples: a ``Domain`` or a pair ``(x, y)``, one after another in random order."""
        arrays = as_arrays(examples)
        require_arrays(arrays, "x", "y")
        x, y = arrays["x"], arrays["y"]
        if self.x is None or self.y is None:
            self.x, self.y = x[:0], y[:0]
        # Who stays is decided on labels and places alone; images are copied once, at the end.
        pool_x, labels = np.concatenate([self.x, x]), np.concatenate([self.y, y])
        kept = list(range(len(self.y)))
        for i in self.rng.permutation(len(y)) + len(self.y):
            self._show(kept, int(i), labels)
        self.x, self.y = pool_x[kept], labels[kept]

    def arrays(self) -> dict[str, np.ndarray]:
        """Give what ``Replay`` asks for beside the new task's ``x`` and ``y``: ``x_m`` and ``y_m``."""
        if self.x is None or self.y is None:
            raise CourseError(
                "The memory is empty: add(task) after each task, and replay from the second on.",
                "记忆库是空的：每学完一个任务先 add(task)，从第二个任务起再回放。",
            )
        return {"x_m": self.x, "y_m": self.y}

    def _show(self, kept: list[int], i: int, labels: np.ndarray) -> None:
        self.seen += 1
        self.shown[int(labels[i])] += 1
        if len(kept) < self.size:
            kept.append(i)
            return
        place = self._any_place() if self.kind == "reservoir" else self._fair_place(kept, i, labels)
        if place is not None:
            kept[place] = i

    def _any_place(self) -> int | None:
        place = int(self.rng.integers(self.seen))
        return place if place < self.size else None

    def _fair_place(self, kept: list[int], i: int, labels: np.ndarray) -> int | None:
        """Give a place of the largest class, or, if that is the example's own, one or none of it."""
        here, own = labels[kept], labels[i]
        counts = np.bincount(here, minlength=own + 1)
        largest = own if counts[own] == counts.max() else counts.argmax()
        stays = largest != own or self.rng.random() < counts[own] / self.shown[int(own)]
        return int(self.rng.choice(np.flatnonzero(here == largest))) if stays else None
