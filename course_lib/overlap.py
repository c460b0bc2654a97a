"""Is the target's test in the source? A search for near-duplicates."""

from __future__ import annotations

import numpy as np

from course_lib.arguments import as_numbers
from course_lib.errors import CourseError


def nearest_likeness(f: np.ndarray, pool: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row, how like its most similar row of a pool is (cosine, at most 1), and which one it is.

    Args:
        f: features or pixels, N×D.
        pool: the same of what is searched, M×D.

    Returns:
        Likeness N, and the places in the pool, N.
    """
    f, pool = (as_numbers(name, a).astype(np.float64) for name, a in (("f", f), ("pool", pool)))
    if f.ndim != 2 or pool.ndim != 2 or f.shape[1] != pool.shape[1] or not len(pool):
        raise CourseError(
            f"Rows of one width are compared, N×D with M×D; the shapes are {f.shape} and {pool.shape}.",
            f"要比较的是宽度相同的行，N×D 与 M×D；这里的形状是 {f.shape} 和 {pool.shape}。",
        )
    unit, units = (
        a / np.maximum(np.linalg.norm(a, axis=1, keepdims=True), 1e-12) for a in (f, pool)
    )
    cosine = unit @ units.T
    nearest = cosine.argmax(axis=1)
    return cosine[np.arange(len(f)), nearest], nearest


def pixel_rows(x: np.ndarray) -> np.ndarray:
    """Give pictures N×H×W×C as rows without their mean: brightness and contrast no longer count in a cosine."""
    rows = np.asarray(x, dtype=np.float64).reshape(len(x), -1)
    return rows - rows.mean(axis=1, keepdims=True)


def shifted(x: np.ndarray, *, by: int = 1) -> list[np.ndarray]:
    """Give pictures N×H×W×C moved by up to ``by`` pixels each way, (2·by + 1)² versions, edges wrapped."""
    steps = range(-by, by + 1)
    return [np.roll(x, (i, j), axis=(1, 2)) for i in steps for j in steps]


def suspects(likeness: np.ndarray, honest: np.ndarray, *, false_alarms: float = 0.01) -> np.ndarray:
    """Who is more like the pool than honest examples are: those above the honest ones' quantile.

    Args:
        likeness: of the examples in doubt, N.
        honest: of examples of the same kind that cannot be in the pool, M.
        false_alarms: which part of honest examples may be suspected.
    """
    return np.asarray(likeness) > np.quantile(honest, 1 - false_alarms)
