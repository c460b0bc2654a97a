"""A domain: a data set with labels, and the ways to cut it into parts.

Everything that the course learns from or tests on is a :class:`Domain`. It is plain NumPy, so
PyTorch and Keras see exactly the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from course_lib.errors import CourseError


@dataclass(frozen=True)
class Domain:
    """A labelled data set.

    Attributes:
        name: short name, for example ``"digits"``.
        x: the inputs; images are uint8, N×H×W×C, 0 (paper) to 255 (ink); sounds int16, N×T.
        y: int64 labels, N, counting from 0.
        classes: what each label means; ``classes[y[i]]`` names image ``i``.
        license: under which terms the data may be used.
        source: where the data came from, in one sentence.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]
    license: str
    source: str

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise CourseError(
                f"Domain {self.name!r} has {len(self.x)} inputs but {len(self.y)} labels: "
                "give one label per input.",
                f"数据域 {self.name!r} 有 {len(self.x)} 个输入，却有 {len(self.y)} 个标签："
                "每个输入应当对应一个标签。",
            )

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        shape = "×".join(str(n) for n in self.x.shape)
        kind = "texts" if self.x.dtype.kind == "U" else self.x.dtype
        return f"Domain({self.name}: {shape} {kind}, {len(self.classes)} classes)"

    def take(self, indices: np.ndarray | Sequence[int]) -> Domain:
        """The examples at ``indices`` (integers or a boolean mask), in that order."""
        chosen = np.asarray(indices)
        if chosen.dtype != bool:
            chosen = chosen.astype(np.int64)
        return replace(self, x=self.x[chosen], y=self.y[chosen])

    def sample(self, n: int, seed: int = 0) -> Domain:
        """``n`` examples drawn at random without replacement, for looking at."""
        _require_at_most(n, len(self), self.name)
        return self.take(np.random.default_rng(seed).permutation(len(self))[:n])


def few_shot(domain: Domain, per_class: int, seed: int) -> Domain:
    """Draw the same number of examples of each class, at random without replacement.

    Args:
        domain: where to draw from (the development part, never the test part).
        per_class: number of examples of each class.
        seed: another seed gives another draw.

    Returns:
        A domain of ``per_class × number of classes`` examples, ordered by class.

    Raises:
        CourseError: a class has fewer than ``per_class`` examples.
    """
    rng = np.random.default_rng(seed)
    chosen = []
    for label, name in enumerate(domain.classes):
        members = np.flatnonzero(domain.y == label)
        _require_at_most(per_class, len(members), f"{domain.name}, class {name}")
        chosen.append(rng.permutation(members)[:per_class])
    return domain.take(np.concatenate(chosen))


def few_shot_indices(domain: Domain, per_class: int, seed: int) -> np.ndarray:
    """Where the examples of :func:`few_shot` stand in ``domain`` (so that the rest can be named)."""
    numbered = replace(domain, x=np.arange(len(domain)))
    return few_shot(numbered, per_class, seed).x


def split(domain: Domain, *, test: float = 0.2, seed: int = 0) -> tuple[Domain, Domain]:
    """Cut at random into a development part (for every choice) and a test part (used once, last).

    Args:
        domain: the data to cut.
        test: fraction that goes into the test part, above 0 and below 1.
        seed: another seed gives another cut.

    Returns:
        ``(development, test)``.
    """
    n_test = _test_size(domain, test)
    order = np.random.default_rng(seed).permutation(len(domain))
    return domain.take(np.sort(order[n_test:])), domain.take(np.sort(order[:n_test]))


def last_block(domain: Domain, *, test: float = 0.2) -> tuple[Domain, Domain]:
    """Cut by order in the file: the last block is the test part.

    The digits were collected writer by writer and writers are not marked. A random cut puts the
    same hands on both sides; the last block holds mostly hands that the development part lacks.

    Returns:
        ``(development, test)``.
    """
    n_test = _test_size(domain, test)
    order = np.arange(len(domain))
    return domain.take(order[:-n_test]), domain.take(order[-n_test:])


def _test_size(domain: Domain, test: float) -> int:
    n_test = round(len(domain) * test)
    if not 0 < n_test < len(domain):
        raise CourseError(
            f"test={test} leaves one part of {domain.name!r} empty: use a fraction such as 0.2.",
            f"test={test} 会使 {domain.name!r} 的某一部分为空：请使用 0.2 这样的比例。",
        )
    return n_test


def _require_at_most(wanted: int, available: int, where: str) -> None:
    if not 0 < wanted <= available:
        raise CourseError(
            f"{where}: {wanted} examples asked for, {available} available; ask for 1 to {available}.",
            f"{where}：需要 {wanted} 个样本，实际有 {available} 个；请取 1 到 {available} 之间的数。",
        )
