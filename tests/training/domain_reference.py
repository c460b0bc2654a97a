"""What the probes of chapter 07 are given, and right answers in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.training.tiny import draw_tiny


def images_of_target(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {"images": rng.normal(1.0, 2.0, size=(10, 4, 4, 3)).astype(np.float32), **draw_tiny(rng)}


def right_statistics(images: np.ndarray, kernel: np.ndarray, **rest: Any) -> dict[str, np.ndarray]:
    z = images.astype(np.float64) @ kernel
    return {"mean": z.mean(axis=(0, 1, 2)), "variance": z.var(axis=(0, 1, 2))}


def two_players(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "x_s": rng.normal(size=(6, 2, 2, 3)).astype(np.float32),
        "y_s": rng.permutation(np.arange(6) % 3),
        "x_t": rng.normal(0.5, 1.5, size=(6, 2, 2, 3)).astype(np.float32),
        "strength": 0.5,
        "learning_rate": 0.1,
        "judge": rng.normal(size=(4, 1)).astype(np.float32),
        "judge_bias": rng.normal(size=1).astype(np.float32),
        **draw_tiny(rng),
    }
