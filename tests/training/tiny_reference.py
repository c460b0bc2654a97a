"""What the probes must report, computed in NumPy, as an exercise's reference would."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.training.tiny import draw_tiny, tiny_features


def draw(seed: int) -> dict[str, dict[str, Any]]:
    """Draw the inputs of the probes."""
    rng = np.random.default_rng(seed)
    arrays = draw_tiny(rng)
    images = rng.normal(size=(7, 2, 2, 3)).astype(np.float32)
    step = {"images": images, "labels": rng.integers(0, 3, 7), "learning_rate": 0.5, **arrays}
    lender = {f"source_{name}": values for name, values in draw_tiny(rng).items()}
    return {
        "step": step,
        "extraction": {"images": images, "batch_size": 3, **arrays},
        "carrying": {**arrays, **lender},
    }


def head_after_one_step(
    images: np.ndarray, labels: np.ndarray, learning_rate: float, **arrays: np.ndarray
) -> np.ndarray:
    """One step of gradient descent on the head alone, the backbone in inference mode."""
    V, b = arrays.pop("head"), arrays.pop("bias")
    h = tiny_features(images, **arrays)
    p = np.exp(h @ V + b)
    p /= p.sum(axis=1, keepdims=True)
    return V - learning_rate * h.T @ (p - np.eye(len(b))[labels]) / len(h)


def right_extraction(images: np.ndarray, batch_size: int, **arrays: np.ndarray) -> dict[str, Any]:
    """The report on a right answer."""
    del arrays["head"], arrays["bias"]
    return {
        "features": tiny_features(images, **arrays),
        "batch_size_matters": False,
        "statistics_moved": False,
        "training_restored": True,
        "inference_restored": True,
        "gradients_recorded": False,
        "batch_too_large": False,
    }


def right_carrying(**arrays: np.ndarray) -> dict[str, Any]:
    """The report on a right answer: the backbone is the source's, the head the target's own."""
    backbone = ("kernel", "gamma", "beta", "mean", "variance")
    found = {name: arrays[f"source_{name}"] for name in backbone}
    own = {name: arrays[name] for name in ("head", "bias")}
    return {**found, **own, "source_unchanged": True, "independent": True}
